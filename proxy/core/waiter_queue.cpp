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
    Place& place = places_[index];
    place.waiter = waiter;
    place.before = last_;
    place.after = none;
    place.taken = true;
    (last_ == none ? first_ : places_[last_].after) = index;
    last_ = index;
    ++size_;
    return WaiterId{index};
}

std::optional<Waiter> WaiterQueue::pop() {
    if (empty()) return std::nullopt;
    const Waiter waiter = front();
    remove(front_id());
    return waiter;
}

void WaiterQueue::remove(WaiterId id) {
    const auto index = static_cast<std::uint32_t>(id);
    Place& place = places_[index];
    assert(place.taken);
    (place.before == none ? first_ : places_[place.before].after) = place.after;
    (place.after == none ? last_ : places_[place.after].before) = place.before;
    place.taken = false;
    place.after = vacant_;
    vacant_ = index;
    --size_;
}

bool WaiterQueue::holds(WaiterId id, const ClientId& client) const {
    const auto index = static_cast<std::uint32_t>(id);
    return index < places_.size() && places_[index].taken && places_[index].waiter.client == client;
}

}  // namespace pgweir::proxy
