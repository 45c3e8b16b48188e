// Where log lines go and what they look like. Lines are `event=<name> key=value ...`;
// secrets are never handed to the log at all.
#pragma once

#include "config/options.hpp"
#include "proxy/event_ring.hpp"

namespace pgweir::proxy {

// Applies to the whole process; may be called again after a reload.
void set_up_log(const config::LogOptions& options);

// The last lines of the log, whatever its format; of the whole process. Lifetime: static.
EventRing& recent_events();

}  // namespace pgweir::proxy
