// What the daemon shows under the names that PgBouncer's Prometheus exporter has given to PgBouncer's
// columns, so that dashboards and rules made for it keep working. Made of the cells and
// states of the other catalogues: nothing is counted twice. A row has a function in place of a member.
#pragma once

#include "metrics/catalog.hpp"
#include "metrics/daemon_catalog.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace pgweir::metrics {

// Where a pool's servers are, as its DSN says. None of it is secret.
struct UpstreamAddress {
    std::string host;   // as written: several with commas between, or a socket's directory
    std::string port;
    std::string database;
    std::string user;
};

// One pool. Values, and cells that outlive the snapshot.
struct PoolSnapshot {
    std::string database;
    PoolState state;
    std::vector<const RelayCells*> relays;   // of each relay thread; they are summed
    UpstreamAddress upstream{};
    std::string pool_mode{};
    bool is_paused = false;
    bool is_disabled = false;
    bool is_configured = true;               // false: taken out of the configuration, and kept for the clients it still has
};

// Counts of PgBouncer's SHOW LISTS that are of no pool.
struct DaemonCounts {
    std::uint64_t databases = 0;       // configured
    std::uint64_t users = 0;           // configured
    std::uint64_t pools = 0;
    std::uint64_t servers = 0;         // of all pools
    std::uint64_t free_servers = 0;    // how many more there may be
    std::uint64_t logging_in = 0;
    std::uint64_t logged_in = 0;
    std::uint64_t free_clients = 0;    // how many more may come
    std::uint64_t max_client_conn = 0;
};

template <class Subject>
struct PgbouncerRow {
    const char* name;   // behind the prefix of its table
    MetricType type;
    const char* help;
    double (*value)(const Subject&);
};
using PgbouncerPoolRow = PgbouncerRow<PoolSnapshot>;
using PgbouncerDaemonRow = PgbouncerRow<DaemonCounts>;

inline double servers_in(const PoolSnapshot& pool, ServerState state) {
    return static_cast<double>(pool.state.servers[static_cast<std::size_t>(state)]);
}

inline std::uint64_t pool_servers(const PoolSnapshot& pool) {
    return std::accumulate(pool.state.servers.begin(), pool.state.servers.end(), std::uint64_t{0});
}

inline double clients_in(const PoolSnapshot& pool, ClientState state) {
    double sum = 0;
    for (const RelayCells* cells : pool.relays) {
        sum += static_cast<double>(cells->clients[static_cast<std::size_t>(state)].value());
    }
    return sum;
}

template <Counter RelayCells::*Member>
double counted(const PoolSnapshot& pool) {
    double sum = 0;
    for (const RelayCells* cells : pool.relays) {
        sum += static_cast<double>((cells->*Member).value());
    }
    return sum;
}

template <Histogram<16> RelayCells::*Member>
double seconds_in(const PoolSnapshot& pool) {
    double sum = 0;
    for (const RelayCells* cells : pool.relays) {
        sum += (cells->*Member).sum();
    }
    return sum;
}

// What PgBouncer has and pgweir has not: 0, so that sums over several series stay whole.
template <class Subject>
double none(const Subject&) {
    return 0;
}

