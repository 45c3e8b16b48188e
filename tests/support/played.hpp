// A scenario from text, and what came of it.
#pragma once

#include "config/scenario.hpp"
#include "proxy/assembly.hpp"
#include "proxy/simulation/simulation.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string_view>

namespace pgweir::test {

struct Played {
    std::shared_ptr<const config::Scenario> scenario;
    proxy::SimulationResult result;

    const proxy::FlowFigures& flow(std::string_view name) const {
        for (std::size_t i = 0; i < scenario->flows.size(); ++i)
            if (scenario->flows[i].name == name) return result.flows[i];
        FAIL("no flow " << name);
        return result.flows.front();
    }
    std::uint64_t refused(std::string_view name, proxy::RefusalReason reason) const {
        return flow(name).counts.refused[static_cast<std::size_t>(reason)];
    }
    // Transactions done per second, of all flows.
    double goodput() const {
        double done = 0;
        for (const proxy::FlowFigures& figures : result.flows) done += static_cast<double>(figures.counts.done);
        return done / seconds(result.duration);
    }
    // Share of the server time that could be had in which transactions were at work that were committed.
    double useful_share() const {
        double useful = 0;
        for (const proxy::FlowFigures& figures : result.flows) useful += seconds(figures.counts.useful_time);
        return useful / result.pool.possible_seconds;
    }

    static double seconds(proxy::Duration duration) { return std::chrono::duration<double>(duration).count(); }
};

inline std::shared_ptr<const config::Scenario> scenario_of(std::string_view yaml) {
    const config::ScenarioResult loaded = config::load_scenario_text(yaml, "s.yaml", config::Surroundings{});
    for (const config::Diagnostic& problem : loaded.problems) UNSCOPED_INFO(problem.text());
    REQUIRE(loaded.scenario);
    return loaded.scenario;
}

inline Played play(std::string_view yaml) {
    Played played{.scenario = scenario_of(yaml), .result = {}};
    played.result = proxy::simulate(*played.scenario, proxy::pool_limits(played.scenario->pool).core);
    return played;
}

// In every flow the parts must come to the whole.
inline void check_sums(const Played& played) {
    for (std::size_t i = 0; i < played.result.flows.size(); ++i) {
        INFO("flow " << played.scenario->flows[i].name);
        const proxy::FlowFigures& flow = played.result.flows[i];
        const proxy::FlowCounts& counts = flow.counts;
        CHECK(counts.transactions == counts.done + counts.given_up + flow.under_way);
        const std::uint64_t settled = counts.admitted + counts.refusals() + counts.left;
        CHECK(counts.attempts >= settled);                      // the others wait
        CHECK(counts.attempts <= settled + flow.under_way);
        CHECK(counts.attempts == counts.retries + counts.transactions);
        CHECK(counts.admitted >= counts.done + counts.broken);  // the others are at work
        CHECK(counts.admitted <= counts.done + counts.broken + flow.under_way);
        CHECK(counts.invocations >= counts.no_lambda);
    }
}

}  // namespace pgweir::test
