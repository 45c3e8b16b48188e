#include "proxy/admin/health.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using pgweir::metrics::BreakerState;
using pgweir::proxy::DatabaseHealth;
using pgweir::proxy::describe_health;
using pgweir::proxy::describe_health_of;
using pgweir::proxy::HealthAnswer;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

DatabaseHealth make_database(const std::string& name, std::uint64_t in_use, std::uint64_t size) {
    DatabaseHealth health;
    health.database = name;
    health.state.pool_size = size;
    health.state.effective_size = size;
    health.state.in_use = in_use;
    return health;
}

bool contains(const HealthAnswer& answer, const std::string& text) {
    return answer.body.find(text) != std::string::npos;
}

}   // namespace

TEST_CASE("health: the JSON is the seed's, with further keys behind its six", "[proxy]") {
    DatabaseHealth health = make_database("app", 12, 20);
    health.state.usage_window = 0.5512;
    health.state.waiting = 3;
    health.state.pinned = 1;
    health.state.pins[static_cast<std::size_t>(pgweir::metrics::PinReason::advisory_lock)] = 1;
    const HealthAnswer answer = describe_health({health});
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.retry_after);
    CHECK(
        answer.body ==
        R"({"postgres":{"pool_size":20,"checked_out":12,"connection_usage":"12/20","usage_percentage":"60.0%","pool_full":false,"warning":null,)"
        R"("breaker":"closed","effective_pool_size":20,"usage_window_percentage":"55.1%","waiting":3,"pinned":1,"database":"app","pins":{"advisory_lock":1},"upstream_breaker":"closed"}})");
}

TEST_CASE("health: figures are over the effective size, pool_size is the configured one", "[proxy]") {
    DatabaseHealth health = make_database("app", 12, 20);
    health.state.effective_size = 15;
    const HealthAnswer answer = describe_health({health});
    CHECK(contains(
        answer,
        R"("pool_size":20,"checked_out":12,"connection_usage":"12/15","usage_percentage":"80.0%","pool_full":false,"warning":null,)"));
    CHECK(contains(answer, R"("effective_pool_size":15)"));
}

