// The numbers behind the metrics: plain cells with ONE writing thread each.
//
// A cell is read from the scrape's thread while its own thread goes on writing, so it
// is atomic; but because nobody else writes, a change is a relaxed load and a relaxed
// store, which cost what an ordinary variable costs. Two threads that add to one cell
// lose counts: give each thread its own struct of cells and sum them at the scrape.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pgweir::metrics {

// Only ever grows.
class Counter {
public:
    Counter() = default;
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;

    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }

    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

// Goes up and down.
class Gauge {
public:
    Gauge() = default;
    Gauge(const Gauge&) = delete;
    Gauge& operator=(const Gauge&) = delete;

    void add(std::int64_t n) noexcept { set(value() + n); }
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

    std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

// Upper bounds of the buckets of every histogram, in seconds; +Inf follows unsaid.
// Chosen: from a local statement to a caller's patience, two or three steps a decade.
inline constexpr std::array<double, 16> time_bounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                       0.05,   0.1,     0.25,   0.5,   1.0,    5.0,   15.0, 60.0};

// Counts durations by bucket. The cells of one histogram are read one after another, so
// a scrape may see an observation in a bucket and not yet in the sum; never lost.
template <std::size_t N>
class Histogram {
    static_assert(N == time_bounds.size(), "every histogram shares time_bounds");

public:
    static constexpr std::size_t bucket_count = N + 1;   // the last one is +Inf

    void observe(double seconds) noexcept {
        std::size_t bucket = 0;
        while (bucket < N && seconds > time_bounds[bucket]) {
            ++bucket;
        }
        buckets_[bucket].add();
        sum_.store(sum_.load(std::memory_order_relaxed) + seconds, std::memory_order_relaxed);
    }

    // Observations in this bucket alone, not cumulative.
    std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index].value(); }

    double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

    std::uint64_t count() const noexcept {
        std::uint64_t total = 0;
        for (const Counter& cell : buckets_) {
            total += cell.value();
        }
        return total;
    }

private:
    std::array<Counter, bucket_count> buckets_;
    std::atomic<double> sum_{0.0};
};

}   // namespace pgweir::metrics
