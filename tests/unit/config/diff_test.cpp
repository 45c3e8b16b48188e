#include "config/diff.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

namespace config = pgweir::config;

using pgweir::test::entries;
using pgweir::test::load;
using Texts = std::vector<std::string>;

namespace {

Texts changes(const std::string& before, const std::string& after) {
    const config::LoadResult old_result = load(before);
    const config::LoadResult new_result = load(after);
    REQUIRE(old_result.config);
    REQUIRE(new_result.config);
    Texts out;
    for (const config::Change& change : config::diff(*old_result.config, *new_result.config)) {
        out.push_back(change.text());
    }
    return out;
}

std::string with_user(const std::string& user) {
    return "databases: { app: { dsn: 'host=/tmp' } }\nusers: { lambda: " + user + " }\n";
}

}  // namespace

TEST_CASE("diff: files that mean the same have no changes", "[config]") {
    CHECK(changes(entries, entries) == Texts{});
    CHECK(changes(entries, "# comment\nlimits: { pool_size: 20 }\nbreaker: { window: 1000ms }\n" + entries) == Texts{});
}

TEST_CASE("diff: each change says what it takes to be in force", "[config]") {
    CHECK(changes(entries, "listen: { port: 7000, io_threads: 2 }\nlimits: { max_client_conn: 5 }\n" + entries) ==
          Texts{"listen.port: 6432 -> 7000 (needs a restart)", "listen.io_threads: auto -> 2 (needs a restart)",
                "limits.max_client_conn: 10000 -> 5 (live)"});
    CHECK(changes(entries, "watch: true\n" + entries) == Texts{"watch: false -> true (live)"});
    CHECK(changes(entries, "server_settings: { jit: 'on' }\n" + entries) ==
          Texts{"databases.app.server_settings: { application_name: pgweir, jit: off } -> "
                "{ application_name: pgweir, jit: on } (new servers)"});
}

TEST_CASE("diff: a changed default appears at each database that inherits it", "[config]") {
    const std::string two = "users: { a: { password: x } }\ndatabases:\n  a: { dsn: 'host=/tmp' }\n"
                            "  b: { dsn: 'host=/tmp', limits: { pool_size: 3 } }\n";
    CHECK(changes(two, "limits: { pool_size: 7 }\nbreaker: { open_above: off }\n" + two) ==
          Texts{"databases.a.limits.pool_size: 20 -> 7 (live)", "databases.a.breaker.open_above: 80% -> off (live)",
                "databases.b.breaker.open_above: 80% -> off (live)"});
}

TEST_CASE("diff: a portion is shown as the file writes it", "[config]") {
    CHECK(changes(entries, "limits: { max_pinned: 25% }\n" + entries) == Texts{});
    CHECK(changes(entries, "limits: { max_pinned: 5 }\n" + entries) ==
          Texts{"databases.app.limits.max_pinned: 25% -> 5 (live)"});
}

TEST_CASE("diff: secrets are compared and not shown", "[config]") {
    const Texts texts =
        changes("databases: { app: { dsn: 'host=/tmp password=old1' } }\nusers: { a: { password: old2 } }\n",
                "databases: { app: { dsn: 'host=/tmp password=new1' } }\nusers: { a: { password: new2 } }\n");
    CHECK(texts == Texts{"databases.app.dsn: [secret] -> [secret] (new servers)",
                         "users.a.password: [secret] -> [secret] (new logins)"});
}

TEST_CASE("diff: entries come and go", "[config]") {
    CHECK(changes("databases: { a: { dsn: 'host=/tmp' } }\nusers: { a: { password: x } }\n",
                  "databases: { b: { dsn: 'host=/tmp' } }\nusers: { a: { password: x }, b: { password: y } }\n") ==
          Texts{"databases.a: present -> absent (new logins)", "databases.b: absent -> present (new logins)", "users.b: absent -> present (new logins)"});
}

TEST_CASE("diff: what a user may do is compared", "[config]") {
    CHECK(changes(with_user("{ password: x }"),
                  with_user("{ password: x, databases: [app], pool_mode: session, "
                            "limits: { max_user_client_connections: 4 } }")) ==
          Texts{"users.lambda.databases: all -> app (new logins)", "users.lambda.pool_mode: the database's -> session (new logins)",
                "users.lambda.limits.max_user_client_connections: 0 -> 4 (live)"});
}
