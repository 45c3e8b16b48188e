// What HTTP shows, collected from pools and threads at the moment it is asked for.
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/exporter.hpp"
#include "proxy/admin/health.hpp"
#include "proxy/server/pool.hpp"

#include <memory>
#include <vector>

namespace pgweir::proxy {

metrics::PoolState pool_state(const PoolFacts& facts);

metrics::PoolSnapshot pool_snapshot(const Pool& pool);

DatabaseHealth database_health(const Pool& pool);

// This process as the operating system sees it.
metrics::ProcessState process_state();

}  // namespace pgweir::proxy
