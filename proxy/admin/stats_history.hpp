// PgBouncer's figures of one pool: sums since start, and averages over the last whole period.
#pragma once

#include "metrics/catalog.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pgweir::proxy {

// PgBouncer: stats_period.
constexpr std::chrono::seconds stats_period(60);

// Times in microseconds.
struct PoolSums {
    std::uint64_t assignments = 0;
    std::uint64_t transactions = 0;
    std::uint64_t statements = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t transaction_time = 0;   // servers held by clients
    std::uint64_t wait_time = 0;
    std::uint64_t client_parses = 0;
    std::uint64_t server_parses = 0;
};

struct ClientCounts {
    std::int64_t idle = 0;
    std::int64_t active = 0;
    std::int64_t waiting = 0;

    std::int64_t all() const { return idle + active + waiting; }
};

PoolSums sums_of(const std::vector<const metrics::RelayCells*>& cells);
ClientCounts clients_of(const std::vector<const metrics::RelayCells*>& cells);

// What happened between the two, per second; times per transaction, statement and assignment.
PoolSums averages_of(const PoolSums& before, const PoolSums& after, std::chrono::duration<double> span);

class StatsHistory {
public:
    using Sample = std::map<std::string, PoolSums>;   // by database

    // Whether a period has ended, and `sample` is due.
    bool is_due(std::chrono::steady_clock::time_point now) const { return now - sampled_at_ >= stats_period; }
    void sample(Sample sums, std::chrono::steady_clock::time_point now);
    // Of the last whole period; zeros before there was one.
    PoolSums averages(const std::string& database) const;

private:
    Sample last_;
    Sample averages_;
    std::chrono::steady_clock::time_point sampled_at_{};
};

}  // namespace pgweir::proxy
