#include "proxy/core/pool_core.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::proxy {
namespace {

constexpr bool counts_as_used(ServerState state) {
    return state == ServerState::leased || state == ServerState::recovering;
}

// Afterwards a session's state is another client's, or new.
constexpr bool begins_anew(ServerEvent event) {
    return event == ServerEvent::lease || event == ServerEvent::log_in || event == ServerEvent::recover;
}

}  // namespace

PoolCore::PoolCore(const PoolCoreLimits& limits, std::size_t threads, std::uint32_t seed, TimePoint now)
    : limits_(limits), idle_(threads, none), jitter_(seed), pacer_(seed), breaker_(limits.breaker, now), size_now_(limits.pool_size) {
    waiters_.set_limits(limits.shares);
    grow(limits.pool_size);
}

void PoolCore::grow(int size) {
    const auto wanted = static_cast<std::size_t>(size);
    if (wanted <= places_.size()) return;
    counts_[static_cast<std::size_t>(ServerState::vacant)] += static_cast<int>(wanted - places_.size());
    places_.resize(wanted);
}

// The only place that assigns a state; keeps counts, lists and the breaker's input in step.
// A pin ends with its lease.
void PoolCore::transition(std::uint32_t index, ServerEvent event, TimePoint now) {
    Place& place = places_[index];
    const std::optional<ServerState> to = next(place.state, event);
    assert(to);
    if (!to) return;
    const ServerState from = place.state;
    --counts_[static_cast<std::size_t>(from)];
    ++counts_[static_cast<std::size_t>(*to)];
    if (from == ServerState::idle) unlink_idle(index);
    if (from == ServerState::leased) {
        change_pin(index, std::nullopt);
        waiters_.returned_server(place.membership);
        releases_.released(now);
    }
    if (begins_anew(event)) ++place.lease_number;
    place.state = *to;
    if (*to == ServerState::idle) {
        place.idle_since = now;
        link_idle(index);
    }
    if (counts_as_used(from) != counts_as_used(*to)) breaker_.usage_changed(in_use(), size_now_, now);
}

void PoolCore::link_idle(std::uint32_t index) {
    Place& place = places_[index];
    std::uint32_t& head = idle_[index_of(place.thread)];
    place.before = none;
    place.after = head;
    if (head != none) places_[head].before = index;
    head = index;
}

void PoolCore::unlink_idle(std::uint32_t index) {
    Place& place = places_[index];
    (place.before == none ? idle_[index_of(place.thread)] : places_[place.before].after) = place.after;
    if (place.after != none) places_[place.after].before = place.before;
}

int PoolCore::total() const { return static_cast<int>(places_.size()) - count(ServerState::vacant); }

int PoolCore::in_use() const { return count(ServerState::leased) + count(ServerState::recovering); }

int PoolCore::live() const { return total() - count(ServerState::connecting) - count(ServerState::closing); }

std::uint32_t PoolCore::newest_idle(ThreadIndex preferred) const {
    if (const std::uint32_t own = idle_[index_of(preferred)]; own != none) return own;
    for (const std::uint32_t head : idle_)
        if (head != none) return head;
    return none;
}

std::uint32_t PoolCore::find_idle(const ClientId& client, const std::optional<LeaseMark>& wanted) const {
    if (wanted && index_of(wanted->server) < places_.size() && state_of(wanted->server) == ServerState::idle &&
        mark_of(wanted->server) == *wanted)
        return static_cast<std::uint32_t>(wanted->server);
    return newest_idle(client.thread);
}

