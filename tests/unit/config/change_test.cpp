#include "config/change.hpp"
#include "config/dsn_facts.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

namespace config = pgweir::config;

using Outcome = config::ChangedConfig::Outcome;
using pgweir::test::load;

namespace {

const std::string two = "users: { a: { password: x }, b: { password: y, limits: { max_user_client_connections: 7 } } }\n"
                        "databases:\n  one: { dsn: 'host=/tmp' }\n  two: { dsn: 'host=/tmp', limits: { pool_size: 3 } }\n";

config::ChangedConfig change(const std::string& key, const std::string& value) {
    const config::LoadResult loaded = load(two);
    REQUIRE(loaded.config);
    return config::with_setting(*loaded.config, key, value);
}

}  // namespace

TEST_CASE("change: a limit of pools is changed in all of them, or in one", "[config]") {
    for (const char* key : {"limits.pool_size", "pool_size", "default_pool_size"}) {
        const config::ChangedConfig changed = change(key, "9");
        REQUIRE(changed.outcome == Outcome::changed);
        CHECK(changed.config->databases.at("one").limits.pool_size == 9);
        CHECK(changed.config->databases.at("two").limits.pool_size == 9);
    }
    const config::ChangedConfig changed = change("databases.two.limits.pool_size", "9");
    REQUIRE(changed.outcome == Outcome::changed);
    CHECK(changed.config->databases.at("one").limits.pool_size == 20);
    CHECK(changed.config->databases.at("two").limits.pool_size == 9);
}

TEST_CASE("change: limits of the daemon, timeouts, the breaker, the log", "[config]") {
    CHECK(change("max_client_conn", "77").config->limits.max_client_conn == 77);
    CHECK(change("timeouts.query_wait_timeout", "3s").config->databases.at("one").timeouts.query_wait_timeout == std::chrono::seconds(3));
    CHECK_FALSE(change("breaker.open_above", "off").config->databases.at("one").breaker.open_above);
    CHECK(change("log.level", "debug").config->log.level == config::LogLevel::debug);
}

TEST_CASE("change: users inherit a limit unless they have their own", "[config]") {
    const config::ChangedConfig changed = change("limits.max_user_client_connections", "5");
    REQUIRE(changed.outcome == Outcome::changed);
    CHECK(changed.config->users.at("a").max_user_client_connections == 5);
    CHECK(changed.config->users.at("b").max_user_client_connections == 7);
}

TEST_CASE("change: what is no limit, or needs a restart, or does not exist, is refused in words", "[config]") {
    CHECK(change("listen.port", "1").outcome == Outcome::not_changeable);
    CHECK(change("listen.port", "1").problem == "listen.port cannot be changed without a restart");
    CHECK(change("databases.one.dsn", "host=evil").outcome == Outcome::not_changeable);
    CHECK(change("pool_mode", "session").outcome == Outcome::not_changeable);
    CHECK(change("password", "x").outcome == Outcome::unknown_key);
    CHECK(change("limits.pool_sise", "5").outcome == Outcome::unknown_key);
    CHECK(change("", "5").outcome == Outcome::unknown_key);
}

TEST_CASE("change: values are checked as the file's are, and the rules over several too", "[config]") {
    CHECK(change("pool_size", "0").outcome == Outcome::bad_value);
    CHECK(change("pool_size", "many").outcome == Outcome::bad_value);
    CHECK(change("query_wait_timeout", "30").outcome == Outcome::bad_value);
    CHECK(change("min_pool_size", "4").outcome == Outcome::bad_value);
    CHECK(change("breaker.close_below", "90%").outcome == Outcome::bad_value);
    CHECK(change("min_pool_size", "3").outcome == Outcome::changed);
    CHECK_FALSE(change("pool_size", "0").config);
}

TEST_CASE("dsn facts: where it leads and as whom, and never the password", "[config]") {
    const config::DsnFacts facts =
        config::facts_of(config::Secret("host='db.example.com' port='5433' password='p\\'w host=evil' user = me dbname=it\\ is sslmode=require"));
    CHECK(facts.host == "db.example.com");
    CHECK(facts.port == "5433");
    CHECK(facts.user == "me");
    CHECK(facts.database == "it is");
    CHECK(config::facts_of(config::Secret("hostaddr=10.0.0.1")).host == "10.0.0.1");
    CHECK(config::facts_of(config::Secret("")).host.empty());
    CHECK(config::facts_of(config::Secret("host='unterminated")).host == "unterminated");
}
