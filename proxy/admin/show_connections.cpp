// SHOW CLIENTS, SERVERS, SOCKETS, ACTIVE_SOCKETS, FDS.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

// The first 21 are those of CLIENTS and SERVERS.
constexpr std::array sockets_columns = {
    Column{"type"}, Column{"user"}, Column{"database"}, Column{"replication"}, Column{"state"}, Column{"addr"}, Column{"port", number_type},
    Column{"local_addr"}, Column{"local_port", number_type}, Column{"connect_time"}, Column{"request_time"}, Column{"wait", number_type},
    Column{"wait_us", number_type}, Column{"close_needed", number_type}, Column{"ptr"}, Column{"link"}, Column{"remote_pid", number_type},
    Column{"tls"}, Column{"application_name"}, Column{"prepared_statements", number_type}, Column{"id", number_type},
    Column{"recv_pos", number_type}, Column{"pkt_pos", number_type}, Column{"pkt_remain", number_type}, Column{"send_pos", number_type},
    Column{"send_remain", number_type}, Column{"pkt_avail", number_type}, Column{"send_avail", number_type},
};
constexpr std::size_t plain_columns = 21;
constexpr std::span<const Column> connection_columns = std::span<const Column>(sockets_columns).first(plain_columns);

constexpr std::array fds_columns = {
    Column{"fd", number_type}, Column{"task"}, Column{"user"}, Column{"database"}, Column{"addr"}, Column{"port", number_type},
    Column{"cancel", number_type}, Column{"link", number_type}, Column{"client_encoding"}, Column{"std_strings"}, Column{"datestyle"},
    Column{"timezone"}, Column{"password"}, Column{"scram_client_key"}, Column{"scram_server_key"},
};

std::string pointer(char kind, std::int64_t number) { return fmt::format("{}{}", kind, number); }

std::size_t index_of_pool(const ConsoleSnapshot& snapshot, std::string_view database) {
    const auto found = std::find_if(snapshot.pools.begin(), snapshot.pools.end(), [&](const PoolShot& pool) { return pool.database == database; });
    return static_cast<std::size_t>(found - snapshot.pools.begin());
}

std::chrono::system_clock::time_point ago(const ConsoleSnapshot& snapshot, Duration duration) {
    return snapshot.now - std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
}

// PgBouncer knows three states of a client that matter here.
const char* state_of(const ClientView& client) {
    if (client.is_waiting) return "waiting";
    return client.server ? "active" : "idle";
}

// What is not known of a socket's buffers is NULL.
Row client_row(const ConsoleSnapshot& snapshot, const ClientView& client) {
    const auto [host, port] = split_address(client.address);
    const std::int64_t id = number_of(client.id);
    const bool is_unix = client.address == "unix";
    const auto& listen = snapshot.config->listen;
    const bool is_one = !is_unix && listen.address.size() == 1;
    Row row{text("C"), text(client.user), text(client.database), text("none"), text(state_of(client)), text(host), number(port)};
    row.push_back(is_unix ? text("unix") : is_one ? text(listen.address.front()) : Cell());
    row.push_back(number(listen.port));
    row.push_back(text(time_text(ago(snapshot, client.connected))));
    row.push_back(text(time_text(ago(snapshot, client.quiet))));
    row.push_back(client.is_waiting ? whole_seconds(client.quiet) : number(0));
    row.push_back(client.is_waiting ? rest_microseconds(client.quiet) : number(0));
    row.push_back(number(0));
    row.push_back(text(pointer('c', id)));
    row.push_back(client.server ? text(pointer('s', number_of_server(index_of_pool(snapshot, client.database), *client.server))) : text(""));
    row.push_back(number(0));
    row.push_back(text(client.is_tls ? "TLS" : ""));
    row.push_back(text(client.application_name));
    row.push_back(number(client.prepared_statements));
    row.push_back(number(id));
    return row;
}

const char* state_of(const ServerView& server, const PoolShot& pool) {
    switch (server.state) {
    case ServerState::connecting: return "new";
    case ServerState::idle:
        return pool.options && server.in_state >= pool.options->timeouts.server_check_delay ? "used" : "idle";
    case ServerState::leased: return "active";
    case ServerState::recovering: return "being_canceled";
    case ServerState::inspecting:
    case ServerState::closing: return "tested";
    case ServerState::vacant: return "";
    }
    return "";
}

const ClientView* holder_of(const ConsoleSnapshot& snapshot, const PoolShot& pool, const ServerView& server) {
    if (server.state != ServerState::leased) return nullptr;
    const auto found = std::find_if(snapshot.clients.begin(), snapshot.clients.end(), [&](const ClientView& client) {
        return client.server == server.id && client.database == pool.database;
    });
    return found == snapshot.clients.end() ? nullptr : &*found;
}

