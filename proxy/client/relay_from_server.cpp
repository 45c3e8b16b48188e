// The way from a server to its client.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/core/description_hash.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::Bytes;
using protocol::Reply;

// What a command's tag says about session state, for what its text has not shown.
struct TagRow {
    std::string_view tag;
    Effect leaves;
};
constexpr std::array tags = {
    TagRow{"RESET", Effect::settings},
    TagRow{"PREPARE", Effect::prepared_statement},
    TagRow{"DEALLOCATE", Effect::prepared_statement},
    TagRow{"LISTEN", Effect::listening},
    TagRow{"UNLISTEN", Effect::listening},
    TagRow{"LOAD", Effect::library},
    TagRow{"DISCARD TEMP", Effect::temporary_object},
};

// Commands after which nothing that was prepared stands any more.
bool forgets_statements(std::string_view tag) { return tag == "DEALLOCATE ALL" || tag == "DISCARD ALL"; }

// Commands that may have advanced a sequence without naming it.
bool may_advance(std::string_view tag) {
    return (tag.starts_with("INSERT ") && tag != "INSERT 0 0") || tag.starts_with("COPY ") || tag.starts_with("MERGE ");
}

// An error that names a statement as the server knows it gets the client's name for it; nothing else of
// it changes. False: it names none.
bool spell_name(Note& failure, Bytes body) {
    const std::string_view fields = protocol::as_text(body);
    const std::string server_name = name_of(failure.name);
    const std::size_t at = fields.find(server_name);
    if (failure.client_name.empty() || at == std::string_view::npos) return false;
    failure.error.clear();
    protocol::Writer(failure.error)
        .u8(static_cast<std::uint8_t>(protocol::BackendType::error_response))
        .i32(static_cast<std::int32_t>(sizeof(std::int32_t) + body.size() - server_name.size() + failure.client_name.size()))
        .bytes(body.first(at))
        .bytes(protocol::as_bytes(failure.client_name))
        .bytes(body.subspan(at + server_name.size()));
    return true;
}

// Of channels that it listened to before this transaction, the pool's listening server tells the client; of
// others only after the handover.
bool is_told_elsewhere(Client& client, Bytes notification) {
    return client.handover ? !client.handover->tells_own(notification) : is_of(client.session.channels, notification);
}

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
        // What it answers to us, or what is thrown away, takes no room.
        const bool is_for_client = server.duty == ServerDuty::serving && !(server.strike && server.strike->discards);
        if (is_for_client && is_unread(client)) {
            // The client's writable edge comes back here.
            note_pause(server, client, Clock::now());
            return;
        }
        std::size_t kept = 0;
        const net::IoResult got = server.read(room_for_replies(server), kept);
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
    const auto send_up_to = [&](std::size_t end) {
        if (end > unsent) server.work.repetition.has_answered = true;
        server.forwarded += static_cast<std::int64_t>(end - std::min(unsent, end));
        send(client, bytes.subspan(unsent, end - unsent));
    };
    while (done < bytes.size()) {
        const ServerScan scan = scan_server(bytes.subspan(done), server.from_server, server.exchange);
        if (scan.event == ServerEventKind::incomplete) break;
        if (scan.event == ServerEventKind::description)
            server.work.description = add_description(server.work.description, scan.type, scan.body);
        const bool swallows = server.work.repetition.swallows;
        server.work.settle(server.exchange, client.session, server.standing);
        const std::vector<std::byte>* instead = scan.event == ServerEventKind::error ? note_error(server, scan, client) : nullptr;
        if (scan.reply == Reply::unmatched) {
            send_up_to(done);
            server_lost(server, client, server.last_words.empty() ? "it sent a reply to nothing" : server.last_words);
            return false;
        }
        // It is told when a RESET has been made good, and parameters stand again as at its startup.
        const bool holds_ready = scan.event == ServerEventKind::ready && scan.reply == Reply::to_client && server.work.wants_restoring() &&
                                 server.exchange.is_complete() && server.exchange.status() != protocol::TransactionStatus::failed;
        if (holds_ready) server.work.held_ready = server.exchange.status();
        const bool is_discarded = server.strike && server.strike->discards && scan.reply == Reply::to_client;
        if (is_discarded) {
            const std::size_t rest = std::min(server.strike->rest, scan.size);
            server.strike->rest -= rest;
            send_up_to(done + rest);
            const std::size_t frame = std::min(scan.size, scan.body.size() + protocol::frame_header_size);
            discard(server, client, scan, instead != nullptr ? Bytes(*instead) : bytes.subspan(done + scan.size - frame, frame));
            unsent = done + scan.size;
        } else if (holds_ready) {
            send_up_to(done + scan.size - scan.body.size() - protocol::frame_header_size);
            unsent = done + scan.size;
        } else if (swallows || server.work.repetition.swallows || !decide_passing(server, client, scan)) {
            // An error that is kept from the client comes at the end of a run, whose other frames the client gets.
            const std::size_t frame = scan.event == ServerEventKind::none ? scan.size : scan.body.size() + protocol::frame_header_size;
            const bool ends_run = !swallows && scan.reply == Reply::to_client;
            send_up_to(ends_run ? done + scan.size - frame : done);
            unsent = done + scan.size;
        } else if (instead != nullptr) {
            send_up_to(done + scan.size - scan.body.size() - protocol::frame_header_size);
            send(client, *instead);
            unsent = done + scan.size;
        }
        note_reply(server, client, scan);
        done += scan.size;
    }
    send_up_to(done);
    const Bytes rest = bytes.subspan(done);
    server.tail.assign(rest.begin(), rest.end());
    if (client.is_broken) return true;   // it is to be visited, and dropped there
    after_replies(server, client);
    return client.lease && &*client.lease == &server;
}

