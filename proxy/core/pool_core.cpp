#include "proxy/core/pool_core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgweir::proxy {
namespace {

constexpr bool counts_as_used(ServerState state) {
    return state == ServerState::leased || state == ServerState::recovering;
}

}  // namespace

PoolCore::PoolCore(const PoolCoreLimits& limits, std::size_t threads, std::uint32_t seed, TimePoint now)
    : limits_(limits), idle_(threads, none), pacer_(seed), breaker_(limits.breaker, now), size_now_(limits.pool_size) {
    grow(limits.pool_size);
}

void PoolCore::grow(int size) {
    const auto wanted = static_cast<std::size_t>(size);
    if (wanted <= places_.size()) return;
    counts_[static_cast<std::size_t>(ServerState::vacant)] += static_cast<int>(wanted - places_.size());
    places_.resize(wanted);
}

// The only place that assigns a state; keeps counts, lists and the breaker's input in step.
void PoolCore::transition(std::uint32_t index, ServerEvent event, TimePoint now) {
    Place& place = places_[index];
    const std::optional<ServerState> to = next(place.state, event);
    assert(to);
    if (!to) return;
    const ServerState from = place.state;
    --counts_[static_cast<std::size_t>(from)];
    ++counts_[static_cast<std::size_t>(*to)];
    if (from == ServerState::idle) unlink_idle(index);
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

int PoolCore::effective_size(TimePoint now) {
    const int size = pacer_.effective_size(limits_.pool_size, now);
    if (size != std::exchange(size_now_, size)) breaker_.usage_changed(in_use(), size, now);
    return size;
}

std::uint32_t PoolCore::newest_idle(ThreadIndex preferred) const {
    if (const std::uint32_t own = idle_[index_of(preferred)]; own != none) return own;
    for (const std::uint32_t head : idle_)
        if (head != none) return head;
    return none;
}

Acquired PoolCore::acquire(const ClientId& client, TimePoint now, PoolActions& actions) {
    // Whoever waits goes first: an idle server beside a queue cannot be, because servers are handed on.
    if (const std::uint32_t index = newest_idle(client.thread); index != none) {
        const Place& place = places_[index];
        const bool needs_check = now - place.idle_since >= limits_.server_check_delay;
        const ThreadIndex from = place.thread;
        transition(index, ServerEvent::lease, now);
        return Acquired{Acquired::Kind::granted, ServerId{index}, from, needs_check};
    }
    const auto refuse = [this](RefusalReason reason) {
        ++refusals_[static_cast<std::size_t>(reason)];
        return Acquired{.kind = Acquired::Kind::refused, .reason = reason};
    };
    if (is_retired_) return refuse(RefusalReason::draining);
    if (is_hopeless(now)) return refuse(RefusalReason::upstream_unavailable);
    if (waiters_.size() >= static_cast<std::size_t>(limits_.max_waiting)) return refuse(RefusalReason::queue_full);
    const WaiterId waiter = waiters_.push(Waiter{client, now});
    dial_if_needed(now, actions);
    return Acquired{.kind = Acquired::Kind::waiting, .waiter = waiter};
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
    const std::optional<Waiter> waiter = waiters_.pop();
    if (!waiter) return;
    transition(index, ServerEvent::lease, now);
    actions.push_back(PoolAction{.kind = PoolAction::Kind::grant,
                                 .server = ServerId{index},
                                 .client = waiter->client,
                                 .from = thread,
                                 .waited = now - waiter->since});
}

void PoolCore::release(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    set_pinned(server, false);
    hand_on(static_cast<std::uint32_t>(server), thread, ServerEvent::release, now, actions);
}

void PoolCore::abandon(ServerId server, TimePoint now) {
    set_pinned(server, false);
    transition(static_cast<std::uint32_t>(server), ServerEvent::abandon, now);
}

void PoolCore::recovered(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    hand_on(static_cast<std::uint32_t>(server), thread, ServerEvent::recover, now, actions);
}

void PoolCore::set_pinned(ServerId server, bool is_pinned) {
    Place& place = places_[index_of(server)];
    pinned_ += static_cast<int>(is_pinned) - static_cast<int>(place.is_pinned);
    place.is_pinned = is_pinned;
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

void PoolCore::close(ServerId server, TimePoint now) {
    set_pinned(server, false);
    transition(static_cast<std::uint32_t>(server), ServerEvent::close, now);
}

void PoolCore::close_idle(std::uint32_t index, TimePoint now, PoolActions& actions) {
    transition(index, ServerEvent::close, now);
    actions.push_back(PoolAction{
        .kind = PoolAction::Kind::close, .server = ServerId{index}, .from = places_[index].thread});
}

void PoolCore::closed(ServerId server, TimePoint now, PoolActions& actions) {
    transition(static_cast<std::uint32_t>(server), ServerEvent::vanish, now);
    dial_if_needed(now, actions);
}

void PoolCore::refuse_waiters(RefusalReason reason, TimePoint now, PoolActions& actions) {
    while (const std::optional<Waiter> waiter = waiters_.pop()) {
        ++refusals_[static_cast<std::size_t>(reason)];
        actions.push_back(PoolAction{.kind = PoolAction::Kind::refuse,
                                     .client = waiter->client,
                                     .reason = reason,
                                     .waited = now - waiter->since});
    }
}

bool PoolCore::admits_login() {
    const bool admitted = breaker_.admits_login();
    if (!admitted) ++refusals_[static_cast<std::size_t>(RefusalReason::breaker_open)];
    return admitted;
}

Duration PoolCore::retry_after(RefusalReason reason, TimePoint now) const {
    if (reason == RefusalReason::upstream_unavailable) return std::max<Duration>(pacer_.not_before() - now, Duration::zero());
    return breaker_.retry_after(now);
}

RefusalReason PoolCore::wait_ended_reason() const {
    const bool none_live = total() == count(ServerState::connecting) + count(ServerState::closing);
    return pacer_.is_failing() && none_live ? RefusalReason::upstream_unavailable : RefusalReason::queue_timeout;
}

bool PoolCore::tick(TimePoint now, PoolActions& actions) {
    const Duration timeout = limits_.query_wait_timeout;
    while (timeout > Duration::zero() && !waiters_.empty() && now - waiters_.front().since >= timeout) {
        const Waiter waiter = *waiters_.pop();
        const RefusalReason reason = wait_ended_reason();
        ++refusals_[static_cast<std::size_t>(reason)];
        actions.push_back(PoolAction{.kind = PoolAction::Kind::refuse,
                                     .client = waiter.client,
                                     .reason = reason,
                                     .waited = now - waiter.since});
    }
    // The last server may have died while no login is to be tried for long.
    if (is_hopeless(now)) refuse_waiters(RefusalReason::upstream_unavailable, now, actions);
    effective_size(now);
    retire_idle(now, actions);
    dial_if_needed(now, actions);
    const bool changed = breaker_.tick(now);
    if (changed) ++breaker_entered_[static_cast<std::size_t>(breaker_.state())];
    return changed;
}

ThreadIndex PoolCore::thread_for_new_server() {
    if (!waiters_.empty()) return waiters_.front().client.thread;
    return ThreadIndex{next_thread_++ % static_cast<std::uint32_t>(idle_.size())};
}

}  // namespace pgweir::proxy
