// Why pgweir itself says no to a client, as a value. What the client reads is made
// from it in one place: proxy/client/client_errors.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace pgweir::proxy {

enum class RefusalReason {
    max_client_conn,              // the whole daemon is at its limit of clients
    max_user_client_connections,  // this user is at his
    breaker_open,                 // the pool's usage is above the breaker's threshold
    queue_full,                   // max_waiting clients already wait for a server
    queue_timeout,                // no server came free within query_wait_timeout
    pin_limit,                    // no pin ended within query_wait_timeout, and max_pinned servers are pinned
    upstream_unavailable,         // servers cannot be had: down, unreachable, or they refuse our login
    draining,                     // pgweir is shutting down
};
constexpr std::size_t refusal_reason_count = 8;

// The token in `reason=` of DETAIL and in the metric's label. Lifetime: static.
const char* token(RefusalReason reason);

// Chosen: when to come back after a login was refused and nobody can predict the end of it.
constexpr std::chrono::milliseconds retry_after_limit(1000);
constexpr std::chrono::milliseconds retry_after_outage(1000);

struct Refusal {
    RefusalReason reason;
    std::string pool{};                       // empty when no pool is meant
    int in_use = 0;                           // servers in use, and how many there may be
    int size = 0;
    int pinned = 0;                           // pin_limit: servers pinned, and how many may be
    int max_pinned = 0;
    std::chrono::milliseconds retry_after{0}; // when trying again is worth while
    std::chrono::milliseconds waited{0};      // queue_timeout, pin_limit: how long
    std::string upstream_text{};              // upstream_unavailable: the database's own words
};

}  // namespace pgweir::proxy
