// The upstream breaker of one pool: open while no server can be had. Then clients are told so at once instead of
// waiting for nothing, and a login now and then tries whether it has ended. Apart from the usage breaker, which
// speaks of a pool that is too full. No clock, no lock: its pool calls it under the pool's mutex with `now`.
#pragma once

#include "proxy/core/dial_outcome.hpp"
#include "proxy/core/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pgweir::proxy {

enum class UpstreamState {
    closed,      // servers live, or it is worth waiting for one
    open,        // none lives, and the next login is not to begin yet
    half_open,   // none lives, and a login is under way to see
};
constexpr std::size_t upstream_state_count = 3;

enum class UpstreamEvent {
    give_up,   // no server lives, and logins have failed for good or for too long
    probe,     // a login begins
    fail,      // a login failed
    recover,   // a login succeeded, or was refused in a way that shows the upstream at work
    forget,    // the configuration has changed
};
constexpr std::size_t upstream_event_count = 5;

struct UpstreamTransition {
    UpstreamState from;
    UpstreamEvent event;
    UpstreamState to;
};

constexpr std::array upstream_transitions = {
    UpstreamTransition{UpstreamState::closed, UpstreamEvent::give_up, UpstreamState::open},
    UpstreamTransition{UpstreamState::open, UpstreamEvent::probe, UpstreamState::half_open},
    UpstreamTransition{UpstreamState::open, UpstreamEvent::recover, UpstreamState::closed},   // one that began before
    UpstreamTransition{UpstreamState::open, UpstreamEvent::forget, UpstreamState::closed},
    UpstreamTransition{UpstreamState::half_open, UpstreamEvent::fail, UpstreamState::open},
    UpstreamTransition{UpstreamState::half_open, UpstreamEvent::recover, UpstreamState::closed},
    UpstreamTransition{UpstreamState::half_open, UpstreamEvent::forget, UpstreamState::closed},
};

// Where an event leads; nullopt when it changes nothing in that state.
constexpr std::optional<UpstreamState> next(UpstreamState from, UpstreamEvent event) {
    for (const UpstreamTransition& transition : upstream_transitions)
        if (transition.from == from && transition.event == event) return transition.to;
    return std::nullopt;
}

static_assert(!next(UpstreamState::closed, UpstreamEvent::fail), "a failed login alone opens nothing: servers may live");
static_assert(!next(UpstreamState::open, UpstreamEvent::fail), "an open breaker stays open until a login has been tried");
static_assert(next(UpstreamState::half_open, UpstreamEvent::fail) == UpstreamState::open, "who tries in vain goes back");
static_assert(next(UpstreamState::open, UpstreamEvent::forget) == UpstreamState::closed &&
                  next(UpstreamState::half_open, UpstreamEvent::forget) == UpstreamState::closed,
              "a reload tries at once");

class UpstreamBreaker {
public:
    // True from each of these: the state has changed.

    bool login_began(TimePoint now);
    bool login_succeeded(TimePoint now);
    // `took`: since it began.
    bool login_failed(DialOutcome outcome, Duration took, bool is_any_live, TimePoint now);
    // No server lives any more, and no login is under way or may begin.
    bool servers_gone(TimePoint now);
    bool forget(TimePoint now);

    UpstreamState state() const { return state_; }
    // Clients are told so at once. While a login is under way they may wait for it, unless it takes long.
    bool is_refusing(TimePoint now) const;
    // Of the last failed login.
    DialOutcome reason() const { return reason_; }
    // How often each state was entered.
    const std::array<std::uint64_t, upstream_state_count>& entered() const { return entered_; }

private:
    bool on(UpstreamEvent event, TimePoint now);
    bool is_given_up() const;

    UpstreamState state_ = UpstreamState::closed;
    TimePoint entered_at_{};
    DialOutcome reason_ = DialOutcome::ok;
    int failures_ = 0;           // transient ones, in a row and not long ago
    TimePoint last_failed_at_{};
    bool has_failed_long_ = false;
    std::array<std::uint64_t, upstream_state_count> entered_{};
};

}  // namespace pgweir::proxy
