// Clients that listen: their wishes to the pool's listening server, and what comes from it.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

// What may wait for a client that does not read, or does not end its transaction, before it is
// given up: PostgreSQL would keep up to 8 GB for it. Chosen: thousands of usual notifications.
constexpr std::size_t max_notification_backlog = 4 * max_client_backlog;
constexpr std::size_t max_kept_notifications = 10'000;

// It may have given the channel up while the message was on its way, or in the transaction that just ended.
bool still_listens(const Client& client, protocol::Bytes message) {
    return is_of(client.session.channels, message.subspan(protocol::frame_header_size));
}

// PostgreSQL hands notifications out between transactions only.
bool may_hear(const Client& client) {
    return !client.lease || (client.phase == ClientPhase::active && client.lease->exchange.is_idle());
}

}  // namespace

// The pool's listening server is to listen to the client's channels; the client waits for that.
void Relay::subscribe(Client& client, std::vector<std::string> before) {
    client.subscribed = std::move(before);
    client.has_listened = true;
    set_phase(client, ClientPhase::subscribing);
    client.last_active = Clock::now();
    if (client.lease) subscribing_.push_back(client.id);
    client.pool->listening().set_channels(client.id, client.session.channels);
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
        // The pool's server listens now; this one need not any more.
        ask(*client->lease, *client, Question::unlisten, "UNLISTEN *");
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

// The listening server waits for a server itself, perhaps for the very one that this client holds.
void Relay::stop_waiting(Client& client) {
    const bool is_stuck = client.phase == ClientPhase::subscribing && client.lease && client.lease->question == Question::none;
    if (is_stuck) ask(*client.lease, client, Question::unlisten, "UNLISTEN *");
}

void Relay::subscription_failed(Client& client, const Letter& letter) {
    client.session.channels = std::exchange(client.subscribed, {});
    if (client.lease) {
        // Its own server listens already, and must go on.
        spdlog::warn("event=listen_failed pool={} user={} text={:?}", client.pool->name(), client.user, letter.text);
        client.sticky = PinReason::unknown;
        pin(*client.lease, PinReason::unknown);
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
