// Where servers come from: when to log in, what the outcome teaches about the upstream, and
// whom to tell.
#include "proxy/core/pool_core.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

void PoolCore::logged_in(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions) {
    const auto index = static_cast<std::uint32_t>(server);
    Place& place = places_[index];
    ++dials_[static_cast<std::size_t>(DialOutcome::ok)];
    if (!place.is_outdated) {
        pacer_.finished(DialOutcome::ok, now);
        ceiling_.succeeded(total() - count(ServerState::connecting) + 1, place.is_probe, now);
        if (upstream_.login_succeeded(now)) tell_upstream(actions);
        wants_welcome_ = false;
    }
    place.opened_at = now;
    place.ordinal = lifetimes_++;
    update_size(now, actions);
    hand_on(index, thread, ServerEvent::log_in, now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::login_failed(ServerId server, DialOutcome outcome, std::optional<int> upstream_limit, TimePoint now,
                            PoolActions& actions) {
    ++dials_[static_cast<std::size_t>(outcome)];
    transition(static_cast<std::uint32_t>(server), ServerEvent::fail, now);
    const Place& place = places_[index_of(server)];
    // What the old connection string led to says nothing about the new one.
    if (place.is_outdated) {
        dial_if_needed(now, actions);
        return;
    }
    const bool is_capacity = outcome == DialOutcome::capacity;
    if (is_capacity) ceiling_.refused(total() - count(ServerState::connecting), upstream_limit, place.is_probe, now);
    if (!is_capacity || !place.is_probe) pacer_.finished(outcome, now);
    if (upstream_.login_failed(outcome, now - place.dialled_at, live() > 0, now)) tell_upstream(actions);
    update_size(now, actions);
    refuse_if_hopeless(now, actions);
    dial_if_needed(now, actions);
}

void PoolCore::want_welcome(TimePoint now, PoolActions& actions) {
    wants_welcome_ = true;
    dial_if_needed(now, actions);
}

bool PoolCore::is_hopeless(TimePoint now) const { return upstream_.is_refusing(now); }

void PoolCore::judge_upstream(TimePoint now, PoolActions& actions) {
    // The last server may have died while no login is to be tried for long.
    const int connecting = count(ServerState::connecting);
    if (live() == 0 && connecting == 0 && !pacer_.may_dial(connecting, now) && upstream_.servers_gone(now))
        tell_upstream(actions);
    refuse_if_hopeless(now, actions);
}

void PoolCore::refuse_if_hopeless(TimePoint now, PoolActions& actions) {
    if (!is_hopeless(now)) return;
    wants_welcome_ = false;
    refuse_waiters(RefusalReason::upstream_unavailable, now, actions);
}

// Logins that somebody needs or that keep min_pool_size. While the upstream breaker is not closed one tries
// whether the outage has ended, whoever is there: a health check must see its end without a client.
int PoolCore::wanted_logins() const {
    const int connecting = count(ServerState::connecting);
    const bool is_on_its_own = wants_welcome_ || upstream_.state() != UpstreamState::closed;
    return std::max({waiting_for_servers(), limits_.min_pool_size - (total() - connecting), is_on_its_own ? 1 : 0});
}

// Beyond the learned ceiling one login at a time, and only if more would be of use: somebody waits, or
// usage of what there is keeps new clients out.
bool PoolCore::may_probe(TimePoint now) const {
    return total() < limits_.pool_size && count(ServerState::connecting) == 0 && ceiling_.may_probe(now) &&
           (waiting_for_servers() > 0 || breaker_.is_warning(now));
}

void PoolCore::dial_if_needed(TimePoint now, PoolActions& actions) {
    for (std::uint32_t index = 0; !is_retired_ && !is_paused_ && index < places_.size(); ++index) {
        const int connecting = count(ServerState::connecting);
        if (!pacer_.may_dial(connecting, now)) return;
        const bool is_probe = total() >= size_now_;
        if (is_probe ? !may_probe(now) : connecting >= wanted_logins()) return;
        Place& place = places_[index];
        if (place.state != ServerState::vacant) continue;
        transition(index, ServerEvent::dial, now);
        place.is_outdated = false;
        place.is_probe = is_probe;
        place.dialled_at = now;
        actions.push_back(PoolAction{.kind = PoolAction::Kind::dial, .server = ServerId{index}});
        if (upstream_.login_began(now)) tell_upstream(actions);
    }
}

void PoolCore::update_size(TimePoint now, PoolActions& actions) {
    const int size = ceiling_.effective(limits_.pool_size);
    const int before = std::exchange(size_now_, size);
    const bool was_lowered = std::exchange(is_lowered_, size < limits_.pool_size);
    if (size == before) return;
    breaker_.usage_changed(in_use(), size, now);
    if (!was_lowered && !is_lowered_) return;   // it is the configuration that has changed
    actions.push_back(PoolAction{
        .kind = PoolAction::Kind::tell_ceiling, .size = size, .configured_size = limits_.pool_size});
}

void PoolCore::tell_upstream(PoolActions& actions) const {
    actions.push_back(
        PoolAction{.kind = PoolAction::Kind::tell_upstream, .upstream = upstream_.state(), .outcome = upstream_.reason()});
}

// A new configuration may be the repair: whatever was learned about the upstream is void.
void PoolCore::forget_upstream(TimePoint now, PoolActions& actions) {
    pacer_.reset();
    ceiling_.forget();
    if (upstream_.forget(now)) tell_upstream(actions);
    update_size(now, actions);
}

}  // namespace pgweir::proxy
