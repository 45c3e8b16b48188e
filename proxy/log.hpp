// Where log lines go and what they look like. Lines are `event=<name> key=value ...`;
// secrets are never handed to the log at all.
#pragma once

#include "config/options.hpp"

namespace pgweir::proxy {

// Applies to the whole process; may be called again after a reload.
void set_up_log(const config::LogOptions& options);

}  // namespace pgweir::proxy
