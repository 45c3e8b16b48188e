#include "proxy/core/waiter_queue.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::proxy {
namespace {

// Turns of high priority behind which somebody else gets one. Chosen: high priority is served at once at any load
// of its own below four fifths of the pool, and whoever overdoes it slows the others down but does not stop them.
constexpr int max_high_in_a_row = 4;

}  // namespace

void WaiterQueue::set_limits(const ShareLimits& limits) {
    limits_ = limits;
    flows_.set_weights(limits.weights);
}

Membership WaiterQueue::join(std::string_view flow, std::string_view user, Priority priority) {
    return {flows_.join(flow), users_.join(user), priority};
}

void WaiterQueue::leave(const Membership& membership) {
    flows_.leave(membership.flow);
    users_.leave(membership.user);
}

void WaiterQueue::took_server(const Membership& membership) {
    flows_.take_server(membership.flow);
    users_.take_server(membership.user);
}

void WaiterQueue::returned_server(const Membership& membership) {
    flows_.return_server(membership.flow);
    users_.return_server(membership.user);
}

std::uint32_t WaiterQueue::vacant_place() {
    if (vacant_ == none) {
        places_.emplace_back();
        return static_cast<std::uint32_t>(places_.size() - 1);
    }
    const std::uint32_t index = vacant_;
    vacant_ = places_[index].after;
    return index;
}

WaiterId WaiterQueue::push(const Waiter& waiter) {
    const std::uint32_t index = vacant_place();
    Place& place = places_[index];
    place = Place{.waiter = waiter, .number = arrivals_++, .older = newest_, .is_taken = true};
    (newest_ == none ? oldest_ : places_[newest_].newer) = index;
    newest_ = index;
    append(index);
    ++size_;
    return WaiterId{index};
}

// To its flow's line.
void WaiterQueue::append(std::uint32_t index) {
    const auto flow = static_cast<std::uint32_t>(places_[index].waiter.membership.flow);
    Ring& ring = rings_[ring_of(places_[index].waiter)];
    if (ring.lines.size() <= flow) ring.lines.resize(flows_.places());
    if (waiting_.size() <= flow) waiting_.resize(flows_.places());
    Line& line = ring.lines[flow];
    places_[index].before = line.last;
    if (line.last == none) {
        line.first = index;
        line.turns = flows_.weight(ShareId{flow});
        link(ring, flow);
    } else {
        places_[line.last].after = index;
    }
    line.last = index;
    ++ring.waiters;
    if (waiting_[flow]++ == 0) ++waiting_flows_;
}

// As the last one in turn.
void WaiterQueue::link(Ring& ring, std::uint32_t flow) {
    Line& line = ring.lines[flow];
    if (ring.head == none) {
        ring.head = line.previous = line.next = flow;
        return;
    }
    line.next = ring.head;
    line.previous = ring.lines[ring.head].previous;
    ring.lines[line.previous].next = flow;
    ring.lines[ring.head].previous = flow;
}

void WaiterQueue::unlink(Ring& ring, std::uint32_t flow) {
    Line& line = ring.lines[flow];
    if (line.next == flow) {
        ring.head = none;
    } else {
        ring.lines[line.previous].next = line.next;
        ring.lines[line.next].previous = line.previous;
        if (ring.head == flow) ring.head = line.next;
    }
    line.previous = line.next = none;
}

bool WaiterQueue::is_capped(const Waiter& waiter) const {
    const Membership& membership = waiter.membership;
    return flows_.servers(membership.flow) >= limits_.max_flow_servers || users_.servers(membership.user) >= limits_.max_user_servers;
}

std::uint32_t WaiterQueue::first_of(const Ring& ring, Caps caps) const {
    if (ring.head == none) return none;
    std::uint32_t flow = ring.head;
    do {
        const Line& line = ring.lines[flow];
        if (caps == Caps::waived || !is_capped(places_[line.first].waiter)) return line.first;
        flow = line.next;
    } while (flow != ring.head);
    return none;
}

