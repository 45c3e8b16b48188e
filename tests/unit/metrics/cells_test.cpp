#include "metrics/catalog.hpp"

#include <catch2/catch.hpp>

#include <cstddef>

using pgweir::metrics::Counter;
using pgweir::metrics::Gauge;
using pgweir::metrics::Histogram;
using pgweir::metrics::time_bounds;

TEST_CASE("cells: a counter adds up from zero", "[metrics]") {
    Counter counter;
    CHECK(counter.value() == 0);
    counter.add();
    counter.add(41);
    CHECK(counter.value() == 42);
}

TEST_CASE("cells: a gauge goes up, down and below zero", "[metrics]") {
    Gauge gauge;
    gauge.add(3);
    gauge.add(-5);
    CHECK(gauge.value() == -2);
    gauge.set(7);
    CHECK(gauge.value() == 7);
}

TEST_CASE("cells: an observation falls into the first bucket whose bound it does not exceed", "[metrics]") {
    Histogram<16> histogram;
    const std::size_t i = GENERATE(range(std::size_t{0}, time_bounds.size()));
    histogram.observe(time_bounds[i]);
    CHECK(histogram.bucket(i) == 1);
    histogram.observe(time_bounds[i] * 1.0001);
    CHECK(histogram.bucket(i + 1) == 1);
    CHECK(histogram.count() == 2);
}

TEST_CASE("cells: a histogram counts what is beyond its bounds", "[metrics]") {
    Histogram<16> histogram;
    histogram.observe(0.0);
    histogram.observe(-1.0);   // a clock that was set back
    histogram.observe(3600.0);
    CHECK(histogram.bucket(0) == 2);
    CHECK(histogram.bucket(time_bounds.size()) == 1);
    CHECK(histogram.count() == 3);
    CHECK(histogram.sum() == Approx(3599.0));
}

TEST_CASE("cells: the bounds grow from 100 microseconds to a minute", "[metrics]") {
    CHECK(time_bounds.front() == 0.0001);
    CHECK(time_bounds.back() == 60.0);
    for (std::size_t i = 1; i < time_bounds.size(); ++i) {
        CHECK(time_bounds[i - 1] < time_bounds[i]);
    }
}
