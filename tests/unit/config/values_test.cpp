// Every kind of mistake in one value or key, with the exact message.
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

using pgweir::test::entries;
using pgweir::test::problems_of;
using pgweir::test::surroundings_of;

namespace {

struct Mistake {
    std::string text;      // lines before the entries
    std::string problem;   // behind the file's name
};

void check(const Mistake& mistake) {
    INFO(mistake.text);
    const std::vector<std::string> expected = {"f.yaml:" + mistake.problem};
    CHECK(problems_of(mistake.text + "\n" + entries) == expected);
}

}  // namespace

TEST_CASE("load: unknown keys are refused with the nearest known one", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"limit: {}", "1:1: limit: unknown key (did you mean limits?)"},
        {"limits: { pool_sise: 3 }", "1:11: limits.pool_sise: unknown key (did you mean pool_size?)"},
        {"limits: { default_pool_size: 3 }", "1:11: limits.default_pool_size: unknown key (did you mean pool_size?)"},
        {"limits:\n  max-client-conn: 3", "2:3: limits.max-client-conn: unknown key (did you mean max_client_conn?)"},
        {"pool_size: 3", "1:1: pool_size: unknown key (did you mean limits.pool_size?)"},
        {"certificate: x", "1:1: certificate: unknown key (did you mean listen.tls.certificate?)"},
        {"frobnicate: 3", "1:1: frobnicate: unknown key"},
        {"listen: { tls: { cert: x } }", "1:18: listen.tls.cert: unknown key (did you mean certificate?)"},
        {"\"a\\e[31mb\": 1", "1:1: a\\x1b[31mb: unknown key"},
        {"<<: { limits: {} }", "1:1: <<: merge keys are not supported; `limits`, `timeouts`, `breaker` and "
                               "`server_settings` at the top are every database's defaults"},
    }));
    check(mistake);
}

TEST_CASE("load: a duplicate key is refused and the first one is named", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"log: {}\nlog: {}", "2:1: log: is written twice; the first is in line 1"},
        {"limits:\n  pool_size: 1\n  max_waiting: 1\n  pool_size: 1",
         "4:3: limits.pool_size: is written twice; the first is in line 2"},
        {"server_settings: { TimeZone: UTC, timezone: UTC }",
         "1:35: server_settings.timezone: is written twice; the first is in line 1"},
    }));
    check(mistake);
}

TEST_CASE("load: numbers must be whole and within their range", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"listen: { port: abc }", "1:17: listen.port: \"abc\" is not a whole number (0 to 65535)"},
        {"listen: { port: 65536 }", "1:17: listen.port: \"65536\" is out of range: 0 to 65535"},
        {"listen: { port: -1 }", "1:17: listen.port: \"-1\" is out of range: 0 to 65535"},
        {"listen: { port: 99999999999999999999 }",
         "1:17: listen.port: \"99999999999999999999\" is out of range: 0 to 65535"},
        {"limits: { pool_size: 0 }", "1:22: limits.pool_size: \"0\" is out of range: 1 to 10000"},
        {"limits: { pool_size: 1e3 }", "1:22: limits.pool_size: \"1e3\" is not a whole number (1 to 10000)"},
        {"limits: { pool_size: 2.5 }", "1:22: limits.pool_size: \"2.5\" is not a whole number (1 to 10000)"},
        {"limits: { pool_size: '' }", "1:22: limits.pool_size: \"\" is not a whole number (1 to 10000)"},
        {"listen: { io_threads: 0 }", "1:23: listen.io_threads: \"0\" is out of range: 1 to 64, or auto"},
        {"listen: { io_threads: many }", "1:23: listen.io_threads: \"many\" is not a whole number (1 to 64, or auto)"},
    }));
    check(mistake);
}

TEST_CASE("load: amounts of memory need a unit and stay in their range", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"limits: { max_buffered: 64 }", "1:25: limits.max_buffered: \"64\" needs a unit: write 64MB"},
        {"limits: { max_buffered: much }",
         "1:25: limits.max_buffered: \"much\" is not an amount of memory: write 256kB, 64MB or 1GB"},
        {"limits: { max_buffered: 64mb }",
         "1:25: limits.max_buffered: \"64mb\" is not an amount of memory: the units are kB, MB and GB, "
         "after a whole number without a blank"},
        {"limits: { max_buffered: 1023kB }", "1:25: limits.max_buffered: \"1023kB\" is out of range: 1MB to 1024GB"},
        {"limits: { max_buffered: 1025GB }", "1:25: limits.max_buffered: \"1025GB\" is out of range: 1MB to 1024GB"},
        {"limits: { max_buffered: 99999999999999999999GB }",
         "1:25: limits.max_buffered: \"99999999999999999999GB\" is out of range: 1MB to 1024GB"},
    }));
    check(mistake);
}