// Labels `database` and `user`, the upstream's. Prefix pgbouncer_pools_.
inline constexpr std::array pgbouncer_pool_rows = {
    PgbouncerPoolRow{"client_active_connections", MetricType::gauge,
                     "Clients that hold a server or ask for nothing (cl_active).",
                     [](const PoolSnapshot& pool) {
                         return clients_in(pool, ClientState::active) + clients_in(pool, ClientState::idle);
                     }},
    PgbouncerPoolRow{"client_waiting_connections", MetricType::gauge, "Clients that wait for a server (cl_waiting).",
                     [](const PoolSnapshot& pool) { return clients_in(pool, ClientState::waiting); }},
    PgbouncerPoolRow{"client_active_cancel_connections", MetricType::gauge,
                     "Always 0: cancel requests are passed on at once (cl_active_cancel_req).", none<PoolSnapshot>},
    PgbouncerPoolRow{"client_waiting_cancel_connections", MetricType::gauge,
                     "Always 0: cancel requests do not wait (cl_waiting_cancel_req).", none<PoolSnapshot>},
    PgbouncerPoolRow{"server_active_connections", MetricType::gauge, "Servers that are leased (sv_active).",
                     [](const PoolSnapshot& pool) { return servers_in(pool, ServerState::leased); }},
    PgbouncerPoolRow{"server_active_cancel_connections", MetricType::gauge,
                     "Always 0: cancels take no server of the pool (sv_active_cancel).", none<PoolSnapshot>},
    PgbouncerPoolRow{"server_being_canceled_connections", MetricType::gauge,
                     "Servers that a client abandoned and that are being made clean (sv_being_canceled).",
                     [](const PoolSnapshot& pool) { return servers_in(pool, ServerState::recovering); }},
    PgbouncerPoolRow{"server_idle_connections", MetricType::gauge, "Servers that are idle (sv_idle).",
                     [](const PoolSnapshot& pool) { return servers_in(pool, ServerState::idle); }},
    PgbouncerPoolRow{"server_used_connections", MetricType::gauge,
                     "Always 0: whether an idle server must be checked is seen when it is leased (sv_used).",
                     none<PoolSnapshot>},
    PgbouncerPoolRow{"server_testing_connections", MetricType::gauge,
                     "Servers that are being looked at or closed (sv_tested).",
                     [](const PoolSnapshot& pool) {
                         return servers_in(pool, ServerState::inspecting) + servers_in(pool, ServerState::closing);
                     }},
    PgbouncerPoolRow{"server_login_connections", MetricType::gauge, "Servers that are logging in (sv_login).",
                     [](const PoolSnapshot& pool) { return servers_in(pool, ServerState::connecting); }},
    PgbouncerPoolRow{"client_maxwait_seconds", MetricType::gauge,
                     "How long the client that has waited longest has waited (maxwait).",
                     [](const PoolSnapshot& pool) { return pool.state.longest_wait_seconds; }},
};

// Label `database`. Prefix pgbouncer_stats_.
inline constexpr std::array pgbouncer_stats_rows = {
    PgbouncerPoolRow{"queries_pooled", MetricType::counter, "Statements run for clients (total_query_count).",
                     counted<&RelayCells::statements>},
    PgbouncerPoolRow{"queries_duration_seconds", MetricType::counter,
                     "Time servers were at work for clients (total_query_time).", seconds_in<&RelayCells::query_time>},
    PgbouncerPoolRow{"received_bytes", MetricType::counter, "Bytes received from clients (total_received).",
                     counted<&RelayCells::client_received_bytes>},
    PgbouncerPoolRow{"sent_bytes", MetricType::counter, "Bytes sent to clients (total_sent).",
                     counted<&RelayCells::client_sent_bytes>},
    PgbouncerPoolRow{"client_wait_seconds", MetricType::counter, "Time clients waited for a server (total_wait_time).",
                     seconds_in<&RelayCells::queue_wait>},
    PgbouncerPoolRow{"sql_transactions_pooled", MetricType::counter,
                     "Transactions that ended for clients (total_xact_count).", counted<&RelayCells::transactions>},
    PgbouncerPoolRow{"server_in_transaction_seconds", MetricType::counter,
                     "Time clients held servers for transactions (total_xact_time).",
                     seconds_in<&RelayCells::transaction_time>},
    PgbouncerPoolRow{"client_parses", MetricType::counter, "Parse messages of clients (total_client_parse_count).",
                     counted<&RelayCells::parses>},
    PgbouncerPoolRow{"server_parses", MetricType::counter, "Parse messages sent to servers (total_server_parse_count).",
                     counted<&RelayCells::server_parses>},
    PgbouncerPoolRow{"binds", MetricType::counter, "Bind messages of clients (total_bind_count).",
                     counted<&RelayCells::binds>},
    PgbouncerPoolRow{"server_assignments", MetricType::counter,
                     "How often a client was given a server (total_server_assignment_count).",
                     counted<&RelayCells::server_assignments>},
};

