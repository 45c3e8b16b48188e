// Leases: getting, preparing, pinning and ending them; and the coming and going of clients.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace pgweir::proxy {
namespace {

// An empty query: the cheapest proof that a server is still there.
constexpr std::string_view check_sql = ";";

// How long a server may take to answer a check or to take settings. Chosen: a round trip
// and then some; a network that swallows bytes is found out here.
constexpr Duration preparing_limit = std::chrono::seconds(5);

// How long a client that was told to go may take to read it. Chosen.
constexpr Duration closing_limit = std::chrono::seconds(2);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// The gauge a phase counts in; none for clients on their way out.
int gauge_of(ClientPhase phase) {
    switch (phase) {
    case ClientPhase::idle: return static_cast<int>(metrics::ClientState::idle);
    case ClientPhase::waiting: return static_cast<int>(metrics::ClientState::waiting);
    case ClientPhase::preparing:
    case ClientPhase::active: return static_cast<int>(metrics::ClientState::active);
    case ClientPhase::closing:
    case ClientPhase::gone: return -1;
    }
    return -1;
}

}  // namespace

void Relay::admit(LoggedInClient incoming) {
    Client& client = my_.clients.insert();
    client.stream = std::move(incoming.stream);
    client.ticket = std::move(incoming.ticket);
    client.pool = std::move(incoming.pool);
    client.pool_mode = incoming.pool_mode;
    client.user = std::move(incoming.user);
    client.address = std::move(incoming.address);
    client.settings = std::move(incoming.settings);
    client.cancel_key = incoming.cancel_key;
    client.held = std::move(incoming.early);
    client.last_active = Clock::now();
    cells(client).clients[static_cast<std::size_t>(gauge_of(client.phase))].add(1);
    my_.cancel_keys.bind(client.cancel_key, client.id);
    my_.set.add(client.stream.descriptor(), client);
    if (is_draining_) {
        scratch_.clear();
        write_shutdown(scratch_);
        end(client, scratch_);
        return;
    }
    // OpenSSL may have read more than the login needed, and no edge will tell.
    client.may_read = client.stream.has_pending();
    take_held(client);
}

void Relay::set_phase(Client& client, ClientPhase phase) {
    const int from = gauge_of(client.phase);
    const int to = gauge_of(phase);
    if (from != to) {
        if (from >= 0) cells(client).clients[static_cast<std::size_t>(from)].add(-1);
        if (to >= 0) cells(client).clients[static_cast<std::size_t>(to)].add(1);
    }
    client.phase = phase;
}

void Relay::granted(const ClientId& id, ServerConnection& server, Duration waited) {
    server.move_to(my_.set);
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase != ClientPhase::waiting) {
        my_.keeper.take_back_clean(server);
        return;
    }
    cells(*client).queue_wait.observe(seconds(waited));
    start_lease(*client, server, false);
    take_held(*client);
}

void Relay::start_lease(Client& client, ServerConnection& server, bool needs_check) {
    server.move_to(my_.set);
    server.lessee = &client;
    server.leased_at = Clock::now();
    client.lease = Lease(server, my_.keeper);
    cells(client).server_assignments.add();
    if (!needs_check && server.applied == client.settings) {
        server.duty = ServerDuty::serving;
        set_phase(client, ClientPhase::active);
        return;
    }
    std::string sql = switch_settings_sql(server.applied, client.settings, *server.baseline);
    if (sql.empty()) sql = check_sql;
    server.duty = ServerDuty::preparing;
    set_phase(client, ClientPhase::preparing);
    client.failure.clear();
    scratch_.clear();
    protocol::write_query(scratch_, sql);
    server.exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    if (!server.send(scratch_)) {
        server.may_read = true;
        my_.visit_again(client);
    }
}

void Relay::prepared(ServerConnection& server, Client& client) {
    if (client.failure.empty()) {
        server.applied = client.settings;
        server.duty = ServerDuty::serving;
        client.knows_settings = true;
        set_phase(client, ClientPhase::active);
        take_held(client);
        return;
    }
    client.lease.give_back_dirty();
    set_phase(client, ClientPhase::idle);
    reject_held(client, std::exchange(client.failure, {}));
}

// Nothing is outstanding and no transaction is open: the server goes back, unless the
// client must keep it.
void Relay::exchange_ended(ServerConnection& server, Client& client) {
    const TimePoint now = Clock::now();
    cells(client).transactions.add();
    cells(client).transaction_time.observe(seconds(now - server.leased_at));
    server.leased_at = now;
    if (client.phase != ClientPhase::active) return;
    const bool keeps = client.pool_mode == config::PoolMode::session || server.is_pinned || server.unnamed_waits;
    if (keeps && !is_draining_) {
        if (!client.held.empty()) take_held(client);
        return;
    }
    if (server.needs_reset || keeps || !server.is_quiet()) client.lease.give_back_dirty();
    else client.lease.give_back_clean();
    set_phase(client, ClientPhase::idle);
    if (is_draining_) {
        scratch_.clear();
        write_shutdown(scratch_);
        end(client, scratch_);
        return;
    }
    if (!client.held.empty()) take_held(client);
    else if (client.may_read) my_.visit_again(client);
}