TEST_CASE("load: durations need a unit and stay in their range", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"timeouts: { query_wait_timeout: 30 }", "1:33: timeouts.query_wait_timeout: \"30\" needs a unit: write 30s"},
        {"timeouts: { query_wait_timeout: soon }",
         "1:33: timeouts.query_wait_timeout: \"soon\" is not a duration: write 250ms, 30s, 5m or 1h"},
        {"timeouts: { query_wait_timeout: 30sec }",
         "1:33: timeouts.query_wait_timeout: \"30sec\" is not a duration: the units are ms, s, m and h, "
         "after a whole number without a blank"},
        {"timeouts: { query_wait_timeout: 1.5s }",
         "1:33: timeouts.query_wait_timeout: \"1.5s\" is not a duration: the units are ms, s, m and h, "
         "after a whole number without a blank"},
        {"timeouts: { query_wait_timeout: 0s }",
         "1:33: timeouts.query_wait_timeout: \"0s\" is out of range: 1ms to 1h"},
        {"timeouts: { query_wait_timeout: 61m }",
         "1:33: timeouts.query_wait_timeout: \"61m\" is out of range: 1ms to 1h"},
        {"timeouts: { query_wait_timeout: 9999999999999999999h }",
         "1:33: timeouts.query_wait_timeout: \"9999999999999999999h\" is out of range: 1ms to 1h"},
        {"breaker: { window: 0s }", "1:20: breaker.window: \"0s\" is out of range: 10ms to 1m"},
    }));
    check(mistake);
}

TEST_CASE("load: shares are percentages", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"breaker: { open_above: 80 }", "1:24: breaker.open_above: \"80\" needs a percent sign: write 80%"},
        {"breaker: { open_above: 0.8 }", "1:24: breaker.open_above: \"0.8\" needs a percent sign: write 80%"},
        {"breaker: { open_above: 101% }", "1:24: breaker.open_above: \"101%\" is out of range: 1% to 100%, or off"},
        {"breaker: { open_above: nan% }",
         "1:24: breaker.open_above: \"nan%\" is not a percentage (1% to 100%, or off)"},
        {"breaker: { open_above: never }",
         "1:24: breaker.open_above: \"never\" is not a percentage (1% to 100%, or off)"},
        {"breaker: { close_below: off }", "1:25: breaker.close_below: \"off\" is not a percentage (0% to 100%)"},
    }));
    check(mistake);
}

TEST_CASE("load: a portion is a percentage or a count", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"limits: { max_pinned: 101% }", "1:23: limits.max_pinned: \"101%\" is out of range: 0% to 100%"},
        {"limits: { max_pinned: x% }", "1:23: limits.max_pinned: \"x%\" is not a percentage (0% to 100%)"},
        {"limits: { max_pinned: 0 }", "1:23: limits.max_pinned: \"0\" is out of range: 0% to 100%, or 1 to 10000"},
        {"limits: { max_pinned: -1 }", "1:23: limits.max_pinned: \"-1\" is out of range: 0% to 100%, or 1 to 10000"},
        {"limits: { max_pinned: 0.25 }", "1:23: limits.max_pinned: \"0.25\" is neither a percentage nor a whole "
                                         "number (0% to 100%, or 1 to 10000)"},
        {"limits: { max_pinned: some }", "1:23: limits.max_pinned: \"some\" is neither a percentage nor a whole "
                                         "number (0% to 100%, or 1 to 10000)"},
    }));
    check(mistake);
}

TEST_CASE("portion: a percentage is rounded up, and there is always one and never more than all", "[config]") {
    using pgweir::config::Portion;
    CHECK(Portion::of_percent(25).of(20) == 5);
    CHECK(Portion::of_percent(25).of(21) == 6);
    CHECK(Portion::of_percent(25).of(1) == 1);
    CHECK(Portion::of_percent(0).of(20) == 1);
    CHECK(Portion::of_percent(100).of(20) == 20);
    CHECK(Portion::of_percent(7).of(100) == 7);
    CHECK(Portion::of_percent(33.3).of(1000) == 333);
    CHECK(Portion::of_count(5).of(20) == 5);
    CHECK(Portion::of_count(50).of(20) == 20);
}

