// How many servers there are: limits, rotation, the end; and what a scrape sees of it.
#include "proxy/core/pool_core.hpp"

#include <algorithm>

namespace pgweir::proxy {
void PoolCore::set_limits(const PoolCoreLimits& limits, TimePoint now, PoolActions& actions) {
    limits_ = limits;
    breaker_.set_limits(limits.breaker);
    grow(limits.pool_size);
    forget_upstream(now, actions);
    retire_idle(now, actions);
    waiters_.set_limits(limits.shares);
    serve_waiters(now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::retire(TimePoint now, PoolActions& actions) {
    is_retired_ = true;
    refuse_waiters(RefusalReason::draining, now, actions);
    retire_idle(now, actions);
}

void PoolCore::rotate_all(TimePoint now, PoolActions& actions) {
    for (Place& place : places_)
        if (place.state != ServerState::vacant) place.is_outdated = true;
    forget_upstream(now, actions);
    retire_idle(now, actions);
    dial_if_needed(now, actions);
}

PoolFacts PoolCore::facts(TimePoint now) const {
    PoolFacts facts;
    facts.servers = counts_;
    facts.pool_size = limits_.pool_size;
    facts.effective_size = size_now_;
    facts.in_use = in_use();
    facts.max_pinned = limits_.max_pinned;
    facts.pinned = pinned_;
    facts.pins = pins_;
    facts.pins_started = pins_started_;
    facts.pins_over_limit = pins_over_limit_;
    facts.longest_pin = longest_pin(now);
    facts.waiting = static_cast<int>(waiters_.size());
    facts.max_waiting = limits_.max_waiting;
    facts.usage = breaker_.usage(now);
    facts.warning_share = limits_.breaker.open_above.value_or(facts.warning_share);
    facts.is_breaker_enabled = limits_.breaker.open_above.has_value();
    facts.warning = breaker_.is_warning(now);
    facts.flows = static_cast<int>(waiters_.flows().size());
    facts.longest_wait = waiters_.empty() ? Duration::zero() : now - waiters_.oldest()->since;
    facts.retry_after = breaker_.retry_after(now);
    facts.breaker = breaker_state();
    facts.is_breaker_forced = forced_breaker_.has_value();
    facts.is_paused = is_paused_;
    facts.breaker_entered = breaker_entered_;
    facts.refusals = refusals_;
    facts.dials = dials_;
    facts.upstream = upstream_.state();
    facts.upstream_entered = upstream_.entered();
    facts.upstream_retry_after = retry_after(RefusalReason::upstream_unavailable, now);
    return facts;
}

// Lifetimes differ by up to 10 % either way, so that servers made together do not end together.
bool PoolCore::is_old(const Place& place, TimePoint now) const {
    const int percent = 90 + static_cast<int>((place.ordinal * 7U) % 21U);
    return limits_.server_lifetime > Duration::zero() && now - place.opened_at >= limits_.server_lifetime * percent / 100;
}

// Closes idle servers that are too many, outdated, too old or idle for too long. Of those
// that only grew old, one at a time.
void PoolCore::retire_idle(TimePoint now, PoolActions& actions) {
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
        const Place& place = places_[index];
        if (place.state != ServerState::idle) continue;
        const bool idle_for_long = limits_.server_idle_timeout > Duration::zero() &&
                                   now - place.idle_since >= limits_.server_idle_timeout &&
                                   total() - count(ServerState::closing) > limits_.min_pool_size;
        if (idle_for_long || is_surplus(place, now)) close_idle(index, now, actions);
    }
}

}  // namespace pgweir::proxy
