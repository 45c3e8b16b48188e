#include "proxy/admin/stats_history.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

std::uint64_t microseconds(double seconds) { return static_cast<std::uint64_t>(std::max(seconds, 0.0) * 1e6); }

std::uint64_t per(double amount, double parts) { return parts > 0 ? static_cast<std::uint64_t>(amount / parts) : 0; }

// A pool that came anew counts from zero again.
double grown(std::uint64_t before, std::uint64_t after) { return after > before ? static_cast<double>(after - before) : 0; }

}  // namespace

PoolSums sums_of(const std::vector<const metrics::RelayCells*>& cells) {
    PoolSums sums;
    double held = 0;
    double waited = 0;
    for (const metrics::RelayCells* one : cells) {
        sums.assignments += one->server_assignments.value();
        sums.transactions += one->transactions.value();
        sums.statements += one->statements.value();
        sums.received += one->client_received_bytes.value();
        sums.sent += one->client_sent_bytes.value();
        sums.client_parses += one->parses.value();
        sums.server_parses += one->server_parses.value();
        held += one->transaction_time.sum();
        waited += one->queue_wait.sum();
    }
    sums.transaction_time = microseconds(held);
    sums.wait_time = microseconds(waited);
    return sums;
}

ClientCounts clients_of(const std::vector<const metrics::RelayCells*>& cells) {
    ClientCounts counts;
    const auto sum = [&cells](metrics::ClientState state) {
        std::int64_t total = 0;
        for (const metrics::RelayCells* one : cells) total += one->clients[static_cast<std::size_t>(state)].value();
        return std::max<std::int64_t>(total, 0);
    };
    counts.idle = sum(metrics::ClientState::idle);
    counts.active = sum(metrics::ClientState::active);
    counts.waiting = sum(metrics::ClientState::waiting);
    return counts;
}

PoolSums averages_of(const PoolSums& before, const PoolSums& after, std::chrono::duration<double> span) {
    const double seconds = span.count();
    const auto rate = [&](std::uint64_t PoolSums::*member) { return per(grown(before.*member, after.*member), seconds); };
    const double transactions = grown(before.transactions, after.transactions);
    PoolSums averages;
    averages.assignments = rate(&PoolSums::assignments);
    averages.transactions = rate(&PoolSums::transactions);
    averages.statements = rate(&PoolSums::statements);
    averages.received = rate(&PoolSums::received);
    averages.sent = rate(&PoolSums::sent);
    averages.client_parses = rate(&PoolSums::client_parses);
    averages.server_parses = rate(&PoolSums::server_parses);
    averages.transaction_time = per(grown(before.transaction_time, after.transaction_time), transactions);
    averages.wait_time = rate(&PoolSums::wait_time);
    return averages;
}

void StatsHistory::sample(Sample sums, std::chrono::steady_clock::time_point now) {
    averages_.clear();
    for (const auto& [database, after] : sums) {
        const auto before = last_.find(database);
        if (before != last_.end()) averages_[database] = averages_of(before->second, after, now - sampled_at_);
    }
    last_ = std::move(sums);
    sampled_at_ = now;
}

PoolSums StatsHistory::averages(const std::string& database) const {
    const auto found = averages_.find(database);
    return found == averages_.end() ? PoolSums() : found->second;
}

}  // namespace pgweir::proxy
