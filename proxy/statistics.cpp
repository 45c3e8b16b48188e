#include "proxy/statistics.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

namespace pgweir::proxy {
namespace {

// Core states beside the metric's; vacant places are no servers and have none.
constexpr std::array server_states = {
    std::pair{ServerState::connecting, metrics::ServerState::connecting},
    std::pair{ServerState::idle, metrics::ServerState::idle},
    std::pair{ServerState::leased, metrics::ServerState::leased},
    std::pair{ServerState::recovering, metrics::ServerState::recovering},
    std::pair{ServerState::inspecting, metrics::ServerState::inspecting},
    std::pair{ServerState::closing, metrics::ServerState::closing},
};
static_assert(server_states.size() == server_state_count - 1);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::chrono::milliseconds milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

}  // namespace

metrics::PoolState pool_state(const PoolFacts& facts) {
    metrics::PoolState state;
    for (const auto& [from, to] : server_states)
        state.servers[static_cast<std::size_t>(to)] = static_cast<std::uint64_t>(facts.servers[static_cast<std::size_t>(from)]);
    state.dials = facts.dials;
    state.refusals = facts.refusals;
    state.breaker_transitions = facts.breaker_entered;
    state.pool_size = static_cast<std::uint64_t>(facts.pool_size);
    state.max_waiting = static_cast<std::uint64_t>(facts.max_waiting);
    state.max_pinned = static_cast<std::uint64_t>(facts.max_pinned);
    state.open_above = facts.warning_share;
    state.is_breaker_enabled = facts.is_breaker_enabled;
    state.effective_size = static_cast<std::uint64_t>(facts.effective_size);
    state.in_use = static_cast<std::uint64_t>(facts.in_use);
    state.waiting = static_cast<std::uint64_t>(facts.waiting);
    state.pinned = static_cast<std::uint64_t>(facts.pinned);
    for (std::size_t i = 0; i < pin_reason_count; ++i) state.pins[i] = static_cast<std::uint64_t>(facts.pins[i]);
    state.pins_started = facts.pins_started;
    state.pins_over_limit = facts.pins_over_limit;
    state.longest_pin_seconds = seconds(facts.longest_pin);
    state.usage_window = facts.usage;
    state.longest_wait_seconds = seconds(facts.longest_wait);
    state.flows = static_cast<std::uint64_t>(facts.flows);
    state.breaker = static_cast<metrics::BreakerState>(facts.breaker);
    state.upstream_breaker = static_cast<metrics::BreakerState>(facts.upstream);
    state.upstream_breaker_transitions = facts.upstream_entered;
    return state;
}

metrics::PoolSnapshot pool_snapshot(const Pool& pool) {
    const PoolFacts facts = pool.facts();
    metrics::PoolState state = pool_state(facts);
    state.unknown_refusals = pool.unknown_refusals();
    return metrics::PoolSnapshot{.database = pool.name(),
                                 .state = state,
                                 .relays = pool.all_cells(),
                                 .is_paused = facts.is_paused,
                                 .is_disabled = pool.is_disabled()};
}

DatabaseHealth database_health(const Pool& pool) {
    const PoolFacts facts = pool.facts();
    return DatabaseHealth{.database = pool.name(),
                          .state = pool_state(facts),
                          .warn_above = facts.warning_share,
                          .retry_after = milliseconds(facts.retry_after),
                          .upstream_retry_after = milliseconds(facts.upstream_retry_after)};
}

metrics::ProcessState process_state() {
    static const double started_at =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    metrics::ProcessState state;
    state.start_time = started_at;
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    state.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
    state.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::error_code ignored;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) ++state.open_fds;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    state.max_fds = limit.rlim_cur;
    return state;
}

}  // namespace pgweir::proxy
