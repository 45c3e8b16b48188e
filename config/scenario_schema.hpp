// Every key of a scenario, once: what it fills, its range, its sentence. What a scenario
// has in common with the daemon's file comes from that file's rows.
#pragma once

#include "config/scenario.hpp"
#include "config/schema.hpp"

#include <string>

namespace pgweir::config {

// The top of the file without `upstream` and `flows`. `daemon` and `scenario.pool` take the sections that
// pgweir.yaml has too.
Section scenario_section(Scenario& scenario, Config& daemon);

// `upstream` without its lists.
Section upstream_section(UpstreamOptions& upstream);

// One entry of `flows`, of `upstream.ceiling_changes` and of `upstream.outages`.
Section flow_section(FlowOptions& flow);
Section ceiling_change_section(CeilingChange& change);
Section outage_section(Outage& outage);

// Tables of all keys but those of pgweir.yaml, in Markdown.
std::string scenario_reference();

}  // namespace pgweir::config
