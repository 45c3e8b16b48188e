// Where log lines go and what they look like. Lines are `event=<name> key=value ...`;
// secrets are never handed to the log at all.
#pragma once

#include "config/options.hpp"
#include "proxy/event_ring.hpp"

#include <cstdint>

namespace pgweir::proxy {

// Applies to the whole process; may be called again after a reload.
void set_up_log(const config::LogOptions& options);

// Lines that a storm has kept from being written, since start.
std::uint64_t held_back_log_lines();

// Writes how many they were, of moments that are over. To be called now and then.
void tell_held_back_log_lines();

// The last lines of the log, whatever its format; of the whole process. Lifetime: static.
EventRing& recent_events();

}  // namespace pgweir::proxy
