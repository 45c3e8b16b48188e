// SHOW HOLDERS, PINS, QUEUE, FLOWS: who has the servers, and who waits for them.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"
#include "proxy/admin/statement_digest.hpp"

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

constexpr std::array holders_columns = {
    Column{"database"}, Column{"server_id", number_type}, Column{"backend_pid", number_type}, Column{"client_id", number_type},
    Column{"user"}, Column{"application_name"}, Column{"address"}, Column{"state"}, Column{"transaction_age_ms", number_type},
    Column{"statement_age_ms", number_type}, Column{"pinned"}, Column{"digest"}, Column{"statement"},
};
constexpr std::array pins_columns = {
    Column{"database"}, Column{"server_id", number_type}, Column{"backend_pid", number_type}, Column{"client_id", number_type},
    Column{"user"}, Column{"application_name"}, Column{"address"}, Column{"reason"}, Column{"pinned_ms", number_type},
};
constexpr std::array queue_columns = {
    Column{"database"}, Column{"client_id", number_type}, Column{"user"}, Column{"application_name"}, Column{"address"},
    Column{"waiting_ms", number_type}, Column{"query_wait_timeout_ms", number_type},
};
constexpr std::array flows_columns = {
    Column{"database"}, Column{"flow"}, Column{"clients", number_type}, Column{"servers", number_type}, Column{"waiting", number_type},
    Column{"weight", number_type}, Column{"max_servers", number_type},
};

bool is_busy(ServerState state) {
    return state == ServerState::leased || state == ServerState::recovering || state == ServerState::inspecting;
}

// What stands between a server that is not leased and its next client.
const char* state_of(const ServerView& server) {
    return server.state == ServerState::recovering ? "recovering" : server.state == ServerState::inspecting ? "inspecting" : "leased";
}

struct Held {
    std::size_t pool_index;
    const PoolShot& pool;
    const ServerView& server;
    const ClientView* client;   // null: nobody's, or it came or went between two looks

    int backend_pid() const {
        const std::size_t place = index_of(server.id);
        return place < pool.identities.size() ? pool.identities[place].backend_pid : 0;
    }
};

const ClientView* client_of(const ConsoleSnapshot& snapshot, const PoolShot& pool, const ServerView& server) {
    if (server.state != ServerState::leased) return nullptr;
    const auto found = std::find_if(snapshot.clients.begin(), snapshot.clients.end(), [&](const ClientView& client) {
        return client.server == server.id && client.database == pool.database;
    });
    return found == snapshot.clients.end() ? nullptr : &*found;
}

template <class Visit>
void for_each_held(const ConsoleSnapshot& snapshot, Visit visit) {
    for (std::size_t i = 0; i < snapshot.pools.size(); ++i) {
        const PoolShot& pool = snapshot.pools[i];
        for (const ServerView& server : pool.view.servers)
            if (is_busy(server.state)) visit(Held{i, pool, server, client_of(snapshot, pool, server)});
    }
}

Cell pin_of(const ServerView& server) {
    if (!server.is_pinned) return Cell();
    return text(server.reason ? token(*server.reason) : "not known yet");
}

// The client's columns, NULL without one. A listening server is its pool's own.
void add_client(Row& row, const Held& held) {
    if (held.client != nullptr) {
        row.insert(row.end(), {number(number_of(held.client->id)), text(held.client->user), text(held.client->application_name),
                               text(held.client->address)});
    } else {
        row.insert(row.end(), {Cell(), Cell(), Cell(), Cell()});
    }
}

std::vector<Row> holders_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for_each_held(snapshot, [&rows](const Held& held) {
        Row row{text(held.pool.database), number(number_of_server(held.pool_index, held.server.id)), number(held.backend_pid())};
        add_client(row, held);
        if (held.client == nullptr) {
            const bool is_listening = held.server.state == ServerState::leased && Listening::is_meant(held.server.client);
            row.insert(row.end(), {text(is_listening ? "listening" : state_of(held.server)), Cell(), Cell(), pin_of(held.server), Cell(), Cell()});
        } else {
            const std::string digest = digest_of(held.client->statement);
            row.insert(row.end(), {text(held.client->transaction), milliseconds(held.client->transaction_age),
                                   milliseconds(held.client->statement_age), pin_of(held.server), text_or_null(digest_id(digest)),
                                   text_or_null(digest)});
        }
        rows.push_back(std::move(row));
    });
    return rows;
}

std::vector<Row> pins_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for_each_held(snapshot, [&rows](const Held& held) {
        if (!held.server.is_pinned) return;
        Row row{text(held.pool.database), number(number_of_server(held.pool_index, held.server.id)), number(held.backend_pid())};
        add_client(row, held);
        row.insert(row.end(), {pin_of(held.server), milliseconds(held.server.pinned_for)});
        rows.push_back(std::move(row));
    });
    return rows;
}

// Who has waited longest first.
std::vector<Row> queue_rows(const ConsoleSnapshot& snapshot) {
    std::vector<const ClientView*> waiting;
    for (const ClientView& client : snapshot.clients)
        if (client.is_waiting) waiting.push_back(&client);
    std::stable_sort(waiting.begin(), waiting.end(), [](const ClientView* a, const ClientView* b) { return a->quiet > b->quiet; });
    std::vector<Row> rows;
    for (const ClientView* client : waiting) {
        const auto pool = std::find_if(snapshot.pools.begin(), snapshot.pools.end(), [&](const PoolShot& one) { return one.database == client->database; });
        const bool is_known = pool != snapshot.pools.end() && pool->options;
        rows.push_back({text(client->database), number(number_of(client->id)), text(client->user), text(client->application_name),
                        text(client->address), milliseconds(client->quiet),
                        is_known ? milliseconds(pool->options->timeouts.query_wait_timeout) : Cell()});
    }
    return rows;
}

std::vector<Row> flows_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        const Cell most = pool.options ? number(pool.options->limits.max_flow_servers.of(pool.options->limits.pool_size)) : Cell();
        for (const FlowView& flow : pool.view.flows) {
            rows.push_back({text(pool.database), text(flow.name), number(flow.clients), number(flow.servers), number(flow.waiting),
                            number(flow.weight), most});
        }
    }
    return rows;
}

constexpr std::array table = {
    ShowRow{"HOLDERS", Gathering::holders, ConsoleRole::stats, holders_columns, holders_rows},
    ShowRow{"QUEUE", Gathering::clients, ConsoleRole::stats, queue_columns, queue_rows},
    ShowRow{"FLOWS", Gathering::nothing, ConsoleRole::stats, flows_columns, flows_rows},
    ShowRow{"PINS", Gathering::holders, ConsoleRole::stats, pins_columns, pins_rows},
};

}  // namespace

std::span<const ShowRow> holder_shows() { return table; }

}  // namespace pgweir::proxy
