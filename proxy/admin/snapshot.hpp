// What the console's tables are made of: the daemon at one moment. A value.
#pragma once

#include "config/dsn_facts.hpp"
#include "config/options.hpp"
#include "proxy/admin/stats_history.hpp"
#include "proxy/client/client_view.hpp"
#include "proxy/core/pool_facts.hpp"
#include "proxy/core/pool_view.hpp"
#include "proxy/event_ring.hpp"
#include "proxy/server/pool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

struct PoolShot {
    std::string database;
    PoolFacts facts;
    PoolView view;
    std::vector<ServerIdentity> identities;     // by ServerId
    ClientCounts clients;
    PoolSums sums;
    PoolSums averages;                          // per second, or per transaction or assignment where PgBouncer says so
    bool is_disabled = false;
    std::string upstream_failure;               // in the upstream's words; empty while nothing is wrong
    std::optional<config::DatabaseOptions> options;   // nullopt: no longer configured
    config::DsnFacts dsn;
};

struct ConsoleView {
    std::string user;
    std::string address;
    bool is_tls = false;
    bool is_reserved = false;
};

struct ConsoleSnapshot {
    std::shared_ptr<const config::Config> config;
    std::vector<PoolShot> pools;
    std::vector<ClientView> clients;            // when gathered: all, or those that hold a server
    std::vector<EventLine> events;
    std::chrono::system_clock::time_point now;
    std::string version;
    std::chrono::milliseconds uptime{};
    std::uint64_t config_generation = 0;
    int clients_inside = 0;
    int clients_logging_in = 0;
    int consoles = 0;
    bool is_draining = false;
    std::size_t buffered_bytes = 0;
    std::size_t resident_bytes = 0;
};

// What is asked of the relay threads.
enum class Gathering { nothing, holders, clients };

}  // namespace pgweir::proxy