// Between the two wishes whoever came first.
std::uint32_t WaiterQueue::first_of(Priority priority, bool pins, Caps caps) const {
    const std::uint32_t plain = first_of(rings_[ring_of(priority, Wish::server)], caps);
    const std::uint32_t pinning = pins ? first_of(rings_[ring_of(priority, Wish::pin)], caps) : none;
    if (plain == none || pinning == none) return plain == none ? pinning : plain;
    return places_[plain].number < places_[pinning].number ? plain : pinning;
}

std::uint32_t WaiterQueue::choose(Eligible eligible, Caps caps) const {
    const std::uint32_t high = first_of(Priority::high, eligible.pins, caps);
    if (high != none && (high_in_a_row_ < max_high_in_a_row || !eligible.normal)) return high;
    const std::uint32_t normal = eligible.normal ? first_of(Priority::normal, eligible.pins, caps) : none;
    return normal == none ? high : normal;
}

std::optional<WaiterId> WaiterQueue::next(Eligible eligible) const {
    if (empty()) return std::nullopt;
    std::uint32_t index = choose(eligible, Caps::kept);
    // A cap binds only while somebody else can use the server.
    if (index == none) index = choose(eligible, Caps::waived);
    if (index == none) return std::nullopt;
    return WaiterId{index};
}

Waiter WaiterQueue::take(WaiterId id) {
    const Waiter waiter = remove(id);
    high_in_a_row_ = waiter.membership.priority == Priority::high ? high_in_a_row_ + 1 : 0;
    Ring& ring = rings_[ring_of(waiter)];
    const auto flow = static_cast<std::uint32_t>(waiter.membership.flow);
    Line& line = ring.lines[flow];
    if (line.first != none && --line.turns <= 0) {
        unlink(ring, flow);
        line.turns = flows_.weight(ShareId{flow});
        link(ring, flow);
    }
    return waiter;
}

Waiter WaiterQueue::remove(WaiterId id) {
    const auto index = static_cast<std::uint32_t>(id);
    Place& place = places_[index];
    assert(place.is_taken);
    const auto flow = static_cast<std::uint32_t>(place.waiter.membership.flow);
    Ring& ring = rings_[ring_of(place.waiter)];
    Line& line = ring.lines[flow];
    (place.before == none ? line.first : places_[place.before].after) = place.after;
    (place.after == none ? line.last : places_[place.after].before) = place.before;
    if (line.first == none) unlink(ring, flow);
    (place.older == none ? oldest_ : places_[place.older].newer) = place.newer;
    (place.newer == none ? newest_ : places_[place.newer].older) = place.older;
    --ring.waiters;
    if (--waiting_[flow] == 0) --waiting_flows_;
    --size_;
    place.is_taken = false;
    place.after = vacant_;
    vacant_ = index;
    return place.waiter;
}

std::optional<Waiter> WaiterQueue::remove_oldest() {
    if (empty()) return std::nullopt;
    return remove(WaiterId{oldest_});
}

std::uint32_t WaiterQueue::last_of_long_flow(const Ring& ring, std::size_t share) const {
    if (ring.head == none) return none;
    std::uint32_t flow = ring.head;
    do {
        if (waiting_[flow] > share) return ring.lines[flow].last;
        flow = ring.lines[flow].next;
    } while (flow != ring.head);
    return none;
}

std::optional<WaiterId> WaiterQueue::displaced_by(const Membership& newcomer) const {
    const std::size_t own = waiting(newcomer.flow);
    const std::size_t share = size_ / (waiting_flows_ + (own == 0 ? 1 : 0));
    if (own >= share) return std::nullopt;
    for (const Priority priority : {Priority::normal, Priority::high}) {
        if (priority > newcomer.priority) break;
        for (const Wish wish : {Wish::server, Wish::pin}) {
            const std::uint32_t last = last_of_long_flow(rings_[ring_of(priority, wish)], share);
            if (last != none) return WaiterId{last};
        }
    }
    return std::nullopt;
}

bool WaiterQueue::holds(WaiterId id, const ClientId& client) const {
    const auto index = static_cast<std::uint32_t>(id);
    return index < places_.size() && places_[index].is_taken && places_[index].waiter.client == client;
}

}  // namespace pgweir::proxy
