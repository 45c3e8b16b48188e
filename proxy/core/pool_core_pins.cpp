// Servers that keep their client between transactions: how many, and why.
#include "proxy/core/pool_core.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::proxy {

// The only place that assigns a pin; keeps the counts in step.
void PoolCore::change_pin(std::uint32_t index, const std::optional<Pin>& pin) {
    std::optional<Pin>& held = places_[index].pin;
    const bool had_reason = held && held->reason;
    pinned_ += static_cast<int>(pin.has_value()) - static_cast<int>(held.has_value());
    if (had_reason) --pins_[static_cast<std::size_t>(*held->reason)];
    if (pin && pin->reason) {
        ++pins_[static_cast<std::size_t>(*pin->reason)];
        if (!had_reason) ++pins_started_[static_cast<std::size_t>(*pin->reason)];
    }
    held = pin;
}

void PoolCore::pin(ServerId server, PinReason reason, TimePoint now) {
    const Place& place = places_[index_of(server)];
    assert(place.state == ServerState::leased);
    if (place.state != ServerState::leased) return;
    if (!place.pin && !may_pin()) ++pins_over_limit_;
    change_pin(static_cast<std::uint32_t>(server), Pin{reason, place.pin ? place.pin->since : now});
}

void PoolCore::unpin(ServerId server, TimePoint now, PoolActions& actions) {
    change_pin(static_cast<std::uint32_t>(server), std::nullopt);
    serve_waiters(now, actions);
}

Duration PoolCore::longest_pin(TimePoint now) const {
    Duration longest{};
    for (const Place& place : places_)
        if (place.pin) longest = std::max<Duration>(longest, now - place.pin->since);
    return longest;
}

}  // namespace pgweir::proxy
