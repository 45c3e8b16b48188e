// What the status page shows, as JSON: every pool in brief, one of them whole. Pure.
#pragma once

#include "proxy/admin/snapshot.hpp"
#include "proxy/admin/usage_history.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::proxy {

struct StatusFacts {
    ConsoleSnapshot snapshot;             // with those who hold servers
    std::chrono::milliseconds uptime{};
    std::uint64_t config_generation = 0;
};

// `chosen`: the database that is shown whole; the fullest when there is none of that name.
std::string describe_status(const StatusFacts& facts, const UsageHistory& history, std::string_view chosen);

// Why logins and statements of this pool fare as they do, in one or more sentences for people.
std::string explain(const PoolShot& pool);

}  // namespace pgweir::proxy
