// What an operator tells a pool to do, and what he sees of it.
#include "proxy/core/pool_core.hpp"

#include <algorithm>

namespace pgweir::proxy {

void PoolCore::pause(TimePoint now, PoolActions& actions) {
    is_paused_ = true;
    retire_idle(now, actions);
}

void PoolCore::resume(TimePoint now, PoolActions& actions) {
    is_paused_ = false;
    serve_waiters(now, actions);
    dial_if_needed(now, actions);
}

// The listening server of a pool serves nobody's transaction.
bool PoolCore::has_busy_servers() const {
    return std::any_of(places_.begin(), places_.end(), [](const Place& place) {
        const bool is_leased = place.state == ServerState::leased && place.membership.flow != ShareTable::nobody;
        return is_leased || place.state == ServerState::recovering;
    });
}

bool PoolCore::has_outdated_servers() const {
    return std::any_of(places_.begin(), places_.end(),
                       [](const Place& place) { return place.state != ServerState::vacant && place.is_outdated; });
}

void PoolCore::force_breaker(std::optional<BreakerState> state) {
    const BreakerState before = breaker_state();
    forced_breaker_ = state;
    if (breaker_state() != before) ++breaker_entered_[static_cast<std::size_t>(breaker_state())];
}

void PoolCore::probe_upstream(TimePoint now, PoolActions& actions) {
    forget_upstream(now, actions);
    wants_welcome_ = true;
    dial_if_needed(now, actions);
}

PoolView PoolCore::view(TimePoint now) const {
    PoolView view;
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
        const Place& place = places_[index];
        if (place.state == ServerState::vacant) continue;
        ServerView server{.id = ServerId{index}, .state = place.state, .is_outdated = place.is_outdated};
        server.age = now - (place.state == ServerState::connecting ? place.dialled_at : place.opened_at);
        if (place.state == ServerState::idle) server.in_state = now - place.idle_since;
        if (place.state == ServerState::leased) server.client = place.lessee;
        if (place.pin) {
            server.is_pinned = true;
            server.reason = place.pin->reason;
            server.pinned_for = now - place.pin->since;
        }
        view.servers.push_back(server);
    }
    const ShareTable& flows = waiters_.flows();
    view.all_flows = flows.size();
    const auto add = [&](bool is_busy) {
        for (std::uint32_t i = 1; i < flows.places() && view.flows.size() < max_flows_shown; ++i) {
            const ShareId id{i};
            const bool has_work = flows.servers(id) > 0 || waiters_.waiting(id) > 0;
            if (has_work != is_busy || (!has_work && flows.members(id) == 0)) continue;
            view.flows.push_back(FlowView{.name = flows.name(id),
                                          .clients = flows.members(id),
                                          .servers = flows.servers(id),
                                          .waiting = waiters_.waiting(id),
                                          .weight = flows.weight(id)});
        }
    };
    add(true);
    add(false);
    return view;
}

}  // namespace pgweir::proxy
