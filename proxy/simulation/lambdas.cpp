#include "proxy/simulation/lambdas.hpp"

#include "proxy/simulation/retry.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::proxy {

Lambdas::Lambdas(const std::vector<config::FlowOptions>& flows, int seed, PoolPort& pool, Servers& servers,
                 EventQueue& events, TimePoint start)
    : pool_(pool), servers_(servers), events_(events), start_(start) {
    for (std::uint32_t i = 0; i < flows.size(); ++i) {
        flows_.emplace_back(flows[i], seed, i);
        events_.push(start + flows[i].from, EventKind::flow_begins, i);
    }
}

bool Lambdas::is_over(const Flow& flow, TimePoint now) const {
    return flow.options.until.count() != 0 && now >= start_ + flow.options.until;
}

// In that phase until `step_at`, unless an answer comes first.
void Lambdas::enter(LambdaIndex index, Phase phase, TimePoint step_at) {
    wait(index, phase);
    events_.push(step_at, EventKind::lambda, index, lambdas_[index].round);
}

// In that phase until somebody else does something.
void Lambdas::wait(LambdaIndex index, Phase phase) {
    lambdas_[index].phase = phase;
    ++lambdas_[index].round;
}

void Lambdas::flow_begins(const Event& event) {
    const config::FlowOptions& options = flows_[event.subject].options;
    if (options.arrivals_per_second > 0) {
        arrival(event);
        return;
    }
    for (int i = 0; i < options.lambdas; ++i) {
        ++flows_[event.subject].tally.counts.invocations;
        start_lambda(event.subject, event.at);
    }
}

void Lambdas::arrival(const Event& event) {
    Flow& flow = flows_[event.subject];
    if (is_over(flow, event.at)) return;
    const Duration gap = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) / flow.options.arrivals_per_second;
    const Duration until_next = flow.arrivals.spread(gap, flow.options.distribution);
    events_.push(event.at + until_next, EventKind::arrival, event.subject);
    ++flow.tally.counts.invocations;
    if (!flow.idle.empty()) {
        const LambdaIndex index = flow.idle.back();
        flow.idle.pop_back();
        begin_invocation(index, event.at);
    } else if (flow.live < flow.options.lambdas) {
        start_lambda(event.subject, event.at);
    } else {
        ++flow.tally.counts.no_lambda;
    }
}

void Lambdas::start_lambda(std::uint32_t flow, TimePoint now) {
    if (vacant_.empty()) {
        vacant_.push_back(static_cast<LambdaIndex>(lambdas_.size()));
        lambdas_.emplace_back();
    }
    const LambdaIndex index = vacant_.back();
    vacant_.pop_back();
    lambdas_[index].flow = flow;
    ++flows_[flow].live;
    const config::FlowOptions& options = flows_[flow].options;
    enter(index, Phase::starting, now + flows_[flow].chance.spread(options.cold_start, options.distribution));
}

void Lambdas::begin_invocation(LambdaIndex index, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    const config::FlowOptions& options = flow_of(lambda).options;
    lambda.has_invocation = true;
    lambda.transactions_left = options.transactions;
    ++lambda.invocation;
    if (options.timeout.count() != 0)
        events_.push(now + options.timeout, EventKind::invocation_timeout, index, lambda.invocation);
    want_transaction(index, now);
}

void Lambdas::want_transaction(LambdaIndex index, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    ++flow_of(lambda).tally.counts.transactions;
    lambda.attempt = 0;
    lambda.wished_at = now;
    attempt(index, now);
}

void Lambdas::attempt(LambdaIndex index, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    FlowCounts& counts = flow_of(lambda).tally.counts;
    ++counts.attempts;
    if (++lambda.attempt > 1) ++counts.retries;
    lambda.asked_at = now;
    if (!lambda.is_connected) {
        wait(index, Phase::awaiting_welcome);
        if (!pool_.log_in(index, lambda.flow, now)) return;   // the refusal is on its way
        if (!pool_.is_welcome(index, now)) return;
        lambda.is_connected = true;
    }
    ask_for_server(index, now);
}

