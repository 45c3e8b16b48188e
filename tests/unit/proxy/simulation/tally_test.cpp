#include "proxy/simulation/tally.hpp"

#include "proxy/simulation/time_mean.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace pgweir::test {

using proxy::Duration;
using proxy::TimeHistogram;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;

TEST_CASE("time histogram: quantiles are within one percent of the true ones", "[proxy]") {
    std::mt19937 random(GENERATE(1U, 2U, 3U));
    std::lognormal_distribution<double> spread(10, GENERATE(0.5, 3.0));
    TimeHistogram histogram;
    std::vector<Duration> times;
    for (int i = 0; i < 10'000; ++i) {
        const std::chrono::microseconds time(static_cast<std::int64_t>(spread(random)));
        times.emplace_back(time);
        histogram.add(time);
    }
    std::sort(times.begin(), times.end());
    for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
        const Duration exact = times[static_cast<std::size_t>(share * 10'000) - 1];
        CHECK(histogram.quantile(share) >= exact);
        CHECK(histogram.quantile(share) <= exact * 1.01 + 1us);
    }
    CHECK(histogram.quantile(1) == times.back());
    CHECK(histogram.max() == times.back());
}

TEST_CASE("time histogram: short times are exact, long ones fit, none are zero", "[proxy]") {
    TimeHistogram histogram;
    CHECK(histogram.quantile(0.99) == 0s);
    CHECK(histogram.mean() == 0s);
    histogram.add(255us);
    CHECK(histogram.quantile(0.5) == 255us);
    histogram.add(24h * 365);
    CHECK(histogram.quantile(1) == 24h * 365);
    histogram.clear();
    CHECK(histogram.count() == 0);
    CHECK(histogram.quantile(0.5) == 0s);
}

TEST_CASE("time histogram: two together are as one", "[proxy]") {
    TimeHistogram first;
    TimeHistogram second;
    TimeHistogram both;
    for (int i = 1; i <= 100; ++i) {
        (i % 3 == 0 ? first : second).add(1ms * i);
        both.add(1ms * i);
    }
    first.add(second);
    CHECK(first.count() == 100);
    CHECK(first.mean() == both.mean());
    CHECK(first.quantile(0.5) == both.quantile(0.5));
    CHECK(first.max() == 100ms);
}

TEST_CASE("jain's index: 1 when all are equal, 1/n when one has everything", "[proxy]") {
    CHECK(proxy::jains_index({3, 3, 3, 3}) == Approx(1));
    CHECK(proxy::jains_index({0, 0, 5, 0}) == Approx(0.25));
    CHECK(proxy::jains_index({}) == 1);
    CHECK(proxy::jains_index({0, 0}) == 1);
}

TEST_CASE("time mean: weighs each value by how long it stood", "[proxy]") {
    VirtualClock clock;
    proxy::TimeMean mean(clock.now);
    mean.add(4, clock.advance(1s));
    mean.add(-3, clock.advance(2s));
    CHECK(mean.mean(clock.advance(1s)) == Approx((0.0 * 1 + 4 * 2 + 1 * 1) / 4));
    CHECK(mean.peak() == 4);
    CHECK(mean.value() == 1);
}

}  // namespace pgweir::test
