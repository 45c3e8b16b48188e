#include "proxy/simulation/pool_port.hpp"

#include <optional>
#include <utility>

namespace pgweir::proxy {
namespace {

// Time is virtual and happens on one thread.
constexpr std::size_t threads = 1;
constexpr ThreadIndex only_thread{0};

DialOutcome outcome_of(UpstreamOutcome outcome) {
    switch (outcome) {
    case UpstreamOutcome::ok: return DialOutcome::ok;
    case UpstreamOutcome::no_capacity: return DialOutcome::capacity;
    case UpstreamOutcome::unreachable: return DialOutcome::transient;
    }
    return DialOutcome::transient;
}

// With the weights and the reserve that the flows ask for.
PoolCoreLimits limits_for(const std::vector<SimulatedFlow>& flows, PoolCoreLimits limits) {
    for (const SimulatedFlow& flow : flows) {
        limits.shares.weights[flow.name] = flow.weight;
        if (flow.priority == Priority::high) limits.reserved_for_high = reserve_for_high(limits.pool_size);
    }
    return limits;
}

}  // namespace

PoolPort::PoolPort(const PoolCoreLimits& limits, const config::ClientLimits& client_limits, std::vector<SimulatedFlow> flows,
                   int seed, TimePoint now)
    : core_(limits_for(flows, limits), threads, static_cast<std::uint32_t>(seed), now),
      gate_(client_limits.max_client_conn),
      client_limits_(client_limits),
      flows_(std::move(flows)) {
    for (const SimulatedFlow& flow : flows_) memberships_.push_back(core_.join(flow.name, flow.user, flow.priority));
}

bool PoolPort::log_in(LambdaIndex lambda, std::uint32_t flow, TimePoint now) {
    if (lambda >= tickets_.size()) tickets_.resize(lambda + 1);
    std::optional<Ticket> ticket = gate_.enter();
    if (!ticket) {
        refuse(lambda, RefusalReason::max_client_conn, retry_after_limit);
        return false;
    }
    if (!core_.admits_login(now)) {
        refuse(lambda, RefusalReason::breaker_open, retry_after(RefusalReason::breaker_open, now));
        return false;
    }
    if (!ticket->charge(flows_[flow].user, client_limits_.max_user_client_connections)) {
        refuse(lambda, RefusalReason::max_user_client_connections, retry_after_limit);
        return false;
    }
    tickets_[lambda] = *std::move(ticket);
    return true;
}

void PoolPort::log_out(LambdaIndex lambda) {
    if (lambda < tickets_.size()) tickets_[lambda] = Ticket();
}

bool PoolPort::is_welcome(LambdaIndex lambda, TimePoint now) {
    if (has_welcome_) return true;
    if (core_.is_hopeless(now)) {
        refuse(lambda, RefusalReason::upstream_unavailable, retry_after_outage);
        return false;
    }
    waiting_logins_.push_back(lambda);
    PoolActions actions;
    core_.want_welcome(now, actions);
    translate(actions, now);
    return false;
}

void PoolPort::acquire(LambdaIndex lambda, std::uint32_t flow, TimePoint now) {
    PoolActions actions;
    const Acquired acquired = core_.acquire({client(lambda), memberships_[flow]}, Wish::server, std::nullopt, now, actions);
    switch (acquired.kind) {
    case Acquired::Kind::granted:
        effects_.push_back(PoolEffect{.kind = PoolEffect::Kind::grant, .server = acquired.server, .lambda = lambda});
        break;
    case Acquired::Kind::waiting:
        if (lambda >= waiters_.size()) waiters_.resize(lambda + 1);
        waiters_[lambda] = acquired.waiter;
        break;
    case Acquired::Kind::refused: refuse(lambda, acquired.reason, retry_after(acquired.reason, now)); break;
    }
    translate(actions, now);
}

void PoolPort::leave_queue(LambdaIndex lambda) { core_.leave_queue(waiters_[lambda], client(lambda)); }

void PoolPort::release(ServerId server, TimePoint now) {
    PoolActions actions;
    core_.release(server, only_thread, now, actions);
    translate(actions, now);
}

void PoolPort::abandon(ServerId server, TimePoint now) {
    PoolActions actions;
    core_.abandon(server, now, actions);
    translate(actions, now);
}

void PoolPort::recovered(ServerId server, TimePoint now) {
    PoolActions actions;
    core_.recovered(server, only_thread, now, actions);
    translate(actions, now);
}

void PoolPort::lost(ServerId server, TimePoint now) {
    PoolActions actions;
    // The EOF of an idle server is looked at first, as any byte that comes from one.
    if (core_.state_of(server) == ServerState::idle) core_.begin_inspection(server, only_thread, now);
    core_.close(server, now, actions);
    translate(actions, now);
}

void PoolPort::closed(ServerId server, TimePoint now) {
    PoolActions actions;
    core_.closed(server, now, actions);
    translate(actions, now);
}

void PoolPort::login_ended(ServerId server, const UpstreamAnswer& answer, TimePoint now) {
    PoolActions actions;
    if (answer.outcome == UpstreamOutcome::ok) {
        has_welcome_ = true;
        wake_logins();
        core_.logged_in(server, only_thread, now, actions);
    } else {
        core_.login_failed(server, outcome_of(answer.outcome), answer.ceiling, now, actions);
        if (core_.is_hopeless(now)) wake_logins();
    }
    translate(actions, now);
}

void PoolPort::tick(TimePoint now) {
    PoolActions actions;
    core_.tick(now, actions);
    translate(actions, now);
}

PoolStanding PoolPort::standing(TimePoint now) const {
    const PoolFacts facts = core_.facts(now);
    return PoolStanding{.effective_size = facts.effective_size,
                        .waiting = facts.waiting,
                        .breaker = facts.breaker,
                        .breaker_openings = facts.breaker_entered[static_cast<std::size_t>(BreakerState::open)],
                        .breaker_closings = facts.breaker_entered[static_cast<std::size_t>(BreakerState::closed)]};
}

const std::vector<PoolEffect>& PoolPort::take_effects() {
    taken_.clear();
    taken_.swap(effects_);
    return taken_;
}

void PoolPort::translate(const PoolActions& actions, TimePoint now) {
    for (const PoolAction& action : actions) {
        switch (action.kind) {
        case PoolAction::Kind::grant:
            effects_.push_back(
                PoolEffect{.kind = PoolEffect::Kind::grant, .server = action.server, .lambda = action.client.slot});
            break;
        case PoolAction::Kind::refuse:
            refuse(action.client.slot, action.reason, retry_after(action.reason, now));
            break;
        case PoolAction::Kind::dial:
            effects_.push_back(PoolEffect{.kind = PoolEffect::Kind::dial, .server = action.server});
            break;
        case PoolAction::Kind::close:
            effects_.push_back(PoolEffect{.kind = PoolEffect::Kind::close, .server = action.server});
            break;
        case PoolAction::Kind::tell_ceiling:
        case PoolAction::Kind::tell_upstream: break;
        }
    }
}

Duration PoolPort::retry_after(RefusalReason reason, TimePoint now) { return core_.refusal(reason, {}, now).retry_after; }

void PoolPort::refuse(LambdaIndex lambda, RefusalReason reason, Duration retry_after) {
    effects_.push_back(
        PoolEffect{.kind = PoolEffect::Kind::refuse, .lambda = lambda, .reason = reason, .retry_after = retry_after});
}

// Logins that waited for the first server ask again.
void PoolPort::wake_logins() {
    for (const LambdaIndex lambda : std::exchange(waiting_logins_, {}))
        if (has_welcome_) effects_.push_back(PoolEffect{.kind = PoolEffect::Kind::welcome, .lambda = lambda});
        else refuse(lambda, RefusalReason::upstream_unavailable, retry_after_outage);
}

}  // namespace pgweir::proxy
