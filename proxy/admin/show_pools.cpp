// SHOW POOLS, DATABASES, USERS, LISTS, STATE.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

constexpr std::array pools_columns = {
    Column{"database"}, Column{"user"}, Column{"cl_active", number_type}, Column{"cl_waiting", number_type},
    Column{"cl_active_cancel_req", number_type}, Column{"cl_waiting_cancel_req", number_type}, Column{"sv_active", number_type},
    Column{"sv_active_cancel", number_type}, Column{"sv_being_canceled", number_type}, Column{"sv_idle", number_type},
    Column{"sv_used", number_type}, Column{"sv_tested", number_type}, Column{"sv_login", number_type}, Column{"maxwait", number_type},
    Column{"maxwait_us", number_type}, Column{"pool_mode"}, Column{"load_balance_hosts"},
};

constexpr std::array databases_columns = {
    Column{"name"}, Column{"host"}, Column{"port", number_type}, Column{"database"}, Column{"force_user"},
    Column{"pool_size", number_type}, Column{"min_pool_size", number_type}, Column{"reserve_pool_size", number_type},
    Column{"server_lifetime", number_type}, Column{"pool_mode"}, Column{"load_balance_hosts"}, Column{"max_connections", number_type},
    Column{"current_connections", number_type}, Column{"max_client_connections", number_type},
    Column{"current_client_connections", number_type}, Column{"paused", number_type}, Column{"disabled", number_type},
};

constexpr std::array users_columns = {
    Column{"name"}, Column{"pool_size", number_type}, Column{"reserve_pool_size", number_type}, Column{"pool_mode"},
    Column{"max_user_connections", number_type}, Column{"current_connections", number_type},
    Column{"max_user_client_connections", number_type}, Column{"current_client_connections", number_type},
};

constexpr std::array lists_columns = {Column{"list"}, Column{"items", number_type}};
constexpr std::array state_columns = {Column{"key"}, Column{"value"}};

Cell mode_of(config::PoolMode mode) { return text(mode == config::PoolMode::session ? "session" : "transaction"); }

Cell mode_of(const PoolShot& pool) { return pool.options ? mode_of(pool.options->pool_mode) : Cell(); }

int count(const PoolShot& pool, ServerState state) { return pool.facts.servers[static_cast<std::size_t>(state)]; }

int servers_of(const PoolShot& pool) {
    int total = 0;
    for (const ServerState state : {ServerState::connecting, ServerState::idle, ServerState::leased, ServerState::recovering,
                                    ServerState::inspecting, ServerState::closing})
        total += count(pool, state);
    return total;
}

// Those that will be checked before their next use: PgBouncer calls them used.
std::ptrdiff_t long_idle(const PoolShot& pool) {
    if (!pool.options) return 0;
    const Duration delay = pool.options->timeouts.server_check_delay;
    return std::count_if(pool.view.servers.begin(), pool.view.servers.end(), [delay](const ServerView& server) {
        return server.state == ServerState::idle && server.in_state >= delay;
    });
}

std::vector<Row> pools_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        const std::ptrdiff_t used = long_idle(pool);
        rows.push_back({text(pool.database), text_or_null(pool.dsn.user), number(pool.clients.idle + pool.clients.active),
                        number(pool.clients.waiting), number(0), number(0), number(count(pool, ServerState::leased)), number(0),
                        number(count(pool, ServerState::recovering)),
                        number(std::max<std::ptrdiff_t>(count(pool, ServerState::idle) - used, 0)), number(used),
                        number(count(pool, ServerState::inspecting) + count(pool, ServerState::closing)),
                        number(count(pool, ServerState::connecting)), whole_seconds(pool.facts.longest_wait),
                        rest_microseconds(pool.facts.longest_wait), mode_of(pool), Cell()});
    }
    return rows;
}

