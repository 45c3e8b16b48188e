// What dashboards made for PgBouncer read: the same cells under other names.
#include "metrics/exporter.hpp"

#include <catch2/catch.hpp>

#include <string>

using pgweir::metrics::ClientState;
using pgweir::metrics::expose;
using pgweir::metrics::LoginCells;
using pgweir::metrics::PoolSnapshot;
using pgweir::metrics::RelayCells;
using pgweir::metrics::ServerState;
using pgweir::metrics::Snapshot;

namespace {

// Two relay threads, one login thread, a pool that is configured and one that is not any more.
struct Scrape {
    RelayCells relay_a;
    RelayCells relay_b;
    LoginCells login;
    Snapshot snapshot;

    Scrape() {
        snapshot.version = "1.2.3";
        snapshot.logins = {&login};
        snapshot.users = 3;
        snapshot.pools = {PoolSnapshot{.database = "app",
                                       .state = {},
                                       .relays = {&relay_a, &relay_b},
                                       .upstream = {"db.example", "5433", "postgres", "postgres.ref"},
                                       .pool_mode = "transaction"},
                          PoolSnapshot{.database = "old", .state = {}, .relays = {}, .is_configured = false}};
    }

    RelayCells& relay(int thread) { return thread == 0 ? relay_a : relay_b; }
    std::uint64_t& servers(ServerState state) { return snapshot.pools[0].state.servers[static_cast<std::size_t>(state)]; }

    bool has_line(const std::string& line) const {
        return ("\n" + expose(snapshot)).find("\n" + line + "\n") != std::string::npos;
    }
};

const std::string labels = "{database=\"app\",user=\"postgres.ref\"} ";

}   // namespace

TEST_CASE("pgbouncer names: a client is active or waits, whatever thread it is on", "[metrics]") {
    Scrape scrape;
    for (const int thread : {0, 1}) {
        auto& clients = scrape.relay(thread).clients;
        clients[static_cast<std::size_t>(ClientState::idle)].add(10);
        clients[static_cast<std::size_t>(ClientState::active)].add(2);
        clients[static_cast<std::size_t>(ClientState::waiting)].add(3);
    }
    CHECK(scrape.has_line("pgbouncer_pools_client_active_connections" + labels + "24"));
    CHECK(scrape.has_line("pgbouncer_pools_client_waiting_connections" + labels + "6"));
}

TEST_CASE("pgbouncer names: every server is in one of the states", "[metrics]") {
    Scrape scrape;
    scrape.servers(ServerState::connecting) = 1;
    scrape.servers(ServerState::idle) = 2;
    scrape.servers(ServerState::leased) = 3;
    scrape.servers(ServerState::recovering) = 4;
    scrape.servers(ServerState::inspecting) = 5;
    scrape.servers(ServerState::closing) = 6;
    CHECK(scrape.has_line("pgbouncer_pools_server_login_connections" + labels + "1"));
    CHECK(scrape.has_line("pgbouncer_pools_server_idle_connections" + labels + "2"));
    CHECK(scrape.has_line("pgbouncer_pools_server_active_connections" + labels + "3"));
    CHECK(scrape.has_line("pgbouncer_pools_server_being_canceled_connections" + labels + "4"));
    CHECK(scrape.has_line("pgbouncer_pools_server_testing_connections" + labels + "11"));
    CHECK(scrape.has_line("pgbouncer_used_servers 21"));
}

TEST_CASE("pgbouncer names: statistics are those of the own families", "[metrics]") {
    Scrape scrape;
    for (const int thread : {0, 1}) {
        RelayCells& cells = scrape.relay(thread);
        cells.statements.add(5);
        cells.transactions.add(4);
        cells.client_received_bytes.add(100);
        cells.client_sent_bytes.add(200);
        cells.parses.add(6);
        cells.server_parses.add(7);
        cells.binds.add(8);
        cells.server_assignments.add(9);
        cells.query_time.observe(0.25);
        cells.transaction_time.observe(0.5);
        cells.queue_wait.observe(2);
    }
    const std::string label = "{database=\"app\"} ";
    CHECK(scrape.has_line("pgbouncer_stats_queries_pooled_total" + label + "10"));
    CHECK(scrape.has_line("pgbouncer_stats_sql_transactions_pooled_total" + label + "8"));
    CHECK(scrape.has_line("pgbouncer_stats_received_bytes_total" + label + "200"));
    CHECK(scrape.has_line("pgbouncer_stats_sent_bytes_total" + label + "400"));
    CHECK(scrape.has_line("pgbouncer_stats_client_parses_total" + label + "12"));
    CHECK(scrape.has_line("pgbouncer_stats_server_parses_total" + label + "14"));
    CHECK(scrape.has_line("pgbouncer_stats_binds_total" + label + "16"));
    CHECK(scrape.has_line("pgbouncer_stats_server_assignments_total" + label + "18"));
    CHECK(scrape.has_line("pgbouncer_stats_queries_duration_seconds_total" + label + "0.5"));
    CHECK(scrape.has_line("pgbouncer_stats_server_in_transaction_seconds_total" + label + "1"));
    CHECK(scrape.has_line("pgbouncer_stats_client_wait_seconds_total" + label + "4"));
}

TEST_CASE("pgbouncer names: a database says where it is, and whether it is still configured", "[metrics]") {
    Scrape scrape;
    scrape.snapshot.pools[0].state.pool_size = 20;
    scrape.snapshot.pools[0].state.effective_size = 15;
    scrape.servers(ServerState::closing) = 2;
    const std::string where =
        "{name=\"app\",host=\"db.example\",port=\"5433\",database=\"postgres\",force_user=\"postgres.ref\","
        "pool_mode=\"transaction\"} ";
    CHECK(scrape.has_line("pgbouncer_databases_pool_size" + where + "20"));
    CHECK(scrape.has_line("pgbouncer_databases_max_connections" + where + "15"));
    CHECK(scrape.has_line("pgbouncer_databases_current_connections" + where + "2"));
    CHECK(scrape.has_line("pgbouncer_databases_disabled" + where + "0"));
    CHECK(scrape.has_line("pgbouncer_databases_disabled{name=\"old\",host=\"\",port=\"\",database=\"\",force_user=\"\","
                          "pool_mode=\"\"} 1"));
}

TEST_CASE("pgbouncer names: the daemon counts what SHOW LISTS counts", "[metrics]") {
    Scrape scrape;
    scrape.login.logging_in.add(2);
    scrape.snapshot.daemon.clients_inside = 40;
    scrape.snapshot.daemon.max_client_conn = 10000;
    scrape.snapshot.pools[0].state.pool_size = 20;
    scrape.servers(ServerState::idle) = 3;
    CHECK(scrape.has_line("pgbouncer_up 1"));
    CHECK(scrape.has_line("pgbouncer_version_info{version=\"pgweir 1.2.3\"} 1"));
    CHECK(scrape.has_line("pgbouncer_databases 1"));
    CHECK(scrape.has_line("pgbouncer_users 3"));
    CHECK(scrape.has_line("pgbouncer_pools 2"));
    CHECK(scrape.has_line("pgbouncer_used_clients 38"));
    CHECK(scrape.has_line("pgbouncer_login_clients 2"));
    CHECK(scrape.has_line("pgbouncer_free_clients 9960"));
    CHECK(scrape.has_line("pgbouncer_used_servers 3"));
    CHECK(scrape.has_line("pgbouncer_free_servers 17"));
    CHECK(scrape.has_line("pgbouncer_config_max_client_connections 10000"));
}