void Lambdas::ask_for_server(LambdaIndex index, TimePoint now) {
    wait(index, Phase::waiting);
    pool_.acquire(index, lambdas_[index].flow, now);
}

void Lambdas::perform(const PoolEffect& effect, TimePoint now) {
    Lambda& lambda = lambdas_[effect.lambda];
    switch (effect.kind) {
    case PoolEffect::Kind::grant: granted(effect.lambda, effect.server, now); break;
    case PoolEffect::Kind::refuse: refused(effect.lambda, effect, now); break;
    case PoolEffect::Kind::welcome:
        // A lambda that has left meanwhile is none the wiser.
        if (lambda.phase != Phase::awaiting_welcome) break;
        lambda.is_connected = true;
        ask_for_server(effect.lambda, now);
        break;
    case PoolEffect::Kind::dial:
    case PoolEffect::Kind::close: break;
    }
}

void Lambdas::granted(LambdaIndex index, ServerId server, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    Flow& flow = flow_of(lambda);
    assert(lambda.phase == Phase::waiting);
    servers_.granted(server, index, now);
    ++flow.tally.counts.admitted;
    flow.tally.waits.add(now - lambda.asked_at);
    lambda.server = server;
    lambda.held_since = now;
    lambda.work = flow.chance.spread(flow.options.transaction_time, flow.options.distribution);
    const config::FreezeOptions& freeze = flow.options.freeze;
    const bool freezes = freeze.in_transaction && freeze.share > 0 && flow.chance.share() < freeze.share;
    if (freezes) ++flow.tally.counts.frozen;
    enter(index, Phase::working, now + lambda.work + (freezes ? Duration(freeze.duration) : Duration::zero()));
}

void Lambdas::refused(LambdaIndex index, const PoolEffect& effect, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    if (lambda.phase != Phase::waiting && lambda.phase != Phase::awaiting_welcome) return;
    ++flow_of(lambda).tally.counts.refused[static_cast<std::size_t>(effect.reason)];
    // A login that is refused leaves no connection, and no seat at the gate.
    if (!lambda.is_connected) pool_.log_out(index);
    pause_or_give_up(index, effect.retry_after, now);
}

void Lambdas::pause_or_give_up(LambdaIndex index, Duration retry_after, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    Flow& flow = flow_of(lambda);
    const config::RetryOptions& retry = flow.options.retry;
    if (lambda.attempt < retry.attempts) {
        enter(index, Phase::backing_off, now + pause_before_retry(retry, lambda.attempt, retry_after, flow.chance));
        return;
    }
    ++flow.tally.counts.given_up;
    end_invocation(index, client_round_trip, now);
}

void Lambdas::server_lost(LambdaIndex index, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    assert(lambda.phase == Phase::working);
    count_lease(lambda, now);
    ++flow_of(lambda).tally.counts.broken;
    pause_or_give_up(index, Duration::zero(), now);
}

void Lambdas::commit(LambdaIndex index, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    Flow& flow = flow_of(lambda);
    count_lease(lambda, now);
    ++flow.tally.counts.done;
    flow.tally.counts.useful_time += lambda.work;
    flow.tally.latencies.add(now - lambda.wished_at);
    const ServerId server = lambda.server;
    const config::FreezeOptions& freeze = flow.options.freeze;
    const bool freezes = !freeze.in_transaction && freeze.share > 0 && flow.chance.share() < freeze.share;
    if (freezes) ++flow.tally.counts.frozen;
    const Duration frozen = freezes ? Duration(freeze.duration) : Duration::zero();
    if (--lambda.transactions_left > 0) {
        const Duration thought = flow.chance.spread(flow.options.think_time, flow.options.distribution);
        enter(index, Phase::thinking, now + thought + frozen);
    } else {
        end_invocation(index, frozen, now);
    }
    servers_.release(server, now);
}

