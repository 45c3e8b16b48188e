#include "config/pgbouncer_users.hpp"

#include <catch2/catch.hpp>

namespace config = pgweir::config;

using Texts = std::vector<std::string>;
using Form = config::SecretForm;

namespace {

const std::string verifier = "SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$" + std::string(43, 'B') + "=:" + std::string(43, 'C') + "=";

Texts items(const config::HbaRule& rule) {
    Texts out = {rule.type};
    out.insert(out.end(), rule.databases.begin(), rule.databases.end());
    out.emplace_back("/");
    out.insert(out.end(), rule.users.begin(), rule.users.end());
    out.insert(out.end(), {"/", rule.address, rule.method});
    return out;
}

}  // namespace

TEST_CASE("auth_file: names, secrets and what form they have", "[config]") {
    const config::UserList list = config::read_user_list("; comment\n\"a\" \"pl\"\"ain\" more \"of it\"\n\n  \"b\" \"" + verifier +
                                                             "\"\n\"c\" \"md5" + std::string(32, 'a') + "\"\n\"d\" \"\"\n\"e\" \"caf\xe9\"\n\"f\" \"SCRAM-SHA-256$x\"\n",
                                                         "users");
    CHECK(list.problems.empty());
    REQUIRE(list.users.size() == 6);
    CHECK(list.users[0].secret == "pl\"ain");
    CHECK(list.users[0].origin.text() == "users:2");
    const std::vector<Form> forms = {Form::plain, Form::scram, Form::md5, Form::none, Form::unusable, Form::unusable};
    for (std::size_t at = 0; at < forms.size(); ++at) {
        CHECK(list.users[at].form == forms[at]);
    }
}

TEST_CASE("auth_file: the last line of a name counts", "[config]") {
    const config::UserList list = config::read_user_list("\"a\" \"1\"\n\"b\" \"2\"\n\"a\" \"3\"\n", "users");
    REQUIRE(list.users.size() == 2);
    CHECK(list.users[0].secret == "3");
}

TEST_CASE("auth_file: nothing is read behind a broken line, as in PgBouncer", "[config]") {
    for (const char* broken : {"# no comment\n", "a b\n", "\"a\n", "\"a\" b\n", "\"a\" \"b\n"}) {
        const config::UserList list = config::read_user_list("\"x\" \"1\"\n" + std::string(broken) + "\"y\" \"2\"\n", "users");
        CHECK(list.users.size() == 1);
        REQUIRE(list.problems.size() == 1);
        CHECK(list.problems[0].origin.text() == "users:2");
    }
}

TEST_CASE("auth_file: a name that cannot be one is passed over", "[config]") {
    const config::UserList list = config::read_user_list("\"\" \"1\"\n\"a\tb\" \"1\"\n\"c\" \"1\"\n", "users");
    CHECK(list.users.size() == 1);
    CHECK(list.problems.size() == 2);
}

TEST_CASE("hba: records of each type", "[config]") {
    const config::HbaFile file = config::read_hba("# comment\nlocal all all peer\nhost a,b \"u v\", w 10.0.0.0 255.0.0.0 md5 # end\n"
                                                  "hostssl all all ::/0 scram-sha-256\n",
                                                  "hba");
    CHECK(file.problems.empty());
    REQUIRE(file.rules.size() == 3);
    CHECK(items(file.rules[0]) == Texts{"local", "all", "/", "all", "/", "", "peer"});
    CHECK(items(file.rules[1]) == Texts{"host", "a", "b", "/", "u v", "w", "/", "10.0.0.0 255.0.0.0", "md5"});
    CHECK(items(file.rules[2]) == Texts{"hostssl", "all", "/", "all", "/", "::/0", "scram-sha-256"});
}

TEST_CASE("hba: lines that are no records are told", "[config]") {
    const config::HbaFile file = config::read_hba("nothost all all all md5\nhost all all\nhost all\nlocal all all\nhost \xff all all md5\n", "hba");
    CHECK(file.rules.empty());
    REQUIRE(file.problems.size() == 5);
    CHECK(file.problems[4].origin.text() == "hba:5");
}
