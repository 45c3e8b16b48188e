// What holds whatever is played: the same twice, sums, bounds.
#include "proxy/simulation/report.hpp"
#include "tests/support/played.hpp"
#include "tests/support/print.hpp"

#include <string>

namespace pgweir::test {

using proxy::RefusalReason;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

// Everything that a scenario can hold.
constexpr std::string_view everything = R"(
duration: 40s
limits: { pool_size: 10, max_waiting: 40, max_client_conn: 300, max_user_client_connections: 180 }
timeouts: { query_wait_timeout: 2s, server_lifetime: 5s, server_idle_timeout: 3s }
upstream:
  ceiling: 10
  ceiling_changes: [{ at: 8s, to: 4 }, { at: 14s, to: 10 }]
  outages: [{ from: 20s, for: 3s }]
flows:
  open:
    lambdas: 80
    arrivals_per_second: 150
    transactions: 3
    transaction_time: 10ms
    connection: per_invocation
    timeout: 400ms
  closed:
    user: other
    lambdas: 120
    until: 30s
    transaction_time: 20ms
    think_time: 100ms
    freeze: { share: 0.2%, for: 2s }
    retry: { attempts: 3, backoff: none, honours_hint: false }
  behind:
    user: other
    lambdas: 150
    from: 5s
    distribution: constant
    freeze: { share: 1%, for: 1s, in_transaction: false }
)";

}  // namespace

TEST_CASE("simulation: the same seed gives the same, another one another", "[proxy]") {
    const Played first = play(everything);
    const Played second = play(everything);
    CHECK(proxy::report_table(*first.scenario, first.result) == proxy::report_table(*second.scenario, second.result));
    CHECK(proxy::report_csv(*first.scenario, first.result) == proxy::report_csv(*second.scenario, second.result));
    const Played other = play("seed: 2\n" + std::string(everything));
    CHECK(proxy::report_csv(*first.scenario, first.result) != proxy::report_csv(*other.scenario, other.result));
}

TEST_CASE("simulation: the parts come to the whole", "[proxy]") {
    const auto seed = GENERATE(1, 2, 3, 4, 5);
    const Played played = play("seed: " + std::to_string(seed) + "\n" + std::string(everything));
    check_sums(played);
    // And everything that can happen did.
    CHECK(played.flow("open").counts.no_lambda > 0);
    CHECK(played.flow("open").counts.timeouts > 0);
    CHECK(played.flow("open").counts.left > 0);
    CHECK(played.flow("closed").counts.frozen > 0);
    CHECK(played.flow("behind").counts.frozen > 0);
    CHECK(played.result.pool.lost > 0);
    CHECK(played.refused("closed", RefusalReason::queue_full) > 0);
    CHECK(played.refused("behind", RefusalReason::max_user_client_connections) > 0);
}

TEST_CASE("simulation: intervals come to the whole", "[proxy]") {
    const Played played = play(everything);
    REQUIRE(played.result.intervals.size() == 40);
    for (std::size_t i = 0; i < played.result.flows.size(); ++i) {
        proxy::FlowCounts sum;
        for (const proxy::Interval& interval : played.result.intervals) sum += interval.flows[i].counts;
        CHECK(sum.attempts == played.result.flows[i].counts.attempts);
        CHECK(sum.done == played.result.flows[i].counts.done);
        CHECK(sum.server_time == played.result.flows[i].counts.server_time);
        CHECK(sum.refused == played.result.flows[i].counts.refused);
    }
    double possible = 0;
    for (const proxy::Interval& interval : played.result.intervals) possible += interval.pool.possible_seconds;
    CHECK(possible == Approx(played.result.pool.possible_seconds));
}

TEST_CASE("simulation: there are never more servers than pool_size", "[proxy]") {
    const Played played = play(everything);
    CHECK(played.result.pool.peak_servers == 10);
    CHECK(played.result.pool.peak_in_use <= 10);
}

TEST_CASE("simulation: nobody waits longer than query_wait_timeout and a tick", "[proxy]") {
    const Played played = play(R"(
duration: 60s
limits: { pool_size: 4, max_waiting: 5000 }
timeouts: { query_wait_timeout: 3s }
flows:
  web: { lambdas: 2000, transaction_time: 20ms, retry: { attempts: 1 } }
)");
    check_sums(played);
    CHECK(played.refused("web", RefusalReason::queue_timeout) > 1000);
    CHECK(played.flow("web").wait.max <= 3s + 100ms);
    CHECK(played.flow("web").wait.p99 > 2s);
}

TEST_CASE("simulation: one flow's arrivals do not depend on what another does", "[proxy]") {
    const std::string alone = "flows:\n  a: { lambdas: 1000, arrivals_per_second: 100 }\n";
    const Played without = play(alone);
    const Played with = play(alone + "  b: { lambdas: 500 }\n");
    CHECK(without.flow("a").counts.invocations == with.flow("a").counts.invocations);
    CHECK(without.flow("a").counts.invocations == Approx(6000).epsilon(0.05));
}

TEST_CASE("simulation: a closed loop without rivals is as fast as its times allow", "[proxy]") {
    const Played played = play(R"(
duration: 100s
upstream: { login_time: 1ms }
flows:
  one: { lambdas: 1, distribution: constant, cold_start: 0s, transaction_time: 10ms, think_time: 15ms }
)");
    CHECK(played.flow("one").counts.done == Approx(4000).epsilon(0.001));
    CHECK(played.flow("one").latency.p50 >= 10ms);
    CHECK(played.flow("one").latency.p50 <= std::chrono::microseconds(10'100));
    CHECK(played.flow("one").wait.p99 == 0ms);
    CHECK(played.result.pool.peak_servers == 1);
    CHECK(played.result.jain == 1);
}

TEST_CASE("simulation: a frozen lambda holds its server, and throughput falls", "[proxy]") {
    const std::string load = "duration: 60s\nlimits: { pool_size: 10 }\nflows:\n  web: { lambdas: 100, think_time: 45ms";
    const Played awake = play(load + " }\n");
    const Played frozen = play(load + ", freeze: { share: 0.2%, for: 20s } }\n");
    const Played behind = play(load + ", freeze: { share: 0.2%, for: 20s, in_transaction: false } }\n");
    check_sums(frozen);
    CHECK(frozen.flow("web").counts.frozen > 0);
    CHECK(frozen.goodput() < awake.goodput() / 2);
    CHECK(frozen.result.pool.mean_in_use > 9);
    CHECK(frozen.useful_share() < 0.5);
    CHECK(behind.result.pool.mean_in_use < 10 * awake.useful_share());
}

TEST_CASE("simulation: an invocation that times out in its transaction leaves a server to be recovered", "[proxy]") {
    const Played played = play(R"(
duration: 30s
limits: { pool_size: 5 }
flows:
  slow: { lambdas: 20, transaction_time: 400ms, timeout: 300ms, cold_start: 10ms }
)");
    check_sums(played);
    CHECK(played.flow("slow").counts.broken > 100);
    CHECK(played.flow("slow").counts.done > 100);
    CHECK(played.result.pool.lost == 0);
    CHECK(played.result.pool.peak_servers == 5);
}

}  // namespace pgweir::test
