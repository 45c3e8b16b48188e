// What an operator sees of this thread's clients, and what he does to one of them.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include <spdlog/spdlog.h>

#include <limits>
#include <utility>

namespace pgweir::proxy {
namespace {

constexpr unsigned thread_bits = 6;    // listen.io_threads is at most 64
constexpr unsigned slot_bits = 25;

const char* word_of(ClientPhase phase) {
    switch (phase) {
    case ClientPhase::idle: return "idle";
    case ClientPhase::waiting: return "waiting";
    case ClientPhase::preparing: return "preparing";
    case ClientPhase::active: return "active";
    case ClientPhase::settling: return "settling";
    case ClientPhase::subscribing: return "subscribing";
    case ClientPhase::closing:
    case ClientPhase::gone: return "closing";
    }
    return "closing";
}

// What its server does, in the words of pg_stat_activity.
void look_at(const ServerConnection& server, ClientView& view, TimePoint now) {
    const protocol::Exchange& exchange = server.exchange;
    const bool is_running = exchange.outstanding() > 0 || server.to_server.body_left > 0;
    const bool is_open = exchange.status() != protocol::TransactionStatus::idle || exchange.wants_sync();
    const bool has_failed = exchange.status() == protocol::TransactionStatus::failed;
    view.server = server.id;
    view.backend_pid = server.handle ? server.handle->backend_pid() : 0;
    view.transaction = is_running   ? "active"
                       : has_failed ? "idle in transaction (aborted)"
                       : is_open    ? "idle in transaction"
                                    : "idle";
    if (is_running || is_open) view.transaction_age = now - server.clock.transaction_since();
    view.statement_age = now - (is_running ? server.clock.statement_since() : server.clock.quiet_since());
    view.statement = server.statement;
}

}  // namespace

std::int64_t number_of(const ClientId& id) {
    const std::uint64_t round = id.round - 1;
    return static_cast<std::int64_t>((round << (thread_bits + slot_bits)) + (std::uint64_t{id.slot} << thread_bits) + index_of(id.thread) + 1);
}

std::optional<ClientId> client_of(std::int64_t number, std::size_t threads) {
    if (number <= 0) return std::nullopt;
    const std::uint64_t bits = static_cast<std::uint64_t>(number) - 1;
    const std::uint64_t thread = bits & ((1U << thread_bits) - 1);
    const std::uint64_t round = (bits >> (thread_bits + slot_bits)) + 1;
    if (thread >= threads || round > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    const std::uint64_t slot = (bits >> thread_bits) & ((1U << slot_bits) - 1);
    return ClientId{ThreadIndex{static_cast<std::uint32_t>(thread)}, static_cast<std::uint32_t>(slot), static_cast<std::uint32_t>(round)};
}

ClientView Relay::view_of(Client& client, TimePoint now) {
    ClientView view;
    view.id = client.id;
    view.database = client.pool->name();
    view.user = client.user;
    if (const std::string* name = value_of(client.session.settings->settings, "application_name")) view.application_name = *name;
    view.address = client.address;
    view.state = word_of(client.phase);
    view.connected = now - client.connected_at;
    view.quiet = now - client.last_active;
    view.is_waiting = client.phase == ClientPhase::waiting;
    view.is_tls = client.stream.is_tls();
    view.prepared_statements = client.session.statements.size();
    view.unread = client.out.size();
    view.held = client.held.size();
    view.descriptor = client.stream.descriptor();
    if (client.lease) look_at(*client.lease, view, now);
    return view;
}

void Relay::show(std::vector<ClientView>& clients) {
    const TimePoint now = Clock::now();
    clients.reserve(my_.clients.size());
    my_.clients.for_each([&](Client& client) {
        if (client.phase != ClientPhase::closing) clients.push_back(view_of(client, now));
    });
}

void Relay::show_holders(std::vector<ClientView>& holders) {
    const TimePoint now = Clock::now();
    for (const ClientId& id : holders_) {
        Client* client = my_.clients.find(id);
        if (client != nullptr && client->lease) holders.push_back(view_of(*client, now));
    }
}

// Half a message cannot be followed by another one.
bool Relay::kill(const ClientId& id) {
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase == ClientPhase::closing || client->phase == ClientPhase::gone) return false;
    spdlog::info("event=client_killed pool={} user={} client={}", client->pool->name(), client->user, client->address);
    const bool is_mid_reply = client->lease && client->lease->from_server.body_left > 0 &&
                              client->lease->from_server.reply == protocol::Reply::to_client;
    if (is_mid_reply) {
        drop(*client);
        return true;
    }
    scratch_.clear();
    write_shutdown(scratch_);
    end(*client, scratch_);
    return true;
}

void Relay::kill_all(const Pool& pool) {
    std::vector<ClientId> clients;
    my_.clients.for_each([&](const Client& client) {
        if (client.pool.get() == &pool) clients.push_back(client.id);
    });
    for (const ClientId& id : clients) kill(id);
}

// What the session had there is gone, so the client must read of it.
Unpinned Relay::unpin(const ClientId& id) {
    Client* client = my_.clients.find(id);
    if (client == nullptr) return Unpinned::unknown_client;
    if (!client->lease || !client->lease->pinned) return Unpinned::not_pinned;
    const ServerConnection& server = *client->lease;
    if (client->phase != ClientPhase::active || !server.exchange.is_idle() || server.to_server.body_left > 0 || server.strike)
        return Unpinned::in_transaction;
    spdlog::info("event=unpinned pool={} user={} client={} reason={}", client->pool->name(), client->user, client->address,
                 token(*server.pinned));
    client->unleased.cursor = server.to_server;
    client->lease.give_back_dirty();
    client->owns_server = false;
    client->session.undone = {};
    write_unpinned(client->session.undone.error, client->pool->name());
    set_phase(*client, ClientPhase::idle);
    take_held(*client);
    return Unpinned::done;
}

}  // namespace pgweir::proxy
