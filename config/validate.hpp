// The rules over several options, and those that ask more of one than its type and range.
#pragma once

#include "config/options.hpp"
#include "config/problems.hpp"

namespace pgweir::config {

// `defaults` is what databases inherit. A rule is silent about keys that are already complained about.
void validate(const Config& config, const DatabaseOptions& defaults, const WrittenKeys& written, Problems& problems);

// The rules about one pool's limits and breaker alone, as they stand at the top of a file.
void validate_pool(const DatabaseOptions& defaults, const WrittenKeys& written, Problems& problems);

}  // namespace pgweir::config
