// The way from a client to its server.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/refused_statement.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

using protocol::Bytes;

// What is read at once from a client that holds no server; more stays in the kernel. One
// whole frame that is waited for fits.
constexpr std::size_t unleased_read = max_held_frame;

// Phases in which nothing of the client's is dealt with.
bool holds_bytes(ClientPhase phase) {
    switch (phase) {
    case ClientPhase::waiting:
    case ClientPhase::preparing:
    case ClientPhase::settling:
    case ClientPhase::subscribing: return true;
    case ClientPhase::idle:
    case ClientPhase::active:
    case ClientPhase::closing:
    case ClientPhase::gone: return false;
    }
    return false;
}

}  // namespace

void Relay::on_ready(Client& client, net::Edges edges) {
    if (client.phase == ClientPhase::gone) return;
    if (edges.readable) client.may_read = true;
    if (edges.hung_up) client.has_hung_up = true;
    if (edges.writable && !client.out.empty()) {
        const bool is_whole = client.out.flush(client.stream);
        count_out(client);
        if (!is_whole) {
            drop(client);
            return;
        }
        if (client.phase == ClientPhase::closing && client.out.empty()) client.stream.shut_down();
    }
    if (client.is_broken) {
        drop(client);
        return;
    }
    if (client.may_read || client.has_hung_up) read_client(client);
    if (client.lease && client.lease->may_read) read_server(*client.lease);
}

void Relay::read_client(Client& client) {
    for (int reads = 0; reads < reads_per_visit; ++reads) {
        const bool is_held_up = holds_bytes(client.phase);
        if (is_held_up && client.has_hung_up) {
            drop(client);
            return;
        }
        if (is_held_up || client.phase == ClientPhase::gone) return;
        // What the server has not taken yet must go first; its writable edge comes back here.
        if (client.lease && !client.lease->out.empty() && !client.has_hung_up) return;
        if (!client.may_read) return;
        // A client that does not read its answers is not listened to; its writable edge comes back here.
        if (client.out.size() > max_client_backlog && !client.has_hung_up) return;

        const std::size_t kept = client.held.size();
        const std::size_t room = client.lease ? my_.buffer.size() : std::min(my_.buffer.size(), kept + unleased_read);
        // More than that is held only while replies are due; they come back here.
        if (kept >= room) return;
        std::copy(client.held.begin(), client.held.end(), my_.buffer.begin());
        client.held.clear();
        const net::IoResult got = client.stream.read(my_.buffer.subspan(kept, room - kept));
        if (got.status == net::IoStatus::closed || got.status == net::IoStatus::failed) {
            drop(client);
            return;
        }
        // After a hang-up a short read is not the last one: the end itself is still to come.
        client.may_read = got.status == net::IoStatus::ok || (client.has_hung_up && got.size > 0);
        if (client.phase != ClientPhase::closing) client.last_active = Clock::now();
        cells(client).client_received_bytes.add(got.size);
        if (client.phase != ClientPhase::closing) take(client, Bytes(my_.buffer).first(kept + got.size));
    }
    if (client.may_read) my_.visit_again(client);
}

// Deals with bytes that begin at the border of a frame, or inside one that is being streamed.
void Relay::take(Client& client, Bytes bytes) {
    while (!bytes.empty()) {
        switch (client.phase) {
        case ClientPhase::waiting:
        case ClientPhase::preparing:
        case ClientPhase::settling:
        case ClientPhase::subscribing: client.held.assign(bytes.begin(), bytes.end()); return;
        case ClientPhase::closing:
        case ClientPhase::gone: return;
        case ClientPhase::active: bytes = forward(client, bytes); break;
        case ClientPhase::idle: bytes = without_server(client, bytes); break;
        }
    }
}

void Relay::take_held(Client& client) {
    const std::vector<std::byte> bytes = std::exchange(client.held, {});
    take(client, bytes);
    if (client.may_read || client.has_hung_up) my_.visit_again(client);
}

// Its bytes were left where they were for a while.
void Relay::go_on(Client& client) {
    if (!client.held.empty()) take_held(client);
    else if (client.may_read || client.has_hung_up) my_.visit_again(client);
}

