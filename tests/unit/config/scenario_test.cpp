// What a scenario file becomes, and what is wrong with bad ones.
#include "config/scenario.hpp"

#include "config/scenario_schema.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

namespace {

config::Scenario scenario(std::string_view text) {
    const config::ScenarioResult result = config::load_scenario_text(text, "s.yaml", surroundings_of({{"SIZE", "7"}}));
    CHECK(texts_of(result.problems) == Lines{});
    REQUIRE(result.scenario);
    return *result.scenario;
}

Lines complaints(std::string_view text) {
    const config::ScenarioResult result = config::load_scenario_text(text, "s.yaml", surroundings_of({}));
    CHECK(result.scenario == nullptr);
    return texts_of(result.problems);
}

}  // namespace

TEST_CASE("scenario: a file with only the name of a flow has every default", "[config]") {
    const config::Scenario it = scenario("flows: { web: }\n");
    CHECK(it.seed == 1);
    CHECK(it.duration == seconds(60));
    CHECK(it.pool.limits.pool_size == 20);
    CHECK(it.limits.max_client_conn == 10000);
    CHECK(it.upstream.ceiling == 0);
    REQUIRE(it.flows.size() == 1);
    const config::FlowOptions& web = it.flows[0];
    CHECK(web.name == "web");
    CHECK(web.application_name == "web");
    CHECK(web.arrivals_per_second == 0);
    CHECK(web.distribution == config::Distribution::exponential);
    CHECK(web.retry.honours_hint);
}

TEST_CASE("scenario: values of every kind are read, flows in the order of the file", "[config]") {
    const config::Scenario it = scenario(R"(
seed: 42
duration: 5m
limits: { pool_size: "${SIZE}", max_client_conn: 50 }
timeouts: { query_wait_timeout: 2s }
breaker: { open_above: off }
upstream:
  login_time: 80ms
  ceiling: 12
  tells_ceiling: true
  ceiling_changes:
    - { at: 20s, to: 8 }
    - { at: 40s, to: 12 }
  outages: [{ from: 30s, for: 5s }]
flows:
  web:
    user: shop
    application_name: checkout
    priority: high
    weight: 3
    arrivals_per_second: 200
    connection: per_invocation
    distribution: constant
    freeze: { share: 0.5%, for: 1m, in_transaction: false }
    retry: { attempts: 2, backoff: none, honours_hint: false }
  batch: { from: 10s, until: 20s }
)");
    CHECK(it.seed == 42);
    CHECK(it.duration == minutes(5));
    CHECK(it.pool.limits.pool_size == 7);
    CHECK(it.limits.max_client_conn == 50);
    CHECK(it.pool.timeouts.query_wait_timeout == seconds(2));
    CHECK_FALSE(it.pool.breaker.open_above);
    CHECK(it.upstream.tells_ceiling);
    REQUIRE(it.upstream.ceiling_changes.size() == 2);
    CHECK(it.upstream.ceiling_changes[1].at == seconds(40));
    CHECK(it.upstream.ceiling_changes[0].to == 8);
    REQUIRE(it.upstream.outages.size() == 1);
    CHECK(it.upstream.outages[0].duration == seconds(5));
    REQUIRE(it.flows.size() == 2);
    const config::FlowOptions& web = it.flows[0];
    CHECK(web.priority == config::Priority::high);
    CHECK(web.weight == 3);
    CHECK(web.application_name == "checkout");
    CHECK(web.connection == config::ConnectionUse::per_invocation);
    CHECK(web.freeze.share == Approx(0.005));
    CHECK_FALSE(web.freeze.in_transaction);
    CHECK(web.retry.backoff == config::Backoff::none);
    CHECK_FALSE(web.retry.honours_hint);
    CHECK(it.flows[1].name == "batch");
    CHECK(it.flows[1].until == seconds(20));
}

