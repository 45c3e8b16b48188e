#include "proxy/simulation/simulation.hpp"

#include "proxy/simulation/event_queue.hpp"
#include "proxy/simulation/lambdas.hpp"

#include <utility>

namespace pgweir::proxy {
namespace {

// Away from zero, which some code takes for "never".
constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

// As often as the daemon's.
constexpr Duration tick_interval = std::chrono::milliseconds(100);

std::vector<SimulatedFlow> simulated_flows(const config::Scenario& scenario) {
    std::vector<SimulatedFlow> simulated_flows;
    for (const config::FlowOptions& flow : scenario.flows)
        simulated_flows.push_back(SimulatedFlow{.name = flow.name,
                                                .user = flow.user,
                                                .priority = flow.priority == config::Priority::high ? Priority::high : Priority::normal,
                                                .weight = flow.weight});
    return simulated_flows;
}

TimeFigures figures_of(const TimeHistogram& times) {
    return TimeFigures{.mean = times.mean(), .p50 = times.quantile(0.5), .p99 = times.quantile(0.99), .max = times.max()};
}

class Simulation {
public:
    Simulation(const config::Scenario& scenario, const PoolCoreLimits& limits)
        : scenario_(scenario),
          pool_size_(limits.pool_size),
          pool_(limits, scenario.limits, simulated_flows(scenario), scenario.seed, start),
          servers_(scenario.upstream, pool_, events_, start),
          lambdas_(scenario.flows, scenario.seed, pool_, servers_, events_, start),
          whole_(scenario.flows.size()) {
        for (const config::Outage& outage : scenario.upstream.outages)
            events_.push(start + outage.from, EventKind::outage);
        events_.push(start, EventKind::tick);
        if (scenario.interval < scenario.duration) events_.push(start + scenario.interval, EventKind::report);
    }

    SimulationResult run() {
        const TimePoint end = start + scenario_.duration;
        while (!events_.empty()) {
            const Event event = events_.pop();
            if (event.at >= end) break;
            ++result_.events;
            handle(event);
            perform_effects(event.at);
        }
        finish(end);
        return std::move(result_);
    }

private:
    void handle(const Event& event) {
        switch (event.kind) {
        case EventKind::tick: tick(event.at); break;
        case EventKind::report:
            report(event.at);
            events_.push(event.at + scenario_.interval, EventKind::report);
            break;
        case EventKind::flow_begins: lambdas_.flow_begins(event); break;
        case EventKind::arrival: lambdas_.arrival(event); break;
        case EventKind::lambda: lambdas_.step(event); break;
        case EventKind::invocation_timeout: lambdas_.invocation_timeout(event); break;
        case EventKind::login_ends: servers_.login_ends(event); break;
        case EventKind::server_recovered: servers_.recovered(event); break;
        case EventKind::server_closed: servers_.closed(event); break;
        case EventKind::outage:
            for (const LambdaIndex lambda : servers_.die(event.at)) lambdas_.server_lost(lambda, event.at);
            break;
        }
    }

    void tick(TimePoint now) {
        if (pool_.standing(now).breaker == BreakerState::open) breaker_open_ += tick_interval;
        pool_.tick(now);
        events_.push(now + tick_interval, EventKind::tick);
    }

    // Some effects have others: a welcome is followed by a wish for a server.
    void perform_effects(TimePoint now) {
        while (true) {
            const std::vector<PoolEffect>& effects = pool_.take_effects();
            if (effects.empty()) return;
            for (const PoolEffect& effect : effects) {
                switch (effect.kind) {
                case PoolEffect::Kind::dial: servers_.dial(effect.server, now); break;
                case PoolEffect::Kind::close: servers_.close(effect.server, now); break;
                case PoolEffect::Kind::grant:
                case PoolEffect::Kind::refuse:
                case PoolEffect::Kind::welcome: lambdas_.perform(effect, now); break;
                }
            }
        }
    }

    PoolFigures pool_figures(TimePoint from, TimePoint now, double open_before, double in_use_before) const {
        const double span = std::chrono::duration<double>(now - from).count();
        PoolFigures figures;
        figures.peak_servers = servers_.open().peak();
        figures.mean_servers = (servers_.open().integral(now) - open_before) / span;
        figures.peak_in_use = servers_.in_use().peak();
        figures.mean_in_use = (servers_.in_use().integral(now) - in_use_before) / span;
        const Upstream& upstream = servers_.upstream();
        figures.possible_seconds = std::chrono::duration<double>(upstream.possible_time(pool_size_, now - start) -
                                                                 upstream.possible_time(pool_size_, from - start))
                                       .count();
        figures.standing = pool_.standing(now);
        figures.breaker_open = breaker_open_;
        figures.logins = servers_.logins();
        figures.lost = servers_.lost();
        return figures;
    }

    // Ends an interval: what its tallies hold goes to the whole.
    void report(TimePoint now) {
        lambdas_.count_server_time(now);
        Interval interval{.from = reported_at_ - start, .to = now - start, .flows = {}, .pool = {}};
        for (std::size_t i = 0; i < lambdas_.flows(); ++i) {
            FlowTally& tally = lambdas_.tally(i);
            interval.flows.push_back(figures_of(tally, i));
            whole_[i].counts += tally.counts;
            whole_[i].waits.add(tally.waits);
            whole_[i].latencies.add(tally.latencies);
            tally.counts = FlowCounts{};
            tally.waits.clear();
            tally.latencies.clear();
        }
        interval.pool = pool_figures(reported_at_, now, open_before_, in_use_before_);
        open_before_ = servers_.open().integral(now);
        in_use_before_ = servers_.in_use().integral(now);
        reported_at_ = now;
        result_.intervals.push_back(std::move(interval));
    }

    FlowFigures figures_of(const FlowTally& tally, std::size_t flow) const {
        return FlowFigures{.counts = tally.counts,
                           .wait = proxy::figures_of(tally.waits),
                           .latency = proxy::figures_of(tally.latencies),
                           .under_way = lambdas_.under_way(flow)};
    }

    void finish(TimePoint end) {
        report(end);
        result_.duration = end - start;
        std::vector<double> shares;
        for (std::size_t i = 0; i < whole_.size(); ++i) {
            result_.flows.push_back(figures_of(whole_[i], i));
            shares.push_back(std::chrono::duration<double>(whole_[i].counts.server_time).count() /
                             scenario_.flows[i].weight);
        }
        result_.jain = jains_index(shares);
        result_.pool = pool_figures(start, end, 0, 0);
    }

    const config::Scenario& scenario_;
    const int pool_size_;
    EventQueue events_;
    PoolPort pool_;
    Servers servers_;
    Lambdas lambdas_;
    std::vector<FlowTally> whole_;   // of the intervals that have ended
    TimePoint reported_at_ = start;
    double open_before_ = 0;
    double in_use_before_ = 0;
    Duration breaker_open_{};
    SimulationResult result_;
};

}  // namespace

SimulationResult simulate(const config::Scenario& scenario, const PoolCoreLimits& limits) {
    return Simulation(scenario, limits).run();
}

}  // namespace pgweir::proxy
