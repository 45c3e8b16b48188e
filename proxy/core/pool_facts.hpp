// What there is to see of one pool at one moment.
#pragma once

#include "proxy/core/breaker.hpp"
#include "proxy/core/dial_outcome.hpp"
#include "proxy/core/pins.hpp"
#include "proxy/core/refusal.hpp"
#include "proxy/core/server_state.hpp"
#include "proxy/core/upstream_breaker.hpp"

#include <array>
#include <cstdint>

namespace pgweir::proxy {

// What a scrape or a health check wants to know; by value.
struct PoolFacts {
    std::array<int, server_state_count> servers{};
    int pool_size = 0;
    int effective_size = 0;
    int in_use = 0;
    int max_pinned = 0;
    int pinned = 0;                                            // those without a reason yet included
    std::array<int, pin_reason_count> pins{};
    std::array<std::uint64_t, pin_reason_count> pins_started{};
    std::uint64_t pins_over_limit = 0;                         // that showed themselves too late to wait
    Duration longest_pin{};
    int waiting = 0;
    int max_waiting = 0;
    int flows = 0;                                             // that have clients
    double usage = 0;
    double warning_share = 0.8;
    bool is_breaker_enabled = false;
    bool warning = false;
    Duration longest_wait{};
    Duration retry_after{};
    BreakerState breaker = BreakerState::closed;               // what logins meet
    bool is_breaker_forced = false;                            // by an operator
    bool is_paused = false;                                    // likewise
    std::array<std::uint64_t, 3> breaker_entered{};
    std::array<std::uint64_t, refusal_reason_count> refusals{};
    std::array<std::uint64_t, dial_outcome_count> dials{};
    UpstreamState upstream = UpstreamState::closed;
    std::array<std::uint64_t, upstream_state_count> upstream_entered{};
    Duration upstream_retry_after{};   // until the next login may begin
};

}  // namespace pgweir::proxy