Acquired PoolCore::acquire(const Claimant& claimant, Wish wish, const std::optional<LeaseMark>& wanted, TimePoint now,
                           PoolActions& actions) {
    // Whoever waits goes first: an idle server beside somebody who may have it cannot be, because servers are handed on.
    if (const std::uint32_t index = find_idle(claimant.client, wanted); index != none && may_go(claimant.membership, wish)) {
        const Place& place = places_[index];
        const bool needs_check = now - place.idle_since >= limits_.server_check_delay;
        lease(index, claimant.membership, wish, now);
        const LeaseMark mark = mark_of(ServerId{index});
        return Acquired{.kind = Acquired::Kind::granted,
                        .server = ServerId{index},
                        .from = place.thread,
                        .needs_check = needs_check,
                        .mark = mark,
                        .is_untouched = wanted && follows(mark, *wanted)};
    }
    const auto refuse = [this](RefusalReason reason) {
        ++refusals_[static_cast<std::size_t>(reason)];
        return Acquired{.kind = Acquired::Kind::refused, .reason = reason};
    };
    if (is_retired_) return refuse(RefusalReason::draining);
    if (is_hopeless(now)) return refuse(RefusalReason::upstream_unavailable);
    const bool is_full = waiters_.size() >= static_cast<std::size_t>(limits_.max_waiting);
    if (is_full) refused_at_ = now;
    if (is_full && !make_room(claimant.membership, now, actions)) return refuse(RefusalReason::queue_full);
    const WaiterId waiter = waiters_.push(Waiter{claimant.client, now, wish, claimant.membership});
    dial_if_needed(now, actions);
    return Acquired{.kind = Acquired::Kind::waiting, .waiter = waiter};
}

bool PoolCore::make_room(const Membership& newcomer, TimePoint now, PoolActions& actions) {
    const std::optional<WaiterId> displaced = waiters_.displaced_by(newcomer);
    if (displaced) refuse_waiter(waiters_.remove(*displaced), RefusalReason::queue_full, now, actions);
    return displaced.has_value();
}

bool PoolCore::may_go(const Membership& membership, Wish wish) const {
    const Eligible eligible = who_may_go();
    return (wish == Wish::server || eligible.pins) && (membership.priority == Priority::high || eligible.normal);
}

bool PoolCore::leave_queue(WaiterId waiter, const ClientId& client) {
    if (!waiters_.holds(waiter, client)) return false;
    waiters_.remove(waiter);
    return true;
}

bool PoolCore::is_surplus(const Place& place, TimePoint now) const {
    const int staying = total() - count(ServerState::closing);
    return is_retired_ || place.is_outdated || staying > limits_.pool_size ||
           (is_old(place, now) && count(ServerState::closing) == 0);
}

void PoolCore::hand_on(std::uint32_t index, ThreadIndex thread, ServerEvent event, TimePoint now, PoolActions& actions) {
    Place& place = places_[index];
    place.thread = thread;
    transition(index, event, now);
    if (is_surplus(place, now)) {
        close_idle(index, now, actions);
        return;
    }
    if (const std::optional<WaiterId> waiter = waiters_.next(who_may_go())) grant(index, *waiter, now, actions);
}

void PoolCore::lease(std::uint32_t index, const Membership& membership, Wish wish, TimePoint now) {
    transition(index, ServerEvent::lease, now);
    places_[index].membership = membership;
    waiters_.took_server(membership);
    if (wish == Wish::pin) change_pin(index, Pin{std::nullopt, now});
}

// Requires: the server is idle.
void PoolCore::grant(std::uint32_t index, WaiterId id, TimePoint now, PoolActions& actions) {
    const Waiter waiter = waiters_.take(id);
    lease(index, waiter.membership, waiter.wish, now);
    actions.push_back(PoolAction{.kind = PoolAction::Kind::grant,
                                 .server = ServerId{index},
                                 .client = waiter.client,
                                 .from = places_[index].thread,
                                 .waited = now - waiter.since});
}

void PoolCore::release(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    hand_on(static_cast<std::uint32_t>(server), thread, ServerEvent::release, now, actions);
    serve_waiters(now, actions);
}

void PoolCore::abandon(ServerId server, TimePoint now, PoolActions& actions) {
    transition(static_cast<std::uint32_t>(server), ServerEvent::abandon, now);
    serve_waiters(now, actions);
}

void PoolCore::recovered(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    hand_on(static_cast<std::uint32_t>(server), thread, ServerEvent::recover, now, actions);
    serve_waiters(now, actions);
}