std::vector<Row> databases_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        const Cell lifetime = pool.options ? whole_seconds(pool.options->timeouts.server_lifetime) : Cell();
        const Cell least = pool.options ? number(pool.options->limits.min_pool_size) : Cell();
        const auto [ignored, port] = split_address(":" + pool.dsn.port);
        const std::string& database = pool.dsn.database.empty() ? pool.database : pool.dsn.database;
        rows.push_back({text(pool.database), text_or_null(pool.dsn.host), number(port == 0 ? 5432 : port), text(database),
                        text_or_null(pool.dsn.user), number(pool.facts.pool_size), least, number(0), lifetime, mode_of(pool), Cell(),
                        number(pool.facts.effective_size), number(servers_of(pool)), number(0), number(pool.clients.all()),
                        number(pool.facts.is_paused ? 1 : 0), number(pool.is_disabled ? 1 : 0)});
    }
    return rows;
}

std::vector<Row> users_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const auto& [name, user] : snapshot.config->users) {
        const auto is_his = [&](const ClientView& client) { return client.user == name; };
        const auto holds = [&](const ClientView& client) { return client.user == name && client.server; };
        rows.push_back({text(name), Cell(), number(0), user.pool_mode ? mode_of(*user.pool_mode) : Cell(), number(0),
                        number(std::count_if(snapshot.clients.begin(), snapshot.clients.end(), holds)),
                        number(user.max_user_client_connections),
                        number(std::count_if(snapshot.clients.begin(), snapshot.clients.end(), is_his))});
    }
    return rows;
}

// What pgweir has none of is zero: peers, and names looked up by itself.
std::vector<Row> lists_rows(const ConsoleSnapshot& snapshot) {
    int free_servers = 0;
    int used_servers = 0;
    for (const PoolShot& pool : snapshot.pools) {
        used_servers += servers_of(pool);
        free_servers += pool.facts.pool_size - std::min(servers_of(pool), pool.facts.pool_size);
    }
    const int free_clients = std::max(snapshot.config->limits.max_client_conn - snapshot.clients_inside, 0);
    const int logged_in = std::max(snapshot.clients_inside - snapshot.clients_logging_in, 0);
    const std::array<std::pair<const char*, std::size_t>, 14> lists = {{
        {"databases", snapshot.pools.size()},
        {"users", snapshot.config->users.size()},
        {"peers", 0},
        {"pools", snapshot.pools.size()},
        {"peer_pools", 0},
        {"free_clients", static_cast<std::size_t>(free_clients)},
        {"used_clients", static_cast<std::size_t>(logged_in)},
        {"login_clients", static_cast<std::size_t>(std::max(snapshot.clients_logging_in, 0))},
        {"free_servers", static_cast<std::size_t>(free_servers)},
        {"used_servers", static_cast<std::size_t>(used_servers)},
        {"dns_names", 0},
        {"dns_zones", 0},
        {"dns_queries", 0},
        {"dns_pending", 0},
    }};
    std::vector<Row> rows;
    for (const auto& [list, items] : lists) rows.push_back({text(list), number(items)});
    return rows;
}

std::vector<Row> state_rows(const ConsoleSnapshot& snapshot) {
    const bool is_paused = !snapshot.pools.empty() && std::all_of(snapshot.pools.begin(), snapshot.pools.end(),
                                                                  [](const PoolShot& pool) { return pool.facts.is_paused; });
    return {{text("active"), yes_or_no(!is_paused && !snapshot.is_draining)},
            {text("paused"), yes_or_no(is_paused)},
            {text("suspended"), yes_or_no(false)}};
}

constexpr std::array table = {
    ShowRow{"POOLS", Gathering::nothing, ConsoleRole::stats, pools_columns, pools_rows},
    ShowRow{"DATABASES", Gathering::nothing, ConsoleRole::stats, databases_columns, databases_rows},
    ShowRow{"USERS", Gathering::clients, ConsoleRole::stats, users_columns, users_rows},
    ShowRow{"LISTS", Gathering::nothing, ConsoleRole::stats, lists_columns, lists_rows},
    ShowRow{"STATE", Gathering::nothing, ConsoleRole::stats, state_columns, state_rows},
};

}  // namespace

std::span<const ShowRow> pool_shows() { return table; }

}  // namespace pgweir::proxy