// Returns what is to be dealt with next, in whatever phase the client then is.
Bytes Relay::forward(Client& client, Bytes bytes) {
    ServerConnection& server = *client.lease;
    const bool was_cut = server.to_server.body_left > 0;
    const bool was_waiting = !was_cut && server.exchange.outstanding() == 0;
    const bool was_idle = was_waiting && server.exchange.is_idle();
    const TranslatorRules rules{.texts = &my_.texts,
                                .watched = client.watched.get(),
                                .max_statements = static_cast<std::size_t>(client.pool->max_prepared_statements()),
                                .owns_server = client.pool_mode == config::PoolMode::session || client.owns_server};
    Translator translator(client.session, server.standing, server.work, server.exchange, server.to_server, rules);
    const Translation translation = translator.run(bytes, rewritten_);
    if (!translation.sql.empty()) server.statement = translation.sql.substr(0, kept_statement);
    if (was_waiting && server.exchange.outstanding() > 0) begin_statement(server, client, was_idle);
    if (was_cut && server.to_server.body_left == 0) server.clock.next_statement(client.last_active);
    cells(client).statements.add(static_cast<std::uint64_t>(translation.statements));
    cells(client).parses.add(static_cast<std::uint64_t>(translation.parses));
    cells(client).server_parses.add(static_cast<std::uint64_t>(translation.server_parses));
    cells(client).binds.add(static_cast<std::uint64_t>(translation.binds));
    if (translation.keeps_large) pin(server, client, PinReason::large_statement);
    if (translation.owns_server) {
        client.owns_server = true;
        pin(server, client, PinReason::prepared_statement);
    }
    if (!translation.made.names.empty()) {
        client.pool->watch(translation.made);
        client.watched = client.pool->watched_names();
    }
    const Bytes rest = bytes.subspan(translation.taken);
    if (!send_on(client, server, translation.to_server)) {
        client.held.assign(rest.begin(), rest.end());
        // The read side knows why, and brings what the server said before it went.
        server.may_read = true;
        my_.visit_again(client);
        return {};
    }
    // A COPY that failed inside a large message ends when that message has passed.
    if (was_cut && server.to_server.body_left == 0 && server.exchange.is_idle()) {
        exchange_ended(server, client);
        return rest;
    }
    switch (translation.stop) {
    case ClientStop::none: break;
    case ClientStop::incomplete:
    case ClientStop::backlog:
    case ClientStop::unsettled: client.held.assign(rest.begin(), rest.end()); break;
    case ClientStop::terminate: drop(client); break;
    case ClientStop::violation:
        scratch_.clear();
        write_protocol_violation(scratch_);
        end(client, scratch_);
        break;
    }
    return {};
}

// Sends what the translation came to, with a BEGIN ahead of it that is due.
bool Relay::send_on(Client& client, ServerConnection& server, Bytes bytes) {
    if (bytes.empty() && server.ahead.empty()) return true;
    cells(client).server_sent_bytes.add(bytes.size() + server.ahead.size());
    if (server.ahead.empty()) return server.send(bytes);
    server.ahead.insert(server.ahead.end(), bytes.begin(), bytes.end());
    const bool is_sent = server.send(server.ahead);
    server.ahead.clear();
    return is_sent;
}

Bytes Relay::without_server(Client& client, Bytes bytes) {
    scratch_.clear();
    const std::size_t channels = client.session.channels.size();
    const UnleasedScan scan = scan_unleased(bytes, client.unleased, client.session, client.watched.get(), scratch_);
    cells(client).statements.add(static_cast<std::uint64_t>(scan.answered));
    cells(client).answered_here.add(static_cast<std::uint64_t>(scan.answered));
    // Nobody waits for the end of a subscription.
    if (client.session.channels.size() != channels) client.pool->listening().keep_channels(client.id, client.session.channels);
    send(client, scratch_);
    const Bytes rest = bytes.subspan(scan.done);
    switch (scan.need) {
    case ServerNeed::nothing: return {};
    case ServerNeed::more_bytes: client.held.assign(rest.begin(), rest.end()); return {};
    case ServerNeed::terminate: drop(client); return {};
    case ServerNeed::violation:
        scratch_.clear();
        write_protocol_violation(scratch_);
        end(client, scratch_);
        return {};
    case ServerNeed::server: return ask_for_server(client, rest, scan);
    case ServerNeed::listen: {
        // Its own server listens: nobody asks that one later what it listens to.
        if (client.pool_mode == config::PoolMode::session) return ask_for_server(client, rest, scan);
        std::vector<std::string> before = client.session.channels;
        if (std::find(before.begin(), before.end(), scan.channel) == before.end()) client.session.channels.push_back(scan.channel);
        subscribe(client, std::move(before));
        return rest;
    }
    }
    return {};
}

Bytes Relay::ask_for_server(Client& client, Bytes bytes, const UnleasedScan& scan) {
    client.wants = scan.wants;
    const bool may_pin = scan.predicts_pin && client.pool_mode == config::PoolMode::transaction;
    const PoolAnswer answer = client.pool->acquire({client.id, client.membership}, may_pin ? Wish::pin : Wish::server,
                                                   scan.wants.sequences ? client.mark : std::nullopt);
    switch (answer.kind) {
    case Acquired::Kind::granted:
        cells(client).queue_wait.observe(0);
        start_lease(client, *answer.server, answer.mark, answer.needs_check);
        break;
    case Acquired::Kind::waiting:
        client.waiter = answer.waiter;
        set_phase(client, ClientPhase::waiting);
        break;
    case Acquired::Kind::refused: return reject(client, bytes, refusal_error(client, answer.refusal));
    }
    return bytes;
}

// Answers the statement at the front with an error, in PostgreSQL's order of things.
Bytes Relay::reject(Client& client, Bytes bytes, Bytes error) {
    scratch_.clear();
    if (const std::size_t size = answer_refused(bytes, client.pool->array_types().get(), client.session, scratch_); size > 0) {
        cells(client).statements.add();
        cells(client).answered_here.add();
        send(client, scratch_);
        return bytes.subspan(size);
    }
    if (client.session.deferred == Deferred::begun) client.session.deferred = Deferred::failed;
    const Rejected rejected = reject_first(bytes, client.unleased);
    scratch_.assign(error.begin(), error.end());
    if (rejected.ready_at_once) protocol::write_ready_for_query(scratch_, client.session.status());
    send(client, scratch_);
    return bytes.subspan(rejected.done);
}

}  // namespace pgweir::proxy