Row server_row(const ConsoleSnapshot& snapshot, std::size_t pool_index, const ServerView& server) {
    const PoolShot& pool = snapshot.pools[pool_index];
    const std::size_t place = index_of(server.id);
    const bool is_known = place < pool.identities.size() && server.state != ServerState::connecting;
    const ServerIdentity identity = is_known ? pool.identities[place] : ServerIdentity();
    const auto [host, port] = split_address(identity.peer);
    const ClientView* holder = holder_of(snapshot, pool, server);
    const std::int64_t id = number_of_server(pool_index, server.id);
    const Duration rest = server.state == ServerState::idle ? server.in_state : Duration();
    Row row{text("S"), text_or_null(pool.dsn.user), text(pool.database), text("none"), text(state_of(server, pool))};
    row.insert(row.end(), {text(host.empty() ? pool.dsn.host : host), number(port), Cell(), Cell()});
    row.push_back(text(time_text(ago(snapshot, server.age))));
    row.push_back(text(time_text(ago(snapshot, holder != nullptr ? holder->statement_age : rest))));
    row.insert(row.end(), {number(0), number(0), number(server.is_outdated ? 1 : 0), text(pointer('s', id))});
    row.push_back(text(holder != nullptr ? pointer('c', number_of(holder->id)) : std::string()));
    row.push_back(number(identity.backend_pid));
    row.push_back(text(identity.is_tls ? "TLS" : ""));
    row.push_back(holder != nullptr ? text(holder->application_name) : text(""));
    row.push_back(Cell());
    row.push_back(number(id));
    return row;
}

std::vector<Row> clients_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    rows.reserve(snapshot.clients.size());
    for (const ClientView& client : snapshot.clients) rows.push_back(client_row(snapshot, client));
    return rows;
}

std::vector<Row> servers_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (std::size_t pool = 0; pool < snapshot.pools.size(); ++pool)
        for (const ServerView& server : snapshot.pools[pool].view.servers) rows.push_back(server_row(snapshot, pool, server));
    return rows;
}

std::vector<Row> sockets_of(const ConsoleSnapshot& snapshot, bool only_active) {
    std::vector<Row> rows;
    for (const ClientView& client : snapshot.clients) {
        if (only_active && !client.server && !client.is_waiting) continue;
        Row row = client_row(snapshot, client);
        row.insert(row.end(), {Cell(), Cell(), Cell(), Cell(), number(client.unread), number(client.held), Cell()});
        rows.push_back(std::move(row));
    }
    for (std::size_t pool = 0; pool < snapshot.pools.size(); ++pool) {
        for (const ServerView& server : snapshot.pools[pool].view.servers) {
            if (only_active && server.state == ServerState::idle) continue;
            Row row = server_row(snapshot, pool, server);
            row.resize(sockets_columns.size());
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::vector<Row> sockets_rows(const ConsoleSnapshot& snapshot) { return sockets_of(snapshot, false); }
std::vector<Row> active_rows(const ConsoleSnapshot& snapshot) { return sockets_of(snapshot, true); }

// PgBouncer hands its connections over to another process with this, passwords included: here it only names them.
std::vector<Row> fds_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    const auto add = [&rows](int descriptor, const char* task, Cell user, std::string_view database, std::string_view address) {
        const auto [host, port] = split_address(address);
        Row row{number(descriptor), text(task), std::move(user), text(database), text(host), number(port)};
        row.resize(fds_columns.size());
        rows.push_back(std::move(row));
    };
    for (const ClientView& client : snapshot.clients) add(client.descriptor, "client", text(client.user), client.database, client.address);
    for (const PoolShot& pool : snapshot.pools) {
        for (const ServerView& server : pool.view.servers) {
            const std::size_t place = index_of(server.id);
            if (place >= pool.identities.size() || server.state == ServerState::connecting) continue;
            const ServerIdentity& identity = pool.identities[place];
            add(identity.descriptor, "server", text_or_null(pool.dsn.user), pool.database, identity.peer);
        }
    }
    return rows;
}

constexpr std::array table = {
    ShowRow{"CLIENTS", Gathering::clients, ConsoleRole::stats, connection_columns, clients_rows},
    ShowRow{"SERVERS", Gathering::holders, ConsoleRole::stats, connection_columns, servers_rows},
    ShowRow{"SOCKETS", Gathering::clients, ConsoleRole::stats, sockets_columns, sockets_rows},
    ShowRow{"ACTIVE_SOCKETS", Gathering::clients, ConsoleRole::stats, sockets_columns, active_rows},
    ShowRow{"FDS", Gathering::clients, ConsoleRole::admin, fds_columns, fds_rows},
};

}  // namespace

std::span<const ShowRow> connection_shows() { return table; }

}  // namespace pgweir::proxy
