#include "proxy/simulation/tally.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace pgweir::proxy {
namespace {

// Below this many microseconds each has a bucket, above it each power of two has half as many.
// With that many a bucket is less than one percent wide.
constexpr std::uint64_t fine_buckets = 256;
constexpr std::uint64_t fine_bits = 8;

std::uint64_t microseconds(Duration time) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::size_t bucket_of(std::uint64_t value) {
    if (value < fine_buckets) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::uint64_t>(std::bit_width(value)) - fine_bits;
    const std::uint64_t half = fine_buckets / 2;
    return static_cast<std::size_t>(fine_buckets + (shift - 1) * half +
                                    ((value >> shift) - half));
}

// The largest value that the bucket holds.
std::uint64_t end_of(std::size_t bucket) {
    if (bucket < fine_buckets) return bucket;
    const std::uint64_t half = fine_buckets / 2;
    const std::uint64_t shift = (bucket - fine_buckets) / half + 1;
    const std::uint64_t place = (bucket - fine_buckets) % half + half;
    return ((place + 1) << shift) - 1;
}

}  // namespace

void TimeHistogram::add(Duration time) {
    const std::size_t bucket = bucket_of(microseconds(time));
    if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
    ++buckets_[bucket];
    ++count_;
    sum_ += time;
    max_ = std::max(max_, time);
}

void TimeHistogram::add(const TimeHistogram& other) {
    if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
    for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

void TimeHistogram::clear() {
    std::fill(buckets_.begin(), buckets_.end(), 0);
    count_ = 0;
    sum_ = Duration::zero();
    max_ = Duration::zero();
}

Duration TimeHistogram::mean() const {
    return count_ == 0 ? Duration::zero() : sum_ / static_cast<Duration::rep>(count_);
}

Duration TimeHistogram::quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= rank && seen > 0)
            return std::min<Duration>(std::chrono::microseconds(end_of(bucket)), max_);
    }
    return max_;
}

FlowCounts& FlowCounts::operator+=(const FlowCounts& other) {
    invocations += other.invocations;
    no_lambda += other.no_lambda;
    transactions += other.transactions;
    attempts += other.attempts;
    retries += other.retries;
    admitted += other.admitted;
    for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += other.refused[i];
    left += other.left;
    broken += other.broken;
    done += other.done;
    given_up += other.given_up;
    timeouts += other.timeouts;
    frozen += other.frozen;
    server_time += other.server_time;
    useful_time += other.useful_time;
    return *this;
}

std::uint64_t FlowCounts::refusals() const {
    return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
}

double jains_index(const std::vector<double>& shares) {
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double squares = std::inner_product(shares.begin(), shares.end(), shares.begin(), 0.0);
    return squares <= 0 ? 1.0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

}  // namespace pgweir::proxy
