// Clients that do not read what their servers say: how much is kept for them, and how a server gets
// rid of one that others wait for.
#include "proxy/client/relay.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using protocol::Bytes;

// The longest rest of a message that is still taken for a client that does not read, so that it can be told why
// nothing more comes; with more to come its session ends. Chosen: as much again as one read brings.
constexpr std::size_t max_rest = 64 * 1024;

// What is read at once while all that may be kept is kept: a client that does read gets it, and
// thousands that do not cannot take much more.
constexpr std::size_t frugal_read = 4 * 1024;

}  // namespace

// Its server is not read; the client's writable edge goes on with it.
bool Relay::is_unread(const Client& client) const {
    return client.out.size() > max_client_backlog || (!client.out.empty() && my_.buffered.is_full());
}

void Relay::note_pause(ServerConnection& server, const Client& client, TimePoint now) {
    server.reader.paused(server.forwarded - static_cast<std::int64_t>(client.out.size()), max_client_backlog, now);
}

std::span<std::byte> Relay::room_for_replies(const ServerConnection& server) const {
    const bool is_frugal = my_.buffered.is_full() && !(server.strike && server.strike->discards);
    const std::size_t room = is_frugal ? server.tail.size() + frugal_read : my_.buffer.size();
    return my_.buffer.first(std::min(room, my_.buffer.size()));
}

void Relay::count_out(Client& client) {
    const std::size_t memory = client.out.memory();
    if (memory == client.counted_out) return;
    my_.buffered.change(client.counted_out, memory);
    client.counted_out = memory;
}

// Its statement is cancelled: what the server had ready before it noticed is read and thrown away.
void Relay::start_discarding(ServerConnection& server, Client& client) {
    const bool is_mid_reply = server.from_server.body_left > 0 && server.from_server.reply == protocol::Reply::to_client;
    if (is_mid_reply && server.from_server.body_left > max_rest) {
        drop(client);
        return;
    }
    server.strike->discards = true;
    server.strike->rest = is_mid_reply ? server.from_server.body_left : 0;
    server.may_read = true;
    my_.visit_again(client);
}

// Of what is thrown away the client gets how it ends: the error, and where the transaction stands. `last_frame`: of
// the run, behind the rest of a message.
void Relay::discard(ServerConnection& server, Client& client, const ServerScan& scan, Bytes last_frame) {
    Strike& strike = *server.strike;
    if (scan.event != ServerEventKind::error && scan.event != ServerEventKind::ready) return;
    if (scan.event == ServerEventKind::error) {
        send(client, last_frame);
    } else {
        // It has ended before the cancel came; the client lacks some of what it said.
        const bool is_open = server.exchange.status() != protocol::TransactionStatus::idle;
        std::vector<std::byte> words = strike.error;
        protocol::write_ready_for_query(words, is_open ? protocol::TransactionStatus::failed : protocol::TransactionStatus::idle);
        send(client, words);
    }
    strike.discards = false;
    strike.is_told = true;
}

}  // namespace pgweir::proxy
