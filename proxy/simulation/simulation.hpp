// Plays a scenario in virtual time against the daemon's own cores: the pool with its queue,
// breaker and dial pacing, and the gate. One thread, no clock, no chance but the seed's: the
// same scenario gives the same result.
#pragma once

#include "config/scenario.hpp"
#include "proxy/simulation/pool_port.hpp"
#include "proxy/simulation/servers.hpp"
#include "proxy/simulation/tally.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::proxy {

struct TimeFigures {
    Duration mean{};
    Duration p50{};
    Duration p99{};
    Duration max{};
};

struct FlowFigures {
    FlowCounts counts;
    TimeFigures wait;      // of the admitted: for their server
    TimeFigures latency;   // of the done: from the wish to the commit
    std::uint64_t under_way = 0;   // transactions at the end
};

struct PoolFigures {
    int peak_servers = 0;
    double mean_servers = 0;
    int peak_in_use = 0;
    double mean_in_use = 0;
    double possible_seconds = 0;   // server time that could be had, given pool_size, ceiling and outages
    PoolStanding standing;         // at the end
    Duration breaker_open{};       // time in which it was open, to a tick
    LoginCounts logins;
    std::uint64_t lost = 0;        // servers that died
};

// What happened in one interval. The pool's peaks and counts are those since the start.
struct Interval {
    Duration from{};
    Duration to{};
    std::vector<FlowFigures> flows;
    PoolFigures pool;
};

struct SimulationResult {
    Duration duration{};
    std::vector<FlowFigures> flows;   // in the scenario's order
    PoolFigures pool;
    double jain = 1;                  // over the flows' server time by weight
    std::vector<Interval> intervals;
    std::uint64_t events = 0;
};

// `limits`: the scenario's, as the core takes them.
SimulationResult simulate(const config::Scenario& scenario, const PoolCoreLimits& limits);

}  // namespace pgweir::proxy