// `pause`: before anything else can begin.
void Lambdas::end_invocation(LambdaIndex index, Duration pause, TimePoint now) {
    Lambda& lambda = lambdas_[index];
    Flow& flow = flow_of(lambda);
    lambda.has_invocation = false;
    if (flow.options.connection == config::ConnectionUse::per_invocation) disconnect(index);
    if (flow.options.arrivals_per_second == 0) {
        const Duration thought = flow.chance.spread(flow.options.think_time, flow.options.distribution);
        enter(index, Phase::thinking, now + std::max(pause, thought));
    } else if (pause > client_round_trip) {
        enter(index, Phase::thinking, now + pause);
    } else {
        wait(index, Phase::idle);
        flow.idle.push_back(index);
    }
}

void Lambdas::step(const Event& event) {
    const LambdaIndex index = event.subject;
    Lambda& lambda = lambdas_[index];
    if (lambda.round != event.round) return;
    Flow& flow = flow_of(lambda);
    switch (lambda.phase) {
    case Phase::starting: begin_invocation(index, event.at); break;
    case Phase::working: commit(index, event.at); break;
    case Phase::backing_off: attempt(index, event.at); break;
    case Phase::thinking:
        if (lambda.has_invocation) {
            want_transaction(index, event.at);
        } else if (flow.options.arrivals_per_second > 0 || is_over(flow, event.at)) {
            wait(index, Phase::idle);
            flow.idle.push_back(index);
        } else {
            ++flow.tally.counts.invocations;
            begin_invocation(index, event.at);
        }
        break;
    case Phase::gone:
    case Phase::idle:
    case Phase::awaiting_welcome:
    case Phase::waiting: break;
    }
}

// The platform ends the process in whatever it does; its connection ends with it.
void Lambdas::invocation_timeout(const Event& event) {
    const LambdaIndex index = event.subject;
    Lambda& lambda = lambdas_[index];
    if (!lambda.has_invocation || lambda.invocation != event.round) return;
    Flow& flow = flow_of(lambda);
    FlowCounts& counts = flow.tally.counts;
    const Phase phase = lambda.phase;
    ++counts.timeouts;
    if (phase != Phase::thinking) ++counts.given_up;
    if (phase == Phase::waiting || phase == Phase::awaiting_welcome) ++counts.left;
    if (phase == Phase::waiting) pool_.leave_queue(index);
    if (phase == Phase::working) {
        count_lease(lambda, event.at);
        ++counts.broken;
        servers_.abandon(lambda.server, event.at);
    }
    disconnect(index);
    lambda.has_invocation = false;
    wait(index, Phase::gone);
    --flow.live;
    vacant_.push_back(index);
    if (flow.options.arrivals_per_second > 0 || is_over(flow, event.at)) return;
    ++counts.invocations;
    start_lambda(static_cast<std::uint32_t>(&flow - flows_.data()), event.at);
}

void Lambdas::disconnect(LambdaIndex index) {
    pool_.log_out(index);
    lambdas_[index].is_connected = false;
}

void Lambdas::count_lease(Lambda& lambda, TimePoint now) {
    flow_of(lambda).tally.counts.server_time += now - lambda.held_since;
    lambda.held_since = now;
}

void Lambdas::count_server_time(TimePoint now) {
    for (Lambda& lambda : lambdas_)
        if (lambda.phase == Phase::working) count_lease(lambda, now);
}

std::uint64_t Lambdas::under_way(std::size_t flow) const {
    return static_cast<std::uint64_t>(std::count_if(lambdas_.begin(), lambdas_.end(), [&](const Lambda& lambda) {
        return lambda.flow == flow && lambda.has_invocation && lambda.phase != Phase::starting &&
               lambda.phase != Phase::thinking;
    }));
}

}  // namespace pgweir::proxy
