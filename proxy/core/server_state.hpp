// The states of one place in a pool, and the only ways between them. The words are
// those of metrics, logs and SHOW.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace pgweir::proxy {

enum class ServerState {
    vacant,       // no connection; counts for nothing
    connecting,   // a login is under way on a helper thread
    idle,         // clean and free for the next client
    leased,       // works for a client
    recovering,   // given back dirty, or a cancel is under way: being made clean
    inspecting,   // was idle when bytes or an EOF came; its thread is looking
    closing,      // on its way out; the place is free only when the server's EOF was seen
};
constexpr std::size_t server_state_count = 7;

enum class ServerEvent {
    dial,         // a login begins
    log_in,       // the login succeeded
    fail,         // the login failed; its socket is closed
    lease,        // granted to a client
    release,      // given back clean
    abandon,      // given back dirty
    recover,      // proved clean again
    inspect,      // something came from an idle server
    reassure,     // it was nothing
    close,        // to be closed, for whatever reason
    vanish,       // the connection is gone
};
constexpr std::size_t server_event_count = 11;

struct ServerTransition {
    ServerState from;
    ServerEvent event;
    ServerState to;
};

constexpr std::array server_transitions = {
    ServerTransition{ServerState::vacant, ServerEvent::dial, ServerState::connecting},
    ServerTransition{ServerState::connecting, ServerEvent::log_in, ServerState::idle},
    ServerTransition{ServerState::connecting, ServerEvent::fail, ServerState::vacant},
    ServerTransition{ServerState::idle, ServerEvent::lease, ServerState::leased},
    ServerTransition{ServerState::idle, ServerEvent::inspect, ServerState::inspecting},
    ServerTransition{ServerState::idle, ServerEvent::close, ServerState::closing},
    ServerTransition{ServerState::leased, ServerEvent::release, ServerState::idle},
    ServerTransition{ServerState::leased, ServerEvent::abandon, ServerState::recovering},
    ServerTransition{ServerState::leased, ServerEvent::close, ServerState::closing},
    ServerTransition{ServerState::recovering, ServerEvent::recover, ServerState::idle},
    ServerTransition{ServerState::recovering, ServerEvent::close, ServerState::closing},
    ServerTransition{ServerState::inspecting, ServerEvent::reassure, ServerState::idle},
    ServerTransition{ServerState::inspecting, ServerEvent::close, ServerState::closing},
    ServerTransition{ServerState::closing, ServerEvent::vanish, ServerState::vacant},
};

// Where an event leads; nullopt when it cannot happen in that state.
constexpr std::optional<ServerState> next(ServerState from, ServerEvent event) {
    for (const ServerTransition& transition : server_transitions)
        if (transition.from == from && transition.event == event) return transition.to;
    return std::nullopt;
}

static_assert(!next(ServerState::recovering, ServerEvent::lease), "a dirty server is never granted");
static_assert(!next(ServerState::inspecting, ServerEvent::lease), "a server somebody reads from is never granted");
static_assert(!next(ServerState::closing, ServerEvent::dial), "a place is free only after the server's EOF");

}  // namespace pgweir::proxy
