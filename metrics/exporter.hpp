// From cells and states to the text a Prometheus server reads. Takes values that others
// have collected; knows no pool, no clock and no socket. Any thread.
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/daemon_catalog.hpp"
#include "metrics/pgbouncer_catalog.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::metrics {

// Everything one scrape shows. Lifetime: the cells outlive the call of `expose`.
struct Snapshot {
    std::string version;
    DaemonState daemon;
    ProcessState process;
    std::vector<PoolSnapshot> pools;
    std::vector<const LoginCells*> logins;   // of each login thread; they are summed
    std::uint64_t users = 0;                 // configured
};

// Text format 0.0.4.
std::string expose(const Snapshot& snapshot);

}   // namespace pgweir::metrics
