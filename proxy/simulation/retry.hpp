// How a simulated client behaves after a refusal.
#pragma once

#include "proxy/simulation/chance.hpp"

namespace pgweir::proxy {

// Between a lambda and pgweir; nothing that a client does again follows faster. Chosen: one region.
constexpr Duration client_round_trip = std::chrono::milliseconds(1);

// How long a client pauses when `made` attempts have failed, the last with the hint `retry_after`.
// Requires: made >= 1.
Duration pause_before_retry(const config::RetryOptions& retry, int made, Duration retry_after, Chance& chance);

}  // namespace pgweir::proxy
