// The coming and going of clients, and what interrupts them.
#include "proxy/client/greeting.hpp"
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include <utility>

namespace pgweir::proxy {
namespace {

// How long a client that was told to go may take to read it. Chosen.
constexpr Duration closing_limit = std::chrono::seconds(2);

// How long a server is kept for a client that has advanced a sequence and may ask for its value
// in the next statement. Chosen: round trips of a client nearby, and what it does between them.
constexpr Duration linger = std::chrono::milliseconds(200);

// How long a client keeps its server while the pool's listening server gets ready. Chosen: a login and then some;
// longer it takes only when no server is free.
constexpr Duration longest_subscription = std::chrono::milliseconds(500);

// The gauge a phase counts in; none for clients on their way out.
int gauge_of(ClientPhase phase) {
    switch (phase) {
    case ClientPhase::idle: return static_cast<int>(metrics::ClientState::idle);
    case ClientPhase::waiting: return static_cast<int>(metrics::ClientState::waiting);
    case ClientPhase::preparing:
    case ClientPhase::settling:
    case ClientPhase::subscribing:
    case ClientPhase::active: return static_cast<int>(metrics::ClientState::active);
    case ClientPhase::closing:
    case ClientPhase::gone: return -1;
    }
    return -1;
}

// Its server was asked something by us.
bool owes_answer(const Client& client) {
    return client.phase == ClientPhase::preparing || (client.phase == ClientPhase::settling && client.lease->question != Question::none);
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
    client.membership = client.pool->join(incoming.flow, client.user, incoming.priority);
    client.session.startup = client.session.settings = make_standing(std::move(incoming.settings));
    client.session.is_text_opaque = has_opaque_encoding(client.session.settings->settings);
    if (const std::shared_ptr<const Welcome> welcome = client.pool->welcome())
        client.session.reported = std::make_shared<const Welcome>(as_told(*welcome, client.session.startup->settings));
    client.watched = client.pool->watched_names();
    client.sequence_use = client.pool->sequence_users().of(client.user);
    client.cancel_key = incoming.cancel_key;
    client.held = std::move(incoming.early);
    client.last_active = client.connected_at = Clock::now();
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

void Relay::cancel(const ClientId& id, std::function<void()> done) {
    Client* client = my_.clients.find(id);
    if (client != nullptr && client->phase == ClientPhase::waiting && client->pool->leave_queue(client->waiter, client->id)) {
        set_phase(*client, ClientPhase::idle);
        std::vector<std::byte> error;
        write_query_cancelled(error);
        reject_held(*client, error);
        done();
        return;   // what it has sent behind is another statement
    }
    // Between statements a cancel means nothing; while one is under way more would change nothing.
    const bool is_running = client != nullptr && client->phase == ClientPhase::active &&
                            !client->lease->exchange.is_complete() && client->lease->cancels_in_flight == 0;
    if (!is_running) {
        done();
        return;
    }
    cells(*client).cancel_requests.add();
    cells(*client).quarantines.add();
    client->lease->was_cancelled = true;
    client->pool->cancel(*client->lease, my_.thread, std::move(done));
}

void Relay::cancel_ended(ServerConnection& server) {
    server.cancel_ended();
    auto& client = *static_cast<Client*>(server.lessee);
    // A survey waits for it.
    const bool is_awaited = client.phase == ClientPhase::settling && server.duty == ServerDuty::settling;
    if (is_awaited && server.question == Question::none) start_survey(server, client);
    else if (is_awaited && server.question == Question::landing) landed(server, client);
    else if (server.strike) check_limits(client, Clock::now());
}

// Those that have not come back within a moment need the sequence no more; and whoever holds a server for
// the listening server's sake gives it up.
void Relay::tick_often() {
    const TimePoint now = Clock::now();
    check_limits(now);
    for (const ClientId& id : std::exchange(subscribing_, {})) {
        Client* client = my_.clients.find(id);
        if (client == nullptr || client->phase != ClientPhase::subscribing) continue;
        if (now - client->last_active < longest_subscription) subscribing_.push_back(id);
        else stop_waiting(*client);
    }
    std::vector<ClientId> waiting;
    waiting.swap(lingering_);
    for (const ClientId& id : waiting) {
        Client* client = my_.clients.find(id);
        if (client == nullptr || !client->lease || client->phase != ClientPhase::active) continue;
        if (client->lease->pinned != PinReason::sequence || client->sequence_use == SequenceUse::asks) continue;
        if (!client->lease->exchange.is_idle() || now - client->last_active < linger) {
            lingering_.push_back(id);
            continue;
        }
        unpin(*client->lease);
        end_lease(*client->lease, *client);
    }
}

void Relay::send(Client& client, protocol::Bytes bytes) {
    if (bytes.empty() || client.phase == ClientPhase::gone) return;
    cells(client).client_sent_bytes.add(bytes.size());
    const bool is_whole = client.out.write(client.stream, bytes);
    count_out(client);
    if (is_whole) return;
    // Its end is found by reading, where nobody is in the middle of using it.
    client.out.clear();
    count_out(client);
    client.is_broken = true;
    my_.visit_again(client);
}

// Ends what the client had with its pool.
void Relay::part(Client& client) {
    if (client.phase == ClientPhase::waiting) client.pool->leave_queue(client.waiter, client.id);
    client.lease.give_back_dirty();
    if (client.has_listened) client.pool->listening().forget(client.id);
    my_.cancel_keys.forget(client.cancel_key);
    client.pool->leave(std::exchange(client.membership, {}));
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
    client.out.clear();
    count_out(client);
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
        } else if (owes_answer(client) && now > client.lease->deadline) {
            server_lost(*client.lease, client, "it did not answer a check");
        } else if (idle_limit > Duration::zero() && client.phase == ClientPhase::idle && quiet > idle_limit) {
            scratch_.clear();
            write_idle_timeout(scratch_);
            end(client, scratch_);
        }
    });
}

}  // namespace pgweir::proxy