TEST_CASE("load: pins and prepared statements are limited for each database", "[config]") {
    const auto loaded = pgweir::test::load("limits: { pool_size: 10, max_pinned: 3, max_prepared_statements: 50 }\n"
                                           "users: { lambda: { password: x } }\n"
                                           "databases:\n"
                                           "  a: { dsn: 'host=/tmp' }\n"
                                           "  b: { dsn: 'host=/tmp', limits: { max_pinned: 12.5%, max_prepared_statements: 7 } }\n");
    REQUIRE(loaded.config);
    const auto& a = loaded.config->databases.at("a").limits;
    const auto& b = loaded.config->databases.at("b").limits;
    CHECK(a.max_pinned == pgweir::config::Portion::of_count(3));
    CHECK(b.max_pinned == pgweir::config::Portion::of_percent(12.5));
    CHECK(a.max_prepared_statements == 50);
    CHECK(b.max_prepared_statements == 7);
}

TEST_CASE("load: a choice is one of its words", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"log: { level: warn }",
         "1:15: log.level: \"warn\" is not one of debug, info, warning, error (did you mean warning?)"},
        {"log: { format: xml }", "1:16: log.format: \"xml\" is not one of text, json"},
        {"listen: { tls: { mode: required } }",
         "1:24: listen.tls.mode: \"required\" is not one of disable, allow, require (did you mean require?)"},
        {"listen: { tls: { min_version: TLSv1.1 } }",
         "1:31: listen.tls.min_version: \"TLSv1.1\" is not one of TLSv1.2, TLSv1.3 (did you mean TLSv1.2?)"},
    }));
    check(mistake);
}

TEST_CASE("load: a value of the wrong kind is refused", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"limits: 5", "1:9: limits: must be a mapping (lines of key: value), not a single value"},
        {"limits: [1]", "1:9: limits: must be a mapping (lines of key: value), not a list"},
        {"limits: { pool_size: [5] }", "1:22: limits.pool_size: must be a single value, not a list"},
        {"limits: { pool_size: { a: 5 } }", "1:22: limits.pool_size: must be a single value, not a mapping"},
        {"limits: { pool_size: }", "1:11: limits.pool_size: has no value"},
        {"listen: { address: [[a]] }", "1:21: listen.address[0]: must be a single value, not a list"},
        {"server_settings: [a]", "1:18: server_settings: must be a mapping (lines of key: value), not a list"},
        {"server_settings: { a: [b] }", "1:23: server_settings.a: must be a single value, not a list"},
        {"server_settings: { jit: }", "1:20: server_settings.jit: has no value"},
        {"server_settings: { 'a; b': c }", "1:20: server_settings.a; b: is not the name of a run-time parameter"},
    }));
    check(mistake);
}

TEST_CASE("load: variables in any value must be set and written with their braces", "[config]") {
    const auto mistake = GENERATE(values<Mistake>({
        {"listen: { port: '${NOT_SET}' }", "1:17: listen.port: the environment variable NOT_SET is not set"},
        {"listen: { port: '${' }", "1:17: listen.port: after ${ a variable's name and } are expected; "
                                   "write $${ for the characters themselves"},
        {"listen: { port: '${9}' }", "1:17: listen.port: after ${ a variable's name and } are expected; "
                                     "write $${ for the characters themselves"},
        {"listen: { port: '$PORT' }", "1:17: listen.port: \"$PORT\" is not a whole number (0 to 65535)"},
    }));
    check(mistake);
}

TEST_CASE("load: what a variable stands for is not repeated, wherever it was put", "[config]") {
    const auto surroundings = surroundings_of({{"SECRET", "hunter2"}});
    const auto text = GENERATE(values<std::string>({
        "listen: { port: '${SECRET}' }", "listen: { address: '${SECRET}' }", "timeouts: { drain_timeout: '${SECRET}' }",
        "breaker: { open_above: '${SECRET}' }", "log: { level: '${SECRET}' }", "http: { address: 'a${SECRET}' }"}));
    INFO(text);
    const std::vector<std::string> problems = problems_of(text + "\n" + entries, surroundings);
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().find("${SECRET}") != std::string::npos);
    CHECK(problems.front().find("hunter2") == std::string::npos);
}

TEST_CASE("load: all problems of a file come in one run and in the file's order", "[config]") {
    CHECK(problems_of("# a comment\nusers:\n  lambda: {}\nlimits: { pool_size: 0 }\nlag: {}\n") ==
          std::vector<std::string>{"f.yaml: databases: needs at least one database",
                                   "f.yaml:3:3: users.lambda: needs a password",
                                   "f.yaml:4:22: limits.pool_size: \"0\" is out of range: 1 to 10000",
                                   "f.yaml:5:1: lag: unknown key (did you mean log?)"});
}
