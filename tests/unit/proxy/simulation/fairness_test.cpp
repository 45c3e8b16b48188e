// Who gets the servers when several flows want them.
#include "tests/support/played.hpp"

#include <string>

namespace pgweir::test {

using std::chrono_literals::operator""ms;

TEST_CASE("fairness: flows that ask alike are served alike", "[proxy]") {
    const Played played = play(R"(
duration: 30s
limits: { pool_size: 10 }
flows:
  a: { lambdas: 100, transaction_time: 10ms, think_time: 10ms }
  b: { lambdas: 100, transaction_time: 10ms, think_time: 10ms }
  c: { lambdas: 100, transaction_time: 10ms, think_time: 10ms }
)");
    check_sums(played);
    CHECK(played.result.jain > 0.99);
}

TEST_CASE("fairness: below what the pool can serve everybody gets what he wants, whatever the others want", "[proxy]") {
    const std::string small = "limits: { pool_size: 20 }\nflows:\n  small: { lambdas: 10, think_time: 90ms }\n";
    const Played alone = play(small);
    const Played beside = play(small + "  large: { lambdas: 100, think_time: 90ms }\n");
    CHECK(beside.flow("small").counts.done == Approx(static_cast<double>(alone.flow("small").counts.done)).epsilon(0.05));
    CHECK(beside.flow("small").wait.p99 < 5ms);
}

// First come, first served would give each what it crowds in with.
TEST_CASE("fairness: a flow with forty times the lambdas does not starve a small one", "[proxy]") {
    const Played played = play(R"(
duration: 30s
limits: { pool_size: 10 }
flows:
  small: { user: small, lambdas: 10, transaction_time: 10ms, think_time: 10ms }
  heavy: { user: heavy, lambdas: 400, transaction_time: 10ms, think_time: 10ms }
)");
    check_sums(played);
    // Ten lambdas that are never kept waiting do 500 a second, half of the pool.
    CHECK(played.flow("small").counts.done > 30 * 400);
    CHECK(played.flow("small").wait.p99 < 50ms);
}

TEST_CASE("fairness: flows that always want more get server time by their weights", "[proxy]") {
    const Played played = play(R"(
duration: 30s
limits: { pool_size: 10, max_flow_servers: 100% }
flows:
  three: { user: three, weight: 3, lambdas: 200, transaction_time: 10ms, think_time: 5ms }
  one: { user: one, weight: 1, lambdas: 200, transaction_time: 10ms, think_time: 5ms }
)");
    check_sums(played);
    CHECK(played.result.jain > 0.99);
}

}  // namespace pgweir::test
