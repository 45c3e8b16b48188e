// The way from a server to its client.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::Bytes;
using protocol::Reply;

constexpr int reads_per_visit = 16;

// What a command's tag says about session state.
enum class Leaves { pin, reset };
struct TagRow {
    std::string_view tag;
    Leaves leaves;
};

// A command with one of these tags leaves something in the session that the next client
// must not see: until it is tracked, the client keeps its server, or the server is reset.
constexpr std::array tags = {
    TagRow{"SET", Leaves::pin},
    TagRow{"PREPARE", Leaves::pin},
    TagRow{"LISTEN", Leaves::pin},
    TagRow{"LOAD", Leaves::pin},
    TagRow{"RESET", Leaves::reset},
    TagRow{"UNLISTEN", Leaves::reset},
    TagRow{"DEALLOCATE", Leaves::reset},
    TagRow{"DEALLOCATE ALL", Leaves::reset},
    TagRow{"DISCARD ALL", Leaves::reset},
    TagRow{"DISCARD TEMP", Leaves::reset},
    TagRow{"DISCARD PLANS", Leaves::reset},
    TagRow{"DISCARD SEQUENCES", Leaves::reset},
};

Client& client_of(const ServerConnection& server) { return *static_cast<Client*>(server.lessee); }

}  // namespace

void Relay::on_ready(ServerConnection& server, net::Edges edges) {
    Client& client = client_of(server);
    server.note(edges);
    if (edges.writable && !server.out.empty()) {
        const bool is_whole = server.out.flush(server.stream);
        if (!is_whole) server.may_read = true;
        if (server.out.empty() && client.may_read) my_.visit_again(client);
    }
    if (server.may_read) read_server(server);
}

void Relay::read_server(ServerConnection& server) {
    Client& client = client_of(server);
    for (int reads = 0; reads < reads_per_visit; ++reads) {
        if (!server.may_read) return;
        // The client's writable edge comes back here.
        if (client.out.size() > max_client_backlog) return;
        std::size_t kept = 0;
        const net::IoResult got = server.read(my_.buffer, kept);
        if (got.status == net::IoStatus::closed || got.status == net::IoStatus::failed) {
            server_lost(server, client, server.last_words.empty() ? "it hung up" : server.last_words);
            return;
        }
        if (got.size == 0) {
            server.tail.assign(my_.buffer.begin(), my_.buffer.begin() + static_cast<std::ptrdiff_t>(kept));
            return;
        }
        cells(client).server_received_bytes.add(got.size);
        if (!relay_replies(server, client, Bytes(my_.buffer).first(kept + got.size))) return;
    }
    if (server.may_read) my_.visit_again(client);
}

// Sends everything that is the client's in as few pieces as the borders between receivers allow.
bool Relay::relay_replies(ServerConnection& server, Client& client, Bytes bytes) {
    std::size_t unsent = 0;
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ServerScan scan = scan_server(bytes.subspan(done), server.from_server, server.exchange);
        if (scan.event == ServerEventKind::incomplete) break;
        if (scan.event == ServerEventKind::error) note_error(server, scan, client);
        if (scan.reply == Reply::unmatched) {
            send(client, bytes.subspan(unsent, done - unsent));
            server_lost(server, client, server.last_words.empty() ? "it sent a reply to nothing" : server.last_words);
            return false;
        }
        if (scan.event == ServerEventKind::command_complete && scan.reply == Reply::to_client) note_command(server, scan.body);
        if (!is_for_client(server, client, scan)) {
            send(client, bytes.subspan(unsent, done - unsent));
            unsent = done + scan.size;
        }
        done += scan.size;
    }
    send(client, bytes.subspan(unsent, done - unsent));
    server.tail.assign(bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
    after_replies(server, client);
    return client.lease && &*client.lease == &server;
}

