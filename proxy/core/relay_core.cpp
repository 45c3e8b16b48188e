#include "proxy/core/relay_core.hpp"

#include "protocol/frame.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace pgweir::proxy {
namespace {

// What may follow a keyword. The NUL is the end of a Query's text.
constexpr std::string_view word_ends(" \t\r\n;\0", 6);

using protocol::BackendType;
using protocol::Bytes;
using protocol::Exchange;
using protocol::FrameHeader;
using protocol::FrontendType;
using protocol::HeaderStatus;
using protocol::Reply;

// Messages that must be looked at whole; larger ones pass unseen. Tags, parameters and
// errors are far shorter, and a server's word is not hostile, only long.
constexpr std::size_t max_looked_at = 8 * 1024;

// The frontend types a logged-in client may send; nullopt for all other bytes.
std::optional<FrontendType> frontend_type(char byte) {
    switch (const auto type = static_cast<FrontendType>(byte)) {
    case FrontendType::bind:
    case FrontendType::close:
    case FrontendType::copy_data:
    case FrontendType::copy_done:
    case FrontendType::copy_fail:
    case FrontendType::describe:
    case FrontendType::execute:
    case FrontendType::flush:
    case FrontendType::function_call:
    case FrontendType::parse:
    case FrontendType::query:
    case FrontendType::sync:
    case FrontendType::terminate: return type;
    case FrontendType::password: return std::nullopt;
    }
    return std::nullopt;
}

// Eats what is left of a cut frame; returns how much of `bytes` that was.
std::size_t eat_body(Bytes bytes, std::size_t& body_left) {
    const std::size_t eaten = std::min(bytes.size(), body_left);
    body_left -= eaten;
    return eaten;
}

// Whether a statement's text is a COMMIT. Looks at its first word only: what hides behind
// a comment is reported as a plain loss.
bool is_commit(std::string_view sql) {
    const std::size_t begin = sql.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return false;
    const std::string_view rest = sql.substr(begin);
    for (const std::string_view word : {std::string_view("commit"), std::string_view("end")}) {
        const bool fits = rest.size() >= word.size() && std::equal(word.begin(), word.end(), rest.begin(), [](char a, char b) {
                              return a == (b | 0x20);
                          });
        const std::string_view after = fits ? rest.substr(word.size()) : std::string_view{};
        if (fits && (after.empty() || word_ends.find(after.front()) != std::string_view::npos)) return true;
    }
    return false;
}

struct FrontFrame {
    enum class Status { whole, streamed, incomplete, violation } status;
    FrontendType type{};
    std::size_t here = 0;      // bytes of it that are there
    std::size_t to_come = 0;   // bytes of it that are not
};

// The frame at the front: whole, too large to wait for, or not to be judged yet.
FrontFrame front_frame(Bytes bytes) {
    const protocol::HeaderResult read = protocol::read_header(bytes);
    if (read.status == HeaderStatus::need_more) return FrontFrame{FrontFrame::Status::incomplete};
    if (read.status == HeaderStatus::invalid) return FrontFrame{FrontFrame::Status::violation};
    const std::optional<FrontendType> type = frontend_type(read.header.type);
    if (!type) return FrontFrame{FrontFrame::Status::violation};
    const std::size_t size = read.header.frame_size();
    if (size <= bytes.size()) return FrontFrame{FrontFrame::Status::whole, *type, size, 0};
    if (size <= max_held_frame || bytes.size() <= protocol::frame_header_size) return FrontFrame{FrontFrame::Status::incomplete};
    return FrontFrame{FrontFrame::Status::streamed, *type, bytes.size(), size - bytes.size()};
}

}  // namespace

ClientScan scan_client(Bytes bytes, FrameCursor& cursor, Exchange& exchange) {
    ClientScan scan;
    scan.forward = eat_body(bytes, cursor.body_left);
    while (scan.forward < bytes.size()) {
        const Bytes rest = bytes.subspan(scan.forward);
        const FrontFrame frame = front_frame(rest);
        if (frame.status == FrontFrame::Status::incomplete) scan.stop = ClientStop::incomplete;
        else if (frame.status == FrontFrame::Status::violation) scan.stop = ClientStop::violation;
        else if (frame.type == FrontendType::terminate) scan.stop = ClientStop::terminate;
        else if (exchange.outstanding() >= max_outstanding) scan.stop = ClientStop::backlog;
        if (scan.stop != ClientStop::none) return scan;

        exchange.sent(frame.type, protocol::Origin::client);
        if (frame.type == FrontendType::query || frame.type == FrontendType::execute) ++scan.statements;
        if (frame.type == FrontendType::query || frame.type == FrontendType::parse) {
            // A Parse begins with the statement's name; pooled ones have none.
            const std::size_t skipped = protocol::frame_header_size + (frame.type == FrontendType::parse ? 1 : 0);
            if (frame.here > skipped) scan.commits |= is_commit(protocol::as_text(rest.subspan(skipped, frame.here - skipped)));
        }
        if (frame.type == FrontendType::parse && frame.here > protocol::frame_header_size)
            scan.names_statement |= rest[protocol::frame_header_size] != std::byte{0};
        scan.forward += frame.here;
        cursor = FrameCursor{frame.to_come, frame.type};
    }
    return scan;
}