void Relay::pin(ServerConnection& server, std::string_view reason) {
    if (server.is_pinned) return;
    server.is_pinned = true;
    server.pool.set_pinned(server, true);
    spdlog::debug("event=pinned pool={} server={} reason={}", server.pool.name(), index_of(server.id), reason);
}

// The ErrorResponse for a refusal, with the id of its log line.
std::vector<std::byte> Relay::refusal_error(const Client& client, const Refusal& refusal) {
    const std::string event_id = make_event_id();
    spdlog::info("event=refused pool={} user={} reason={} waited_ms={} id={}", client.pool->name(), client.user,
                 token(refusal.reason), refusal.waited.count(), event_id);
    std::vector<std::byte> error;
    write_refusal(error, Severity::error, refusal, event_id);
    return error;
}

void Relay::refused(const ClientId& id, const Refusal& refusal) {
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase != ClientPhase::waiting) return;
    set_phase(*client, ClientPhase::idle);
    reject_held(*client, refusal_error(*client, refusal));
}

void Relay::cancel(const ClientId& id, std::function<void()> done) {
    Client* client = my_.clients.find(id);
    if (client != nullptr && client->phase == ClientPhase::waiting && client->pool->leave_queue(client->waiter, client->id)) {
        set_phase(*client, ClientPhase::idle);
        std::vector<std::byte> error;
        write_query_cancelled(error);
        reject_held(*client, error);
    }
    // Between statements a cancel means nothing; while one is under way more would change nothing.
    const bool is_running = client != nullptr && client->phase == ClientPhase::active &&
                            !client->lease->exchange.is_complete() && client->lease->cancels_in_flight == 0;
    if (!is_running) {
        done();
        return;
    }
    cells(*client).cancel_requests.add();
    client->lease->was_cancelled = true;
    client->pool->cancel(*client->lease, my_.thread, std::move(done));
}

// Answers the statement that was held with an error, and goes on with what is behind it.
void Relay::reject_held(Client& client, protocol::Bytes error) {
    const std::vector<std::byte> bytes = std::exchange(client.held, {});
    take(client, reject(client, bytes, error));
    if (client.may_read || client.has_hung_up) my_.visit_again(client);
}

void Relay::send(Client& client, protocol::Bytes bytes) {
    if (bytes.empty() || client.phase == ClientPhase::gone) return;
    cells(client).client_sent_bytes.add(bytes.size());
    if (client.out.write(client.stream, bytes)) return;
    // Its end is found by reading, where nobody is in the middle of using it.
    client.out.clear();
    client.is_broken = true;
    my_.visit_again(client);
}

// Ends what the client had with its pool.
void Relay::part(Client& client) {
    if (client.phase == ClientPhase::waiting) client.pool->leave_queue(client.waiter, client.id);
    client.lease.give_back_dirty();
    my_.cancel_keys.forget(client.cancel_key);
}

// The session ends: last words, then the client's own EOF, or the limit.
void Relay::end(Client& client, protocol::Bytes last_words) {
    if (client.phase == ClientPhase::closing || client.phase == ClientPhase::gone) return;
    const std::vector<std::byte> words(last_words.begin(), last_words.end());
    part(client);
    send(client, words);
    set_phase(client, ClientPhase::closing);
    client.held.clear();
    client.last_active = Clock::now();
    if (client.out.empty()) client.stream.shut_down();
}

void Relay::drop(Client& client) {
    if (client.phase == ClientPhase::gone) return;
    part(client);
    set_phase(client, ClientPhase::gone);
    my_.set.remove(client.stream.descriptor());
    client.stream.close();
    client.ticket = {};
    my_.clients.erase(client);
}

void Relay::begin_drain() {
    is_draining_ = true;
    my_.clients.for_each([this](Client& client) {
        const bool holds = client.lease && client.lease->duty == ServerDuty::serving;
        const bool is_between = client.phase == ClientPhase::idle || (holds && client.lease->exchange.is_idle());
        if (!is_between || !client.held.empty()) return;
        scratch_.clear();
        write_shutdown(scratch_);
        end(client, scratch_);
    });
}

void Relay::end_all() {
    my_.clients.for_each([this](Client& client) {
        scratch_.clear();
        write_shutdown(scratch_);
        end(client, scratch_);
    });
}

void Relay::tick(TimePoint now, Duration idle_limit) {
    // Some become idle without the end of an exchange.
    if (is_draining_) begin_drain();
    my_.clients.for_each([&](Client& client) {
        const Duration quiet = now - client.last_active;
        if (client.phase == ClientPhase::closing && quiet > closing_limit) {
            drop(client);
        } else if (client.phase == ClientPhase::preparing && now - client.lease->leased_at > preparing_limit) {
            server_lost(*client.lease, client, "it did not answer a check");
        } else if (idle_limit > Duration::zero() && client.phase == ClientPhase::idle && quiet > idle_limit) {
            scratch_.clear();
            write_idle_timeout(scratch_);
            end(client, scratch_);
        }
    });
}

}  // namespace pgweir::proxy