bool Relay::is_for_client(ServerConnection& server, Client& client, const ServerScan& scan) {
    if (scan.reply == Reply::to_client) return server.last_words.empty();
    if (scan.reply != Reply::asynchronous) return false;
    if (server.duty == ServerDuty::serving) return true;
    // While its settings are applied a client is told once how the server spells them.
    if (scan.event != ServerEventKind::parameter_status || client.knows_settings) return false;
    const auto status = protocol::decode_parameter_status(scan.body);
    return status && std::any_of(client.settings.begin(), client.settings.end(), [&](const auto& setting) {
               return std::equal(setting.first.begin(), setting.first.end(), status->name.begin(), status->name.end(),
                                 [](char a, char b) { return a == b || a == (b | 0x20); });
           });
}

void Relay::note_error(ServerConnection& server, const ServerScan& scan, Client& client) {
    const auto fields = protocol::decode_error_response(scan.body);
    const bool refuses_settings = scan.reply == Reply::to_proxy && server.duty == ServerDuty::preparing;
    if (!fields) {
        if (refuses_settings) write_unknown_refusal(client.failure);
        return;
    }
    // After FATAL the server closes. The client's session goes on, so it must not read that.
    if (fields->severity == "FATAL" || fields->severity == "PANIC") {
        server.last_words = fields->message;
    } else if (refuses_settings) {
        client.failure.clear();
        protocol::write_error_response(client.failure, *fields);
    }
}

void Relay::note_command(ServerConnection& server, Bytes body) {
    const std::string_view tag = protocol::as_text(body.first(body.empty() ? 0 : body.size() - 1));
    const auto* row = std::find_if(tags.begin(), tags.end(), [&](const TagRow& candidate) { return candidate.tag == tag; });
    if (row == tags.end()) return;
    if (row->leaves == Leaves::pin) pin(server, tag);
    else server.needs_reset = true;
}

void Relay::after_replies(ServerConnection& server, Client& client) {
    if (server.duty == ServerDuty::preparing) {
        if (server.exchange.is_complete()) prepared(server, client);
        return;
    }
    if (server.exchange.is_complete()) server.may_commit = false;
    if (server.exchange.is_idle() && server.to_server.body_left == 0) {
        exchange_ended(server, client);
    } else if (!client.held.empty()) {
        // Room in the ledger, perhaps, for what was held back.
        take_held(client);
    }
}

// The client stays where its session can go on without that server; it reads what was lost.
void Relay::server_lost(ServerConnection& server, Client& client, std::string_view why_view) {
    const std::string why(why_view);
    cells(client).lost_servers.add();
    const bool was_preparing = server.duty == ServerDuty::preparing;
    const bool is_mid_reply = server.from_server.body_left > 0 && server.from_server.reply == Reply::to_client;
    const bool is_bound = server.is_pinned || client.pool_mode == config::PoolMode::session;
    const bool was_outside = server.exchange.is_idle();
    const bool wants_sync = server.exchange.wants_sync();
    const bool in_transaction = server.exchange.status() != protocol::TransactionStatus::idle;
    const Outcome outcome = server.may_commit ? Outcome::commit_unknown
                            : in_transaction  ? Outcome::rolled_back
                                              : Outcome::unknown;
    int ready_due = 0;
    while (server.exchange.drop_one_ready()) ++ready_due;
    client.unleased.cursor = server.to_server;
    server.to_server = {};
    client.lease.give_up(why);
    if (is_mid_reply) {
        drop(client);
        return;
    }
    set_phase(client, ClientPhase::idle);
    scratch_.clear();
    if (is_bound && !was_preparing) {
        write_server_lost(scratch_, Severity::fatal, outcome, client.pool->name(), why);
        end(client, scratch_);
        return;
    }
    for (int i = 0; i < ready_due && !was_preparing; ++i) {
        write_server_lost(scratch_, Severity::error, outcome, client.pool->name(), why);
        protocol::write_ready_for_query(scratch_, protocol::TransactionStatus::idle);
    }
    if (wants_sync && !was_preparing) {
        write_server_lost(scratch_, Severity::error, outcome, client.pool->name(), why);
        client.unleased.is_skipping = true;
    } else if (ready_due == 0 && !was_preparing && !was_outside) {
        client.lost_server = why;
    }
    send(client, scratch_);
    take_held(client);
}

}  // namespace pgweir::proxy