void Relay::note_reply(ServerConnection& server, Client& client, const ServerScan& scan) {
    switch (scan.event) {
    case ServerEventKind::command_complete:
        if (scan.reply == Reply::to_client) note_command(server, client, scan.body);
        break;
    case ServerEventKind::row:
        if (server.survey) server.survey->row(scan.body);
        break;
    case ServerEventKind::ready:
        server.work.has_begun = false;
        if (scan.reply == Reply::to_proxy && server.duty == ServerDuty::preparing) ++server.preparation.answered;
        if (server.work.repetition.swallows && scan.reply == Reply::to_client) repeat_segment(server, client);
        if (server.exchange.outstanding() > 0) next_in_pipeline(server, client);
        break;
    default: break;
    }
}

// Parameters that change by themselves are the client's to know, unless the change was ours.
// A server's last words are not: it will hear of the loss.
bool Relay::decide_passing(ServerConnection& server, Client& client, const ServerScan& scan) {
    if (scan.reply == Reply::to_client) return scan.event != ServerEventKind::error || server.last_words.empty();
    if (scan.reply != Reply::asynchronous) return false;
    if (scan.event == ServerEventKind::notification) return !is_told_elsewhere(client, scan.body);
    if (scan.event != ServerEventKind::parameter_status) return true;
    const auto status = protocol::decode_parameter_status(scan.body);
    if (!status) return true;
    if (is_heartbeat(status->name, status->value)) return false;
    const bool was_same = client.session.reported == server.standing.reported;
    server.note_parameter(status->name, status->value);
    // While it is made ready for the client, what has changed is told at the end.
    if (server.duty == ServerDuty::preparing || server.question == Question::restore || server.work.wants_restoring()) return false;
    if (was_same) client.session.reported = server.standing.reported;
    return true;
}