TEST_CASE("scenario: every problem is reported with its place, in one run", "[config]") {
    const Lines expected = {
        R"(s.yaml:1:7: seed: "-1" is out of range: 0 to 2147483647)",
        R"(s.yaml:2:11: duration: "60" needs a unit: write 60s)",
        "s.yaml:3:11: limits.pool_sise: unknown key (did you mean pool_size?)",
        R"(s.yaml:6:21: upstream.ceiling_changes[0].to: "0" is out of range: 1 to 10000)",
        "s.yaml:7:14: upstream.outages[0]: needs `for`",
        "s.yaml:8:1: listen: unknown key",
        R"(s.yaml:10:27: flows.web.freeze.share: "1" needs a percent sign: write 1%)",
        R"(s.yaml:10:46: flows.web.freeze.in_transaction: "perhaps" is neither true nor false)",
        R"(s.yaml:11:29: flows.shop.retry.backoff: "exponentiel" is not one of none, constant, exponential (did you mean exponential?))",
        "s.yaml:12:28: flows.late.until: must be later than `from`",
    };
    CHECK(complaints(R"(seed: -1
duration: 60
limits: { pool_sise: 3 }
upstream:
  ceiling_changes:
    - { at: 1s, to: 0 }
  outages: [ { from: 3s } ]
listen: { port: 3 }
flows:
  web: { freeze: { share: 1, in_transaction: perhaps } }
  shop: { retry: { backoff: exponentiel } }
  late: { from: 9s, until: 9s }
)") == expected);
}

TEST_CASE("scenario: what makes no scenario is told so", "[config]") {
    struct Case {
        std::string text;
        std::string complaint;
    };
    const auto [text, complaint] = GENERATE(values<Case>({
        {"", "s.yaml: the scenario is empty; it needs at least `flows`"},
        {"- 1\n", "s.yaml:1:1: the scenario must be a mapping with at least `flows`"},
        {"seed: 3\n", "s.yaml: flows: needs at least one flow"},
        {"flows: {}\n", "s.yaml:1:1: flows: needs at least one flow"},
        {"flows: { 'a,b': }\n", "s.yaml:1:10: flows.a,b: the name must be of letters, digits, _, . and -, at most 16"},
        {"flows: { a: , a: }\n", "s.yaml:1:15: flows.a: is written twice; the first is in line 1"},
        {"flows: { a: }\nupstream: { outages: 3s }\n",
         "s.yaml:2:22: upstream.outages: must be a list of mappings, not a single value"},
        {"flows: { a: }\nupstream: { outages: [3s] }\n",
         "s.yaml:2:23: upstream.outages[0]: must be a mapping (lines of key: value), not a single value"},
        {"flows: { a: }\nupstream: { outages: [{ from: 3s, for: 2s }, { from: 4s, for: 1s }] }\n",
         "s.yaml:2:54: upstream.outages[1].from: must be later than the end of the outage before it"},
        {"flows: { a: }\nupstream: { ceiling_changes: [{ at: 3s, to: 2 }, { at: 3s, to: 1 }] }\n",
         "s.yaml:2:56: upstream.ceiling_changes[1].at: must be later than the change before it"},
        {"flows: { a: }\nlimits: { pool_size: 3, min_pool_size: 4 }\n",
         "s.yaml:2:40: limits.min_pool_size: min_pool_size (4) is larger than pool_size (3)"},
        {"flows: { a: }\nbreaker: { close_below: 90% }\n",
         "s.yaml:2:25: breaker.close_below: close_below (90%) must be less than open_above (80%)"},
    }));
    CHECK(complaints(text) == Lines{complaint});
}

TEST_CASE("scenario: a file that cannot be read is told by its name", "[config]") {
    const config::ScenarioResult result = config::load_scenario("/nowhere/s.yaml", surroundings_of({}));
    CHECK(texts_of(result.problems) == Lines{"/nowhere/s.yaml: cannot be read: No such file or directory"});
}

TEST_CASE("scenario: the reference has every key", "[config]") {
    const std::string reference = config::scenario_reference();
    for (const char* key : {"`seed`", "`login_time`", "`freeze.share`", "`retry.honours_hint`", "`until`", "`at`", "`for`"})
        CHECK(reference.find(key) != std::string::npos);
}

}  // namespace pgweir::test
