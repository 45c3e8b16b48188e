// A simulation's result for people and for spreadsheets.
#pragma once

#include "proxy/simulation/simulation.hpp"

#include <string>

namespace pgweir::proxy {

// Aligned tables of at most 100 columns: flows, refusals, the pool, and how it went over time.
std::string report_table(const config::Scenario& scenario, const SimulationResult& result);

// One row for each flow and interval, with the pool's figures beside it; times in milliseconds.
std::string report_csv(const config::Scenario& scenario, const SimulationResult& result);

}  // namespace pgweir::proxy
