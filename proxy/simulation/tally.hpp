// What is counted of a flow, and times as quantiles.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/refusal.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace pgweir::proxy {

// Counts times by their size, to within one percent, in memory that does not grow with them.
class TimeHistogram {
public:
    void add(Duration time);
    void add(const TimeHistogram& other);
    void clear();

    std::uint64_t count() const { return count_; }
    Duration mean() const;
    Duration max() const { return max_; }
    // The time that this share of all does not exceed. Zero when there are none.
    Duration quantile(double share) const;

private:
    std::vector<std::uint64_t> buckets_;   // as many as the longest time needs
    std::uint64_t count_ = 0;
    Duration sum_{};
    Duration max_{};
};

// Of every kind of sum below the parts come to the whole:
//   transactions = done + given_up + those under way; attempts = transactions + retries begun;
//   attempts = admitted + refused + left + those that wait; admitted = done + broken + those at work.
struct FlowCounts {
    std::uint64_t invocations = 0;    // that arrived
    std::uint64_t no_lambda = 0;      // of them: all of the flow's lambdas were busy
    std::uint64_t transactions = 0;   // wanted
    std::uint64_t attempts = 0;       // at one, its login included when there is no connection
    std::uint64_t retries = 0;        // of them: not the first
    std::uint64_t admitted = 0;       // of them: were given a server
    std::array<std::uint64_t, refusal_reason_count> refused{};   // by RefusalReason
    std::uint64_t left = 0;           // the invocation's timeout ended the wait
    std::uint64_t broken = 0;         // admitted, but the server died or the timeout came
    std::uint64_t done = 0;           // transactions that were committed
    std::uint64_t given_up = 0;
    std::uint64_t timeouts = 0;       // invocations that the platform ended
    std::uint64_t frozen = 0;         // lambdas that were frozen
    Duration server_time{};           // in which its lambdas held servers
    Duration useful_time{};           // of it: committed transactions at work

    FlowCounts& operator+=(const FlowCounts& other);
    std::uint64_t refusals() const;
};

struct FlowTally {
    FlowCounts counts;
    TimeHistogram waits;       // of the admitted: from the attempt to the server
    TimeHistogram latencies;   // of the done: from the wish to the commit, retries included
};

// Jain's index: 1 when all are equal, 1/n when one has everything. 1 for none or only zeros.
double jains_index(const std::vector<double>& shares);

}  // namespace pgweir::proxy
