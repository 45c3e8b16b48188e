// What the daemon promises under overload, played.
#include "tests/support/played.hpp"
#include "tests/support/print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace pgweir::test {

using proxy::BreakerState;
using proxy::RefusalReason;
using std::chrono_literals::operator""s;

namespace {

// Twenty servers of 10 ms each serve 2,000 transactions a second.
std::string arrivals(int per_second) {
    return fmt::format(R"(
duration: 30s
limits: {{ pool_size: 20, max_waiting: 200 }}
timeouts: {{ query_wait_timeout: 1s }}
flows:
  web:
    lambdas: 5000
    arrivals_per_second: {}
    transaction_time: 10ms
    cold_start: 200ms
    retry: {{ attempts: 3 }}
)",
                       per_second);
}

// How often the breaker was in that state in the samples of the intervals, runs counted once.
int runs_of(const Played& played, BreakerState state) {
    int runs = 0;
    BreakerState before = BreakerState::closed;
    for (const proxy::Interval& interval : played.result.intervals) {
        runs += static_cast<int>(interval.pool.standing.breaker == state && before != state);
        before = interval.pool.standing.breaker;
    }
    return runs;
}

}  // namespace

TEST_CASE("overload: clients that connect for each invocation get what close_below leaves them", "[proxy]") {
    const Played played = play(R"(
duration: 60s
limits: { pool_size: 20 }
flows:
  web:
    lambdas: 400
    connection: per_invocation
    transactions: 2
    transaction_time: 10ms
    think_time: 50ms
    retry: { attempts: 10, base: 100ms }
)");
    check_sums(played);
    // 70 % of 2,000 a second, but for the seconds in which it opens and finds the measure.
    CHECK(played.goodput() > 0.55 * 2000);
    CHECK(runs_of(played, BreakerState::open) <= 1);
}

TEST_CASE("overload: throughput at up to ten times what the pool can serve stays within 5 % of its peak", "[proxy]") {
    double peak = 0;
    std::vector<double> overloaded;
    for (const int load : {1000, 2000, 4000, 6000, 10'000, 20'000}) {
        const Played played = play(arrivals(load));
        check_sums(played);
        peak = std::max(peak, played.goodput());
        if (load >= 4000) overloaded.push_back(played.goodput());
    }
    CHECK(peak == Approx(2000).epsilon(0.05));
    for (const double goodput : overloaded) CHECK(goodput > 0.95 * peak);
}

TEST_CASE("overload: whoever retries without a pause costs the pool nothing", "[proxy]") {
    const std::string backoff = GENERATE("none", "exponential");
    const Played played = play(fmt::format(R"(
duration: 5s
limits: {{ pool_size: 20, max_waiting: 100 }}
upstream: {{ login_time: 5ms }}
flows:
  web: {{ lambdas: 500, cold_start: 1ms, transaction_time: 10ms, think_time: 10ms,
         retry: {{ attempts: 20, backoff: {}, honours_hint: false }} }}
)",
                                           backoff));
    check_sums(played);
    CHECK(played.refused("web", RefusalReason::queue_full) > 1000);
    CHECK(played.useful_share() > 0.95);
}

TEST_CASE("overload: the breaker opens once and closes once in one step of it, when clients back off honestly", "[proxy]") {
    const auto seed = GENERATE(1, 2, 3);
    const Played played = play(fmt::format(R"(
seed: {}
duration: 60s
interval: 100ms
limits: {{ pool_size: 20 }}
breaker: {{ open_above: 80%, close_below: 70% }}
flows:
  steady: {{ lambdas: 50, transaction_time: 10ms, think_time: 90ms }}
  step: {{ lambdas: 500, from: 10s, until: 30s, transaction_time: 10ms, think_time: 90ms, retry: {{ attempts: 8 }} }}
)",
                                           seed));
    check_sums(played);
    CHECK(played.result.pool.standing.breaker_openings == 1);
    CHECK(played.result.pool.standing.breaker_closings == 1);
    CHECK(played.result.pool.standing.breaker == BreakerState::closed);
    CHECK(runs_of(played, BreakerState::open) == 1);
    // Those inside went on all the while.
    CHECK(played.refused("steady", RefusalReason::breaker_open) == 0);
    CHECK(played.refused("step", RefusalReason::breaker_open) > 0);
    CHECK(played.result.pool.breaker_open > 15s);
}

