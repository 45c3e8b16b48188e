// One option of a configuration changed by somebody who does not write the file.
#pragma once

#include "config/options.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace pgweir::config {

struct ChangedConfig {
    enum class Outcome {
        changed,
        unknown_key,
        not_changeable,   // not a limit, or one that a running daemon cannot take
        bad_value,
    };
    Outcome outcome = Outcome::changed;
    std::shared_ptr<const Config> config;   // null unless changed
    std::string problem;                    // otherwise, one line
};

// `key` is a key path of the file (`limits.pool_size`, which is changed in every database;
// `databases.app.limits.pool_size` in one), its last part alone, or PgBouncer's default_pool_size.
// Only limits, timeouts, breaker and log, and only what a reload would put in force at once.
ChangedConfig with_setting(const Config& config, std::string_view key, std::string_view value);

}  // namespace pgweir::config