// Labels `name`, `host`, `port`, `database`, `force_user`, `pool_mode`. Prefix pgbouncer_databases_.
inline constexpr std::array pgbouncer_database_rows = {
    PgbouncerPoolRow{"pool_size", MetricType::gauge, "Most servers the pool may have, as configured.",
                     [](const PoolSnapshot& pool) { return static_cast<double>(pool.state.pool_size); }},
    PgbouncerPoolRow{"reserve_pool", MetricType::gauge, "Always 0: pool_size is never exceeded.", none<PoolSnapshot>},
    PgbouncerPoolRow{"max_connections", MetricType::gauge, "Most servers the pool can have just now.",
                     [](const PoolSnapshot& pool) { return static_cast<double>(pool.state.effective_size); }},
    PgbouncerPoolRow{"current_connections", MetricType::gauge, "Connections to the database, in whatever state.",
                     [](const PoolSnapshot& pool) { return static_cast<double>(pool_servers(pool)); }},
    PgbouncerPoolRow{"paused", MetricType::gauge, "1 for a database that PAUSE has stopped, else 0.",
                     [](const PoolSnapshot& pool) { return pool.is_paused ? 1.0 : 0.0; }},
    PgbouncerPoolRow{"disabled", MetricType::gauge,
                     "1 for a database that DISABLE has closed to new clients, or that was taken out of the configuration, else 0.",
                     [](const PoolSnapshot& pool) { return pool.is_configured && !pool.is_disabled ? 0.0 : 1.0; }},
};

// Prefix pgbouncer_.
inline constexpr std::array pgbouncer_daemon_rows = {
    PgbouncerDaemonRow{"up", MetricType::gauge, "Always 1.", [](const DaemonCounts&) { return 1.0; }},
    PgbouncerDaemonRow{"databases", MetricType::gauge, "Databases that are configured.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.databases); }},
    PgbouncerDaemonRow{"users", MetricType::gauge, "Users that are configured.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.users); }},
    PgbouncerDaemonRow{"pools", MetricType::gauge, "Pools.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.pools); }},
    PgbouncerDaemonRow{"free_clients", MetricType::gauge, "How many more clients may come.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.free_clients); }},
    PgbouncerDaemonRow{"used_clients", MetricType::gauge, "Clients that are logged in.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.logged_in); }},
    PgbouncerDaemonRow{"login_clients", MetricType::gauge, "Clients that are logging in.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.logging_in); }},
    PgbouncerDaemonRow{"free_servers", MetricType::gauge, "How many more servers there may be, as configured.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.free_servers); }},
    PgbouncerDaemonRow{"used_servers", MetricType::gauge, "Servers of all pools, in whatever state.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.servers); }},
    PgbouncerDaemonRow{"cached_dns_names", MetricType::gauge, "Always 0: names are not cached.", none<DaemonCounts>},
    PgbouncerDaemonRow{"cached_dns_zones", MetricType::gauge, "Always 0: zones are not cached.", none<DaemonCounts>},
    PgbouncerDaemonRow{"in_flight_dns_queries", MetricType::gauge, "Always 0: names are resolved during a login.",
                       none<DaemonCounts>},
    PgbouncerDaemonRow{"config_max_client_connections", MetricType::gauge, "Most clients, as configured.",
                       [](const DaemonCounts& daemon) { return static_cast<double>(daemon.max_client_conn); }},
    PgbouncerDaemonRow{"config_max_user_connections", MetricType::gauge,
                       "Always 0: max_user_servers binds a user only while others wait.", none<DaemonCounts>},
};

}   // namespace pgweir::metrics
