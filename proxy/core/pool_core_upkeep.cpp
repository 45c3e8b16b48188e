// How many servers there are: logins and their outcomes, limits, rotation, the end.
#include "proxy/core/pool_core.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// Server logins of one pool under way at once. Chosen: a login costs the upstream a fork
// and us 6 ms of PBKDF2; more at once only makes each slower (design: at most 2).
constexpr int max_logins_in_flight = 2;

}  // namespace

void PoolCore::set_limits(const PoolCoreLimits& limits, TimePoint now, PoolActions& actions) {
    limits_ = limits;
    breaker_.set_limits(limits.breaker);
    grow(limits.pool_size);
    pacer_.reset();
    breaker_.usage_changed(in_use(), effective_size(now), now);
    retire_idle(now, actions);
    waiters_.set_limits(limits.shares);
    serve_waiters(now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::logged_in(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    const auto index = static_cast<std::uint32_t>(server);
    ++dials_[static_cast<std::size_t>(DialOutcome::ok)];
    if (!places_[index].is_outdated) {
        pacer_.finished(DialOutcome::ok, total(), std::nullopt, now);
        wants_welcome_ = false;
    }
    places_[index].opened_at = now;
    places_[index].ordinal = lifetimes_++;
    hand_on(index, thread, ServerEvent::log_in, now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::login_failed(ServerId server, DialOutcome outcome, std::optional<int> upstream_limit, TimePoint now,
                            PoolActions& actions) {
    ++dials_[static_cast<std::size_t>(outcome)];
    transition(static_cast<std::uint32_t>(server), ServerEvent::fail, now);
    // What the old connection string led to says nothing about the new one.
    if (places_[index_of(server)].is_outdated) {
        dial_if_needed(now, actions);
        return;
    }
    const int established = total() - count(ServerState::connecting) - count(ServerState::closing);
    pacer_.finished(outcome, established, upstream_limit, now);
    if (pacer_.is_hopeless()) wants_welcome_ = false;
    effective_size(now);
    if (pacer_.is_hopeless() && established == 0) refuse_waiters(RefusalReason::upstream_unavailable, now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::want_welcome(TimePoint now, PoolActions& actions) {
    wants_welcome_ = true;
    dial_if_needed(now, actions);
}

bool PoolCore::is_hopeless(TimePoint now) const {
    return pacer_.is_hopeless() && !pacer_.may_dial(now) && total() == count(ServerState::closing);
}

void PoolCore::dial_if_needed(TimePoint now, PoolActions& actions) {
    if (is_retired_ || !pacer_.may_dial(now)) return;
    const int size = effective_size(now);
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
        const int connecting = count(ServerState::connecting);
        const int needed = std::max({waiting_for_servers(), limits_.min_pool_size - (total() - connecting),
                                     wants_welcome_ ? 1 : 0});
        // After a failure one login at a time feels the way.
        const int in_flight = pacer_.is_failing() ? 1 : max_logins_in_flight;
        if (connecting >= std::min(needed, in_flight) || total() >= size) return;
        if (places_[index].state != ServerState::vacant) continue;
        transition(index, ServerEvent::dial, now);
        places_[index].is_outdated = false;
        actions.push_back(PoolAction{.kind = PoolAction::Kind::dial, .server = ServerId{index}});
    }
}

void PoolCore::retire(TimePoint now, PoolActions& actions) {
    is_retired_ = true;
    refuse_waiters(RefusalReason::draining, now, actions);
    retire_idle(now, actions);
}

void PoolCore::rotate_all(TimePoint now, PoolActions& actions) {
    for (Place& place : places_)
        if (place.state != ServerState::vacant) place.is_outdated = true;
    pacer_.reset();
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
    facts.usage = breaker_.usage(now);
    facts.warning_share = limits_.breaker.open_above.value_or(facts.warning_share);
    facts.warning = breaker_.is_warning(now);
    facts.flows = static_cast<int>(waiters_.flows().size());
    facts.longest_wait = waiters_.empty() ? Duration::zero() : now - waiters_.oldest()->since;
    facts.retry_after = breaker_.retry_after(now);
    facts.breaker = breaker_.state();
    facts.breaker_entered = breaker_entered_;
    facts.refusals = refusals_;
    facts.dials = dials_;
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