const std::vector<std::byte>* Relay::note_error(ServerConnection& server, const ServerScan& scan, Client& client) {
    const auto fields = protocol::decode_error_response(scan.body);
    if (fields) server.quarantine.failed(fields->sqlstate, fields->message);
    // After FATAL the server closes. The client's session goes on, so it must not read that.
    if (fields && (fields->severity == "FATAL" || fields->severity == "PANIC")) {
        server.last_words = fields->message;
        return nullptr;
    }
    if (scan.reply == Reply::to_proxy) {
        if (server.duty == ServerDuty::settling) server.survey_error = fields ? fields->sqlstate : std::string_view("?");
        if (server.duty != ServerDuty::preparing) return nullptr;
        Preparation& preparation = server.preparation;
        if (preparation.answered < preparation.queries.size()) preparation.queries[preparation.answered].has_failed = true;
        if (!preparation.awaits_vital()) return nullptr;
        client.failure.clear();
        if (fields) protocol::write_error_response(client.failure, *fields);
        else write_unknown_refusal(client.failure);
        return nullptr;
    }
    // What took settings back is undone with the rest.
    server.work.resets.clear();
    server.work.local_resets.clear();
    if (server.strike && !scan.in_frame && fields && fields->sqlstate == protocol::sqlstate::query_canceled) {
        server.strike->is_told = true;
        return &server.strike->error;
    }
    if (!server.work.failure || scan.in_frame) return nullptr;   // cut: too long to be written anew
    Note& failure = *server.work.failure;
    if (failure.kind == Note::Kind::refused && !failure.error.empty()) return &failure.error;
    const bool is_ours = failure.kind == Note::Kind::bind || failure.kind == Note::Kind::describe;
    const bool is_void_plan = fields && fields->routine == "RevalidateCachedQuery";
    // Somebody else has dropped it behind our back.
    const bool is_missing = fields && fields->sqlstate == protocol::sqlstate::invalid_sql_statement_name;
    if (!is_ours || failure.name == 0 || (!is_void_plan && !is_missing)) return spell_name(failure, scan.body) ? &failure.error : nullptr;
    server.standing.statements.erase_name(failure.name, is_void_plan);
    Repetition& repetition = server.work.repetition;
    const bool may_repeat = !repetition.segment.empty() && !repetition.has_answered && !repetition.has_begun;
    if (may_repeat && scan.reply == Reply::to_client) repetition.swallows = true;
    return nullptr;
}

// The segment whose statement had become unusable has failed without a trace: again, with
// the statement parsed anew.
void Relay::repeat_segment(ServerConnection& server, Client& client) {
    cells(client).plan_repairs.add();
    Repetition& repetition = server.work.repetition;
    repetition.swallows = false;
    repetition.has_begun = true;
    const std::vector<std::byte> segment = std::exchange(repetition.segment, {});
    const std::vector<std::byte> behind = std::exchange(client.held, {});
    const Bytes rest = forward(client, segment);
    client.held.insert(client.held.end(), rest.begin(), rest.end());
    client.held.insert(client.held.end(), behind.begin(), behind.end());
}

void Relay::note_command(ServerConnection& server, Client& client, Bytes body) {
    LeaseWork& work = server.work;
    const std::string_view tag = protocol::as_text(body.first(body.empty() ? 0 : body.size() - 1));
    if (tag == "SET") {
        if (work.local_sets > 0) --work.local_sets;
        else work.effects |= Effect::settings;
    } else if (tag == "DEALLOCATE" && work.own_deallocates > 0) {
        --work.own_deallocates;
    } else if (tag == "ROLLBACK") {
        work.is_rolled_back = true;
    } else if (forgets_statements(tag)) {
        server.standing.statements.clear();
        const ParseNumber forgetting = work.forgetting != 0 ? work.forgetting : next_parse_number();
        std::erase_if(client.session.statements, [&](const auto& one) { return one.second.parsed < forgetting; });
        work.has_forgotten = true;
        work.effects |= Effect::prepared_statement;
        if (tag == "DISCARD ALL") {
            client.sticky.reset();
            work.effects |= Effects(Effect::settings) | Effect::listening | Effect::advisory_unlock | Effect::cursor_close;
        }
    } else if (may_advance(tag)) {
        work.has_advanced = true;
    } else if (const auto* row = std::find_if(tags.begin(), tags.end(), [&](const TagRow& candidate) { return candidate.tag == tag; });
               row != tags.end()) {
        work.effects |= row->leaves;
    }
}

void Relay::after_replies(ServerConnection& server, Client& client) {
    if (server.exchange.is_complete()) {
        switch (server.duty) {
        case ServerDuty::preparing: prepared(server, client); return;
        case ServerDuty::settling: answered(server, client); return;
        default: exchange_completed(server, client); return;
        }
    }
    if (server.exchange.outstanding() == 0) count_query(server, client, Clock::now());
    // Room in the ledger, perhaps, or the outcome that was awaited, for what was held back.
    if (client.phase == ClientPhase::active && !client.held.empty()) take_held(client);
}

}  // namespace pgweir::proxy