UnleasedScan scan_unleased(Bytes bytes, Unleased& state) {
    UnleasedScan scan;
    scan.done = eat_body(bytes, state.cursor.body_left);
    while (scan.done < bytes.size()) {
        const FrontFrame frame = front_frame(bytes.subspan(scan.done));
        if (frame.status == FrontFrame::Status::incomplete) scan.need = ServerNeed::more_bytes;
        if (frame.status == FrontFrame::Status::violation) scan.need = ServerNeed::violation;
        if (scan.need != ServerNeed::nothing) return scan;
        switch (frame.type) {
        case FrontendType::terminate: scan.need = ServerNeed::terminate; return scan;
        case FrontendType::sync:
            state.is_skipping = false;
            ++scan.ready_replies;
            break;
        case FrontendType::flush:
        case FrontendType::copy_data:
        case FrontendType::copy_done:
        case FrontendType::copy_fail: break;
        default:
            if (!state.is_skipping) {
                scan.need = ServerNeed::server;
                return scan;
            }
        }
        scan.done += frame.here;
        state.cursor.body_left = frame.to_come;
    }
    return scan;
}

Rejected reject_first(Bytes bytes, Unleased& state) {
    const FrontFrame frame = front_frame(bytes);
    state.cursor.body_left = frame.to_come;
    const bool is_simple = frame.type == FrontendType::query || frame.type == FrontendType::function_call;
    state.is_skipping = !is_simple;
    return Rejected{frame.here, is_simple};
}

namespace {

// What there is to note about a message; none for most.
ServerEventKind noteworthy(BackendType type, Reply reply) {
    switch (type) {
    case BackendType::ready_for_query: return ServerEventKind::ready;
    case BackendType::parameter_status: return ServerEventKind::parameter_status;
    case BackendType::command_complete: return ServerEventKind::command_complete;
    case BackendType::error_response: return ServerEventKind::error;
    default: return reply == Reply::unmatched ? ServerEventKind::unmatched : ServerEventKind::none;
    }
}

bool is_looked_at(BackendType type) {
    return type == BackendType::ready_for_query || type == BackendType::parameter_status ||
           type == BackendType::command_complete || type == BackendType::error_response;
}

Reply enter(Exchange& exchange, BackendType type, Bytes body) {
    if (type != BackendType::ready_for_query) return exchange.received(type);
    if (body.size() != 1) return Reply::unmatched;
    return exchange.ready(static_cast<protocol::TransactionStatus>(body[0]));
}

}  // namespace

ServerScan scan_server(Bytes bytes, ServerCursor& cursor, Exchange& exchange) {
    ServerScan scan;
    scan.reply = cursor.reply;
    scan.size = eat_body(bytes, cursor.body_left);
    bool has_receiver = scan.size > 0;
    while (scan.size < bytes.size()) {
        const Bytes rest = bytes.subspan(scan.size);
        const protocol::HeaderResult read = protocol::read_header(rest);
        if (read.status == HeaderStatus::invalid) return ServerScan{0, Reply::unmatched, ServerEventKind::unmatched, {}, false};
        const bool cut = read.status == HeaderStatus::need_more || read.header.frame_size() > rest.size();
        const auto type = static_cast<BackendType>(read.header.type);
        const bool looks = read.status == HeaderStatus::complete && is_looked_at(type) && read.header.body_size <= max_looked_at;
        if (read.status == HeaderStatus::need_more || (cut && looks)) {
            // What was found so far goes first; the beginning of a frame alone is `incomplete`.
            if (scan.size == 0) scan.event = ServerEventKind::incomplete;
            return scan;
        }
        // DataRow, the bulk of all traffic, changes nothing in the ledger: `next_is_clients` would say the same each time.
        const std::size_t here = std::min(rest.size(), read.header.frame_size());
        const Bytes body = rest.subspan(protocol::frame_header_size, here - protocol::frame_header_size);
        if (has_receiver && type != BackendType::parameter_status && type != BackendType::notification_response) {
            // Messages of another receiver begin a new run; look before the ledger is touched.
            const Reply due = exchange.next_is_clients() ? Reply::to_client : Reply::to_proxy;
            if (due != scan.reply) return scan;
        }
        const bool is_async = type == BackendType::parameter_status || type == BackendType::notification_response;
        if (is_async && has_receiver) return scan;
        const Reply reply = enter(exchange, type, body);
        if (!has_receiver) scan.reply = reply;
        has_receiver = true;
        scan.size += here;
        cursor.body_left = read.header.frame_size() - here;
        cursor.reply = reply;
        scan.in_frame = cursor.body_left > 0;
        scan.event = noteworthy(type, reply);
        if (reply == Reply::unmatched) {
            scan.reply = Reply::unmatched;
            if (type != BackendType::error_response) scan.event = ServerEventKind::unmatched;
        }
        scan.body = body;
        if (scan.event != ServerEventKind::none) return scan;
    }
    scan.in_frame = cursor.body_left > 0;
    return scan;
}

}  // namespace pgweir::proxy
