// The one table from what went wrong to what a client reads: SQLSTATE, message,
// DETAIL (`reason=... retry_after_ms=... pool=... usage=... id=...`) and HINT.
#pragma once

#include "protocol/backend.hpp"
#include "proxy/core/refusal.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

enum class Severity { error, fatal };

// An ErrorResponse with S, V, C, M, D, H for a refusal. `event_id` is what the log line carries.
void write_refusal(std::vector<std::byte>& out, Severity severity, const Refusal& refusal, std::string_view event_id);

// A fresh short id for a log line and the DETAIL that goes with it.
std::string make_event_id();

}  // namespace pgweir::proxy