TEST_CASE("health: usage above the threshold is warned of, at the threshold it is not", "[proxy]") {
    CHECK(contains(describe_health({make_database("app", 16, 20)}), R"("warning":null)"));
    CHECK(contains(describe_health({make_database("app", 17, 20)}),
                   R"("warning":"pool \"app\" is at 17 of 20 connections (85.0%), above 80%")"));
    DatabaseHealth tolerant = make_database("app", 17, 20);
    tolerant.warn_above = 0.9;
    CHECK(contains(describe_health({tolerant}), R"("warning":null)"));
}

TEST_CASE("health: a pool with no place left is full", "[proxy]") {
    CHECK(contains(describe_health({make_database("app", 20, 20)}), R"("usage_percentage":"100.0%","pool_full":true)"));
    CHECK(contains(describe_health({make_database("app", 0, 0)}),
                   R"("connection_usage":"0/0","usage_percentage":"100.0%","pool_full":true)"));
    DatabaseHealth shrunk = make_database("app", 12, 20);
    shrunk.state.effective_size = 10;
    CHECK(contains(describe_health({shrunk}),
                   R"("connection_usage":"12/10","usage_percentage":"120.0%","pool_full":true)"));
}

TEST_CASE("health: an open breaker is 503 with a time to come back, rounded up", "[proxy]") {
    DatabaseHealth health = make_database("app", 9, 10);
    health.state.breaker = BreakerState::open;
    health.retry_after = milliseconds(1200);
    const HealthAnswer answer = describe_health({health});
    CHECK(answer.status == 503);
    CHECK(answer.retry_after == seconds(2));
    CHECK(contains(
        answer,
        R"("warning":"pool \"app\" is at 9 of 10 connections (90.0%), above 80%; new logins are refused","breaker":"open")"));

    health.retry_after = milliseconds(0);
    CHECK(describe_health({health}).retry_after == seconds(1));
    health.state.in_use = 0;
    CHECK(contains(describe_health({health}), R"("warning":"new logins are refused")"));
}

TEST_CASE("health: half open and closed breakers are 200", "[proxy]") {
    DatabaseHealth health = make_database("app", 9, 10);
    health.retry_after = seconds(5);
    health.state.breaker = GENERATE(BreakerState::half_open, BreakerState::closed);
    const HealthAnswer answer = describe_health({health});
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.retry_after);
}

TEST_CASE("health: while the database cannot be reached it is 503, also while a login tries", "[proxy]") {
    DatabaseHealth health = make_database("app", 0, 10);
    health.retry_after = seconds(9);   // of the other breaker, which is closed
    health.upstream_retry_after = milliseconds(1200);
    health.state.upstream_breaker = GENERATE(BreakerState::open, BreakerState::half_open);
    const HealthAnswer answer = describe_health({health});
    CHECK(answer.status == 503);
    CHECK(answer.retry_after == seconds(2));
    CHECK(contains(answer, R"("warning":"the database cannot be reached","breaker":"closed")"));
    const char* word = health.state.upstream_breaker == BreakerState::open ? "open" : "half_open";
    CHECK(contains(answer, std::string(R"("upstream_breaker":")") + word + '"'));

    health.state.breaker = BreakerState::open;
    CHECK(describe_health({health}).retry_after == seconds(9));
    health.upstream_retry_after = seconds(80);
    CHECK(describe_health({health}).retry_after == seconds(80));
    CHECK(contains(describe_health({health}), R"("warning":"new logins are refused; the database cannot be reached")"));
}

TEST_CASE("health: of several databases postgres is the fullest and pools has each", "[proxy]") {
    const HealthAnswer answer =
        describe_health({make_database("a", 12, 20), make_database("b", 4, 5), make_database("c", 15, 20)});
    CHECK(answer.body.starts_with(R"({"postgres":{"pool_size":5,"checked_out":4,)"));
    CHECK(contains(answer, R"(,"pools":{"a":{"pool_size":20,"checked_out":12,)"));
    CHECK(contains(answer, R"("b":{"pool_size":5,)"));
    CHECK(contains(answer, R"("c":{"pool_size":20,"checked_out":15,)"));
}

TEST_CASE("health: one open breaker among several databases is 503, the slowest tells when to come back", "[proxy]") {
    std::vector<DatabaseHealth> databases = {make_database("a", 1, 20), make_database("b", 5, 5),
                                             make_database("c", 0, 5)};
    databases[1].state.breaker = BreakerState::open;
    databases[1].retry_after = seconds(2);
    databases[2].state.breaker = BreakerState::open;
    databases[2].retry_after = seconds(7);
    CHECK(describe_health(databases).status == 503);
    CHECK(describe_health(databases).retry_after == seconds(7));
    CHECK(describe_health_of(databases, "a")->status == 200);
    CHECK(describe_health_of(databases, "b")->retry_after == seconds(2));
}

TEST_CASE("health: one database alone has the seed's form, an unknown one has none", "[proxy]") {
    const std::vector<DatabaseHealth> databases = {make_database("a", 1, 20), make_database("b", 5, 5)};
    const auto answer = describe_health_of(databases, "a");
    REQUIRE(answer);
    CHECK(answer->body.starts_with(R"({"postgres":{"pool_size":20,"checked_out":1,)"));
    CHECK_FALSE(contains(*answer, "pools"));
    CHECK_FALSE(describe_health_of(databases, "c"));
    CHECK_FALSE(describe_health_of({}, ""));
}

TEST_CASE("health: no database and odd names still give JSON", "[proxy]") {
    CHECK(describe_health({}).body == R"({"postgres":null})");
    CHECK(contains(describe_health({make_database("a\"b\n", 0, 1)}), R"("database":"a\"b\n")"));
}
