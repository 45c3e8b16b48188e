// The usage of every pool over the last minutes, for the status page.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <string>

namespace pgweir::proxy {

class UsageHistory {
public:
    // Chosen: five minutes, in which an overload is seen to come and go; 1 kB for a pool.
    static constexpr std::chrono::milliseconds step{1000};
    static constexpr std::size_t length = 300;

    using Sample = std::map<std::string, double>;    // usage by database, as a share of the effective size
    using Shares = std::deque<float>;                // the oldest first

    // Whether the next sample is due.
    bool is_due(std::chrono::steady_clock::time_point now) const { return now - sampled_at_ >= step; }

    // A database that is not in it any more is forgotten.
    void sample(const Sample& usage, std::chrono::steady_clock::time_point now);

    // Empty for one that is not known. Lifetime: until the next sample.
    const Shares& of(const std::string& database) const;

private:
    std::map<std::string, Shares> shares_;
    std::chrono::steady_clock::time_point sampled_at_{};
};

}  // namespace pgweir::proxy
