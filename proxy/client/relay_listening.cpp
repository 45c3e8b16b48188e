// Clients that listen: their wishes to the pool's listening server, and what comes from it.
#include "proxy/client/client_errors.hpp"
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

// What may wait for a client that does not read, or does not end its transaction, before it is
// given up: PostgreSQL would keep up to 8 GB for it. Chosen: thousands of usual notifications.
constexpr std::size_t max_notification_backlog = 4 * max_client_backlog;
constexpr std::size_t max_kept_notifications = 10'000;

constexpr std::string_view unlisten_sql = "UNLISTEN *";

protocol::Bytes body_of(protocol::Bytes message) { return message.subspan(protocol::frame_header_size); }

// It may have given the channel up while the message was on its way, or in the transaction that just ended.
bool still_listens(const Client& client, protocol::Bytes message) { return is_of(client.session.channels, body_of(message)); }

// PostgreSQL hands notifications out between transactions only.
bool may_hear(const Client& client) {
    return !client.lease || (client.phase == ClientPhase::active && client.lease->exchange.is_idle());
}

bool holds_all(const std::vector<std::string>& channels, const std::vector<std::string>& some) {
    return std::all_of(some.begin(), some.end(), [&](const std::string& one) {
        return std::find(channels.begin(), channels.end(), one) != channels.end();
    });
}

}  // namespace

// The pool's listening server is to listen to the client's channels; the client waits for that.
void Relay::subscribe(Client& client, std::vector<std::string> before) {
    if (client.lease && holds_all(before, client.session.channels)) {
        client.pool->listening().keep_channels(client.id, client.session.channels);
        ask(*client.lease, client, Question::unlisten, unlisten_sql);
        return;
    }
    client.subscribed = std::move(before);
    client.has_listened = true;
    set_phase(client, ClientPhase::subscribing);
    client.last_active = Clock::now();
    std::vector<std::string> channels = client.session.channels;
    if (client.lease) {
        subscribing_.push_back(client.id);
        client.handover.emplace(client.subscribed, make_event_id());
        channels.emplace_back(handover_channel);
    }
    client.pool->listening().set_channels(client.id, std::move(channels));
}

void Relay::listening_changed(const Letter& letter) {
    Client* client = my_.clients.find(letter.client);
    if (client == nullptr) return;
    if (client->phase != ClientPhase::subscribing) {
        // It was let go on before the listening server had what it needs.
        if (!letter.text.empty()) listening_lost(letter.client, letter.text);
        return;
    }
    if (!letter.text.empty()) {
        subscription_failed(*client, letter);
        return;
    }
    if (client->lease) {
        make_marker(*client->lease, *client);
        return;
    }
    set_phase(*client, ClientPhase::idle);
    const std::vector<std::byte> bytes = std::exchange(client->held, {});
    const std::size_t size = reject_first(bytes, client->unleased).done;
    client->session.unnamed.parsed = 0;
    scratch_.clear();
    protocol::write_command_complete(scratch_, "LISTEN");
    protocol::write_ready_for_query(scratch_, protocol::TransactionStatus::idle);
    send(*client, scratch_);
    take(*client, protocol::Bytes(bytes).subspan(size));
    if (client->may_read || client->has_hung_up) my_.visit_again(*client);
}

// Both servers listen.
void Relay::make_marker(ServerConnection& server, Client& client) {
    ask(server, client, Question::handover, client.handover->marker_sql());
}

void Relay::marker_made(ServerConnection& server, Client& client) {
    if (!client.handover->has_left_own() && may_ask_again(server)) {
        make_marker(server, client);
        return;
    }
    server.survey_tries = 0;
    // The listening server's marker comes back to `notified`, or too late to be waited for.
    set_phase(client, ClientPhase::subscribing);
    if (client.handover->is_done() || !client.handover->has_left_own()) stop_waiting(client);
}

// Also when the listening server waits for a server itself, perhaps for the very one that this client holds.
void Relay::stop_waiting(Client& client) {
    const bool is_between = client.phase == ClientPhase::subscribing && client.lease && client.lease->question == Question::none;
    if (is_between) ask(*client.lease, client, Question::unlisten, unlisten_sql);
}

void Relay::unlistened(ServerConnection& server, Client& client) {
    if (!server.survey_error.empty() && may_ask_again(server)) {
        ask(server, client, Question::unlisten, unlisten_sql);
        return;
    }
    server.survey_tries = 0;
    server.needs_reset |= !server.survey_error.empty();
    if (client.handover) client.pool->listening().keep_channels(client.id, client.session.channels);
    client.handover.reset();
    end_lease(server, client);
}

void Relay::subscription_failed(Client& client, const Letter& letter) {
    client.session.channels = std::exchange(client.subscribed, {});
    client.handover.reset();
    if (client.lease) {
        // Its own server listens already, and must go on.
        spdlog::warn("event=listen_failed pool={} user={} text={:?}", client.pool->name(), client.user, letter.text);
        client.sticky = PinReason::unknown;
        pin(*client.lease, client, PinReason::unknown);
        end_lease(*client.lease, client);
        return;
    }
    set_phase(client, ClientPhase::idle);
    if (letter.message) reject_held(client, *letter.message);
    else reject_held(client, refusal_error(client, letter.refusal));
}

void Relay::notified(const ClientId& id, const SharedMessage& message) {
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase == ClientPhase::closing) return;
    if (client->handover) {
        const bool is_to_tell = client->handover->tells_listening(body_of(*message));
        if (client->handover->is_done()) stop_waiting(*client);
        if (!is_to_tell) return;
    }
    if (!still_listens(*client, *message)) return;
    if (client->out.size() > max_notification_backlog || client->notifications.size() > max_kept_notifications) {
        listening_lost(id, "its client does not read");
        return;
    }
    if (may_hear(*client)) send(*client, *message);
    else client->notifications.push_back(message);
}

void Relay::flush_notifications(Client& client) {
    if (client.notifications.empty() || !may_hear(client)) return;
    for (const SharedMessage& message : std::exchange(client.notifications, {}))
        if (still_listens(client, *message)) send(client, *message);
}

void Relay::listening_lost(const ClientId& id, const std::string& why) {
    Client* client = my_.clients.find(id);
    if (client == nullptr) return;
    scratch_.clear();
    write_listening_lost(scratch_, why);
    end(*client, scratch_);
}

}  // namespace pgweir::proxy
