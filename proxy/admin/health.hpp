// What /health/db says: JSON made of the pools' states of this instant. Pure.
#pragma once

#include "metrics/catalog.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// What the health of one database is made of.
struct DatabaseHealth {
    std::string database;
    metrics::PoolState state;
    double warn_above = 0.80;   // share of the effective size; the breaker's threshold, also when it is off
    std::chrono::milliseconds retry_after{0};            // while the breaker is open: when it may let somebody in
    std::chrono::milliseconds upstream_retry_after{0};   // while the upstream breaker is: when the next login may begin
};

// An answer for HTTP.
struct HealthAnswer {
    int status = 200;                                    // 503 while a breaker is open, or the upstream's is half open
    std::string body;                                    // JSON
    std::optional<std::chrono::seconds> retry_after{};   // with 503; at least one second
};

// All databases: `postgres` is the fullest pool; with more than one database `pools` has
// each by its name.
HealthAnswer describe_health(const std::vector<DatabaseHealth>& databases);

// One database alone, as `postgres`; nullopt when there is none of that name.
std::optional<HealthAnswer> describe_health_of(const std::vector<DatabaseHealth>& databases, std::string_view name);

}   // namespace pgweir::proxy
