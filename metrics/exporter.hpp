// From cells and states to the text a Prometheus server reads. Takes values that others
// have collected; knows no pool, no clock and no socket. Any thread.
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/daemon_catalog.hpp"

#include <string>
#include <vector>

namespace pgweir::metrics {

struct PoolSnapshot {
    std::string database;
    PoolState state;
    std::vector<const RelayCells*> relays;   // of each relay thread; they are summed
};

// Everything one scrape shows. Lifetime: the cells outlive the call of `expose`.
struct Snapshot {
    std::string version;
    DaemonState daemon;
    ProcessState process;
    std::vector<PoolSnapshot> pools;
    std::vector<const LoginCells*> logins;   // of each login thread; they are summed
};

// Text format 0.0.4.
std::string expose(const Snapshot& snapshot);

}   // namespace pgweir::metrics