TEST_CASE("overload: with the breaker off, logins are not refused and the queue bounds the wait", "[proxy]") {
    const Played played = play(R"(
duration: 30s
limits: { pool_size: 10, max_waiting: 50 }
breaker: { open_above: off }
flows:
  web: { lambdas: 300, connection: per_invocation, transaction_time: 10ms, think_time: 10ms }
)");
    check_sums(played);
    CHECK(played.refused("web", RefusalReason::breaker_open) == 0);
    CHECK(played.refused("web", RefusalReason::queue_full) > 0);
    CHECK(played.flow("web").wait.p99 < 1s);
    CHECK(played.useful_share() > 0.95);
}

TEST_CASE("upstream ceiling: when it falls the pool learns it, and does not knock much while it is low", "[proxy]") {
    const bool tells = GENERATE(false, true);
    const Played played = play(fmt::format(R"(
duration: 120s
limits: {{ pool_size: 20 }}
timeouts: {{ server_lifetime: 10s }}
upstream: {{ ceiling: 20, tells_ceiling: {}, ceiling_changes: [{{ at: 20s, to: 12 }}] }}
flows:
  web: {{ lambdas: 300, transaction_time: 10ms, think_time: 20ms }}
)",
                                           tells));
    check_sums(played);
    CHECK(played.result.pool.peak_servers == 20);
    // Servers live for 10 s, so half a minute later those of before are gone.
    for (const proxy::Interval& interval : played.result.intervals)
        if (interval.from >= 50s) CHECK(interval.pool.mean_servers < 13.2);
    CHECK(played.result.pool.standing.effective_size <= 14);
    CHECK(played.result.pool.standing.effective_size >= 12);
    CHECK(played.result.pool.logins.refused > 0);
    CHECK(played.result.pool.logins.refused < 60);
    // Nobody reads of it.
    CHECK(played.refused("web", RefusalReason::upstream_unavailable) == 0);
}

TEST_CASE("upstream ceiling: when it rises again the pool finds the way back", "[proxy]") {
    const Played played = play(R"(
duration: 10m
interval: 10s
limits: { pool_size: 10 }
upstream: { ceiling: 6, ceiling_changes: [{ at: 60s, to: 10 }] }
flows:
  web: { lambdas: 200, transaction_time: 10ms, think_time: 20ms }
)");
    CHECK(played.result.intervals[4].pool.mean_servers < 7.5);
    CHECK(played.result.intervals.back().pool.mean_servers == Approx(10).epsilon(0.01));
    CHECK(played.result.pool.standing.effective_size == 10);
}

TEST_CASE("upstream outage: clients wait for a short one, are told of a long one, and come back", "[proxy]") {
    const Played played = play(R"(
duration: 90s
limits: { pool_size: 10 }
upstream: { outages: [{ from: 20s, for: 2s }, { from: 40s, for: 15s }] }
flows:
  web: { lambdas: 100, transaction_time: 10ms, think_time: 90ms, retry: { attempts: 50 } }
)");
    check_sums(played);
    CHECK(played.result.pool.lost >= 10);
    CHECK(played.result.pool.logins.failed > 0);
    CHECK(played.flow("web").counts.given_up == 0);
    const auto refused_in = [&](int from, int to) {
        std::uint64_t refused = 0;
        for (int i = from; i < to; ++i)
            refused += played.result.intervals[static_cast<std::size_t>(i)]
                           .flows[0]
                           .counts.refused[static_cast<std::size_t>(RefusalReason::upstream_unavailable)];
        return refused;
    };
    CHECK(refused_in(0, 40) == 0);
    CHECK(refused_in(40, 56) > 0);
    CHECK(refused_in(60, 90) == 0);
    CHECK(played.result.intervals.back().flows[0].counts.done > 900);
}

}  // namespace pgweir::test
