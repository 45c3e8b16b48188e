// One pool's servers and flows, one by one, as an operator sees them. By value.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/pins.hpp"
#include "proxy/core/server_state.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

// A place that is not vacant.
struct ServerView {
    ServerId id{};
    ServerState state = ServerState::vacant;
    Duration age{};                    // since its login; while that is under way, since it began
    Duration in_state{};               // idle: since when
    ClientId client{};                 // leased: whose it is
    bool is_pinned = false;
    std::optional<PinReason> reason{};   // pinned: none yet, when it was granted to a client that is about to pin
    Duration pinned_for{};
    bool is_outdated = false;          // to be closed when it comes free
};

struct FlowView {
    std::string name;
    std::size_t clients = 0;
    int servers = 0;
    std::size_t waiting = 0;
    int weight = 1;
};

struct PoolView {
    std::vector<ServerView> servers;
    std::vector<FlowView> flows;   // those with servers or waiters, and of the others as many as there is room for
    std::size_t all_flows = 0;
};

// Flows that are shown of one pool. Chosen: more than anybody reads.
constexpr std::size_t max_flows_shown = 1000;

}  // namespace pgweir::proxy