bool PoolCore::begin_inspection(ServerId server, ThreadIndex thread, TimePoint now) {
    const Place& place = places_[index_of(server)];
    if (place.state != ServerState::idle || place.thread != thread) return false;
    transition(static_cast<std::uint32_t>(server), ServerEvent::inspect, now);
    return true;
}

void PoolCore::end_inspection(ServerId server, TimePoint now, PoolActions& actions) {
    const ThreadIndex thread = places_[index_of(server)].thread;
    hand_on(static_cast<std::uint32_t>(server), thread, ServerEvent::reassure, now, actions);
}

void PoolCore::close(ServerId server, TimePoint now, PoolActions& actions) {
    transition(static_cast<std::uint32_t>(server), ServerEvent::close, now);
    serve_waiters(now, actions);
}

void PoolCore::close_idle(std::uint32_t index, TimePoint now, PoolActions& actions) {
    transition(index, ServerEvent::close, now);
    actions.push_back(PoolAction{
        .kind = PoolAction::Kind::close, .server = ServerId{index}, .from = places_[index].thread});
}

void PoolCore::closed(ServerId server, TimePoint now, PoolActions& actions) {
    ceiling_.ended(total() - count(ServerState::connecting), now);
    transition(static_cast<std::uint32_t>(server), ServerEvent::vanish, now);
    dial_if_needed(now, actions);
}

void PoolCore::refuse_waiter(const Waiter& waiter, RefusalReason reason, TimePoint now, PoolActions& actions) {
    ++refusals_[static_cast<std::size_t>(reason)];
    if (reason == RefusalReason::queue_timeout) refused_at_ = now;
    actions.push_back(PoolAction{.kind = PoolAction::Kind::refuse,
                                 .client = waiter.client,
                                 .reason = reason,
                                 .waited = now - waiter.since});
}

void PoolCore::refuse_waiters(RefusalReason reason, TimePoint now, PoolActions& actions) {
    while (const std::optional<Waiter> waiter = waiters_.remove_oldest()) refuse_waiter(*waiter, reason, now, actions);
}

bool PoolCore::admits_login(TimePoint now) {
    const bool admitted = breaker_.admits_login(now);
    if (admitted) return true;
    ++refusals_[static_cast<std::size_t>(RefusalReason::breaker_open)];
    refused_at_ = now;
    return false;
}

bool PoolCore::is_wanted(TimePoint now) const {
    if (refused_at_ && now - *refused_at_ <= limits_.breaker.window) return true;
    // Those who wait for no more than a login or a recovery are not helped.
    const int dialled = pacer_.is_failing() ? 0 : count(ServerState::connecting) + std::max(size_now_ - total(), 0);
    return waiting_for_servers() > dialled + count(ServerState::recovering);
}

RefusalReason PoolCore::wait_ended_reason(const Waiter& waiter) const {
    if (pacer_.is_failing() && live() == 0) return RefusalReason::upstream_unavailable;
    return waiter.wish == Wish::pin && !may_pin() ? RefusalReason::pin_limit : RefusalReason::queue_timeout;
}

bool PoolCore::tick(TimePoint now, PoolActions& actions) {
    const Duration timeout = limits_.query_wait_timeout;
    while (timeout > Duration::zero() && !waiters_.empty() && now - waiters_.oldest()->since >= timeout) {
        const Waiter waiter = *waiters_.remove_oldest();
        refuse_waiter(waiter, wait_ended_reason(waiter), now, actions);
    }
    judge_upstream(now, actions);
    serve_waiters(now, actions);
    retire_idle(now, actions);
    dial_if_needed(now, actions);
    const bool changed = breaker_.tick(now);
    if (changed) ++breaker_entered_[static_cast<std::size_t>(breaker_.state())];
    return changed;
}

ThreadIndex PoolCore::thread_for_new_server() {
    if (const std::optional<WaiterId> waiter = waiters_.next(who_may_go())) return waiters_[*waiter].client.thread;
    return ThreadIndex{next_thread_++ % static_cast<std::uint32_t>(idle_.size())};
}

}  // namespace pgweir::proxy
