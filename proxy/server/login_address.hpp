// Where a login goes, as its DSN says: for metrics and whoever asks.
#pragma once

#include "metrics/pgbouncer_catalog.hpp"
#include "proxy/server/login.hpp"

namespace pgweir::proxy {

// What the DSN leaves open is libpq's default, or empty where that depends on the surroundings
// (a service file, PGHOST). Does not block.
metrics::UpstreamAddress upstream_address(const ServerTarget& target);

}   // namespace pgweir::proxy
