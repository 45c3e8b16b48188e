// Whatever is wrong with a secret, no message holds any of it.
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

using pgweir::test::load;
using pgweir::test::problems_of;
using pgweir::test::surroundings_of;

namespace {

std::string with_password(const std::string& written) {
    return "databases:\n  app:\n    dsn: host=/tmp\nusers:\n  lambda:\n    password: " + written + "\n";
}

std::string with_dsn(const std::string& written) {
    return "databases:\n  app:\n    dsn: " + written + "\nusers:\n  lambda:\n    password: x\n";
}

void check_silent(const std::string& text) {
    INFO(text);
    const std::vector<std::string> problems = problems_of(text, surroundings_of({}, {{"/empty", "\n"}}));
    CHECK_FALSE(problems.empty());
    for (const std::string& problem : problems) {
        INFO(problem);
        CHECK(problem.find("hunter2") == std::string::npos);
        CHECK(problem.find("unter") == std::string::npos);
    }
}

}  // namespace

TEST_CASE("load: a refused password is not repeated, in whatever YAML it stands", "[config]") {
    const auto written = GENERATE(values<std::string>({"*hunter2",
                                                       "&hunter2",
                                                       "!hunter2 x",
                                                       "@hunter2",
                                                       "%hunter2",
                                                       "`hunter2",
                                                       "hun: unter",
                                                       "{hunter2}",
                                                       "[hunter2]",
                                                       "\"hunter2",
                                                       "'hunter2",
                                                       "\"a\"hunter2",
                                                       "\"hunter2\\q\"",
                                                       "|hunter2",
                                                       "#hunter2",
                                                       "${hunter2",
                                                       "'${hunter2 }'",
                                                       "file:hunter2",
                                                       "file:/hunter2",
                                                       "SCRAM-SHA-256$hunter2",
                                                       "hunter2\n\thunter2: a",
                                                       "{ hunter2: 1 }",
                                                       "\n      hunter2: 1",
                                                       "\n      - hunter2",
                                                       "hunter2\n    password: hunter2"}));
    check_silent(with_password(written));
}

TEST_CASE("load: a refused dsn is not repeated", "[config]") {
    const auto written = GENERATE(values<std::string>({"postgresql://u:hunter2",
                                                       "postgresql://u:hunter2@h:99999/x",
                                                       "postgresql://u:[hunter2]@h/x",
                                                       "postgresql://u:hunter2%zz%41@h/x",
                                                       "postgresql://u:p@ss?hunter2=1@h/db",
                                                       "postgresql://u:p@ss/hunter2@h",
                                                       "postgresql://u@h/db?password=a&hunter2=b",
                                                       "postgresql://u@h/db?password=a&hunter2",
                                                       "host=h password=a hunter2",
                                                       "host=h password=a hunter2=b",
                                                       "\"password='hunter2\"",
                                                       "mysql://u:hunter2@h/x",
                                                       "u:hunter2@h/x",
                                                       "Server=h;Password=hunter2",
                                                       "psql postgresql://u:hunter2@h/x",
                                                       "\"'postgresql://u:hunter2@h/x'\"",
                                                       "postgresql://u:hunter2@h/db?sslmode=hunter2",
                                                       "postgresql://u:p@h/db?sslaccept=hunter2",
                                                       "postgresql://u:p@h/db?schema=hunter2",
                                                       "file:hunter2",
                                                       "file:/hunter2",
                                                       "[hunter2]",
                                                       "{ a: hunter2 }"}));
    check_silent(with_dsn(written));
}

TEST_CASE("load: secrets where a mapping belongs are not repeated", "[config]") {
    check_silent("databases: postgresql://u:hunter2@h/x\nusers: hunter2\n");
    check_silent("databases:\n  app: postgresql://u:hunter2@h/x\nusers:\n  lambda: hunter2\n");
    check_silent("databases:\n  app:\n    url: postgresql://u:hunter2@h/x\nusers:\n  lambda:\n    passwd: hunter2\n");
}

TEST_CASE("load: what libpq says of a dsn is passed on without its password", "[config]") {
    auto surroundings = surroundings_of({});
    std::string asked;
    surroundings.check_dsn = [&](const std::string& dsn) -> std::optional<std::string> {
        asked = dsn;
        return "no good: " + dsn;
    };
    CHECK(problems_of(with_dsn("postgresql://u:hunter2@127.0.0.1/x"), surroundings) ==
          std::vector<std::string>{"f.yaml:3:10: databases.app.dsn: no good: host=127.0.0.1 dbname=x user=u "
                                   "password=[secret] sslmode=disable"});
    CHECK(asked == "host=127.0.0.1 dbname=x user=u password=hunter2 sslmode=disable");
    CHECK(problems_of(with_dsn("postgresql://u:h@127.0.0.1/x"), surroundings) ==
          std::vector<std::string>{"f.yaml:3:10: databases.app.dsn: libpq does not accept it"});
}

TEST_CASE("load: a dsn that libpq accepts is no problem", "[config]") {
    auto surroundings = surroundings_of({});
    surroundings.check_dsn = [](const std::string& /*dsn*/) -> std::optional<std::string> { return std::nullopt; };
    CHECK(load(with_dsn("host=/tmp"), surroundings).config != nullptr);
}

TEST_CASE("load: what is wrong with a secret is said", "[config]") {
    struct Mistake {
        std::string password;
        std::string problem;
    };
    const auto mistake = GENERATE(values<Mistake>({
        {"${NOT_SET}", "the environment variable NOT_SET is not set"},
        {"''", "is empty"},
        {"", "has no value (put one that begins with #, &, ! or * in quotes)"},
        {"file:relative", "file: needs an absolute path: file:/run/secrets/name"},
        {"file:/missing", "the file that file: names cannot be read"},
        {"file:/empty", "the file that file: names is empty"},
        {"\"a\\0b\"", "has a NUL character in it"},
        {"SCRAM-SHA-256:x$y:z", "is a damaged SCRAM-SHA-256 verifier (has a shell taken its $ signs?): make a new one "
                                "with pgweir hash-password"},
        {"md50123456789abcdef0123456789abcdef", "is an md5 hash, with which SCRAM is not possible: use the password "
                                                "or a SCRAM verifier: pgweir hash-password"},
    }));
    const std::string column = mistake.password.empty() ? "5" : "15";
    CHECK(problems_of(with_password(mistake.password), surroundings_of({}, {{"/empty", "\n"}})) ==
          std::vector<std::string>{"f.yaml:6:" + column + ": users.lambda.password: " + mistake.problem});
}
