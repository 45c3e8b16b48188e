#include "proxy/core/waiter_queue.hpp"

#include <cassert>

namespace pgweir::proxy {

WaiterId WaiterQueue::push(const Waiter& waiter) {
    std::uint32_t index = vacant_;
    if (index == none) {
        index = static_cast<std::uint32_t>(places_.size());
        places_.emplace_back();
    } else {
        vacant_ = places_[index].after;
    }
    Line& line = line_of(waiter.wish);
    Place& place = places_[index];
    place.waiter = waiter;
    place.number = arrivals_++;
    place.before = line.last;
    place.after = none;
    place.taken = true;
    (line.last == none ? line.first : places_[line.last].after) = index;
    line.last = index;
    ++line.size;
    return WaiterId{index};
}

std::uint32_t WaiterQueue::first_of(Waiters among) const {
    const std::uint32_t plain = lines_[static_cast<std::size_t>(Wish::server)].first;
    const std::uint32_t pinning = lines_[static_cast<std::size_t>(Wish::pin)].first;
    if (pinning == none || among == Waiters::without_pins) return plain;
    if (plain == none) return pinning;
    return places_[plain].number < places_[pinning].number ? plain : pinning;
}

const Waiter* WaiterQueue::front(Waiters among) const {
    const std::uint32_t index = first_of(among);
    return index == none ? nullptr : &places_[index].waiter;
}

std::optional<Waiter> WaiterQueue::pop(Waiters among) {
    const std::uint32_t index = first_of(among);
    if (index == none) return std::nullopt;
    const Waiter waiter = places_[index].waiter;
    remove(WaiterId{index});
    return waiter;
}

void WaiterQueue::remove(WaiterId id) {
    const auto index = static_cast<std::uint32_t>(id);
    Place& place = places_[index];
    assert(place.taken);
    Line& line = line_of(place.waiter.wish);
    (place.before == none ? line.first : places_[place.before].after) = place.after;
    (place.after == none ? line.last : places_[place.after].before) = place.before;
    place.taken = false;
    place.after = vacant_;
    vacant_ = index;
    --line.size;
}

bool WaiterQueue::holds(WaiterId id, const ClientId& client) const {
    const auto index = static_cast<std::uint32_t>(id);
    return index < places_.size() && places_[index].taken && places_[index].waiter.client == client;
}

}  // namespace pgweir::proxy
