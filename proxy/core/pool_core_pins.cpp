// Servers that keep their client between transactions: how many may, and who waits for
// one to end.
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
    serve_pin_waiters(now, actions);
}

// While a server is idle nobody waits but those who may not pin, so the first of them is
// the first of all.
void PoolCore::serve_pin_waiters(TimePoint now, PoolActions& actions) {
    while (may_pin() && waiters_.size(Wish::pin) > 0) {
        const std::uint32_t index = newest_idle(waiters_.front()->client.thread);
        if (index == none) {
            dial_if_needed(now, actions);
            return;
        }
        grant(index, *waiters_.pop(), now, actions);
    }
}

// One more server helps those only who may go.
int PoolCore::waiting_for_servers() const {
    const int may_pin_yet = std::max(limits_.max_pinned - pinned_, 0);
    return static_cast<int>(waiters_.size(Wish::server)) +
           std::min(static_cast<int>(waiters_.size(Wish::pin)), may_pin_yet);
}

Duration PoolCore::longest_pin(TimePoint now) const {
    Duration longest{};
    for (const Place& place : places_)
        if (place.pin) longest = std::max<Duration>(longest, now - place.pin->since);
    return longest;
}

Refusal PoolCore::refusal(RefusalReason reason, Duration waited, TimePoint now) const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    Refusal refusal{.reason = reason};
    refusal.in_use = in_use();
    refusal.size = size_now_;
    refusal.pinned = pinned_;
    refusal.max_pinned = limits_.max_pinned;
    refusal.retry_after = duration_cast<milliseconds>(retry_after(reason, now));
    refusal.waited = duration_cast<milliseconds>(waited);
    return refusal;
}

}  // namespace pgweir::proxy
