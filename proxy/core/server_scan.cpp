// The way from a server.
#include "proxy/core/server_scan.hpp"

#include "protocol/frame.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using protocol::BackendType;
using protocol::Bytes;
using protocol::Exchange;
using protocol::HeaderStatus;
using protocol::Reply;

// Messages that must be looked at whole; larger ones pass unseen. Tags, parameters and
// errors are far shorter, and a server's word is not hostile, only long. The error about a
// setting repeats its value, which may be nearly as long as a startup packet (10,000).
constexpr std::size_t max_looked_at = 16 * 1024;

// A description of a statement is as long as its columns are many. Chosen: a thousand
// columns; it fits the read buffer. A longer one passes, and is no ground for comparisons.
constexpr std::size_t max_description = 48 * 1024;

// Shorter messages reach a client whole or not at all: when the server is lost in the middle of one, its client
// can still be told so. Chosen: few rows are longer, and what is kept until the rest has come is copied once.
constexpr std::size_t max_kept_back = 16 * 1024;

// What there is to note about a message; none for most.
ServerEventKind noteworthy(BackendType type, Reply reply, bool is_noted_description) {
    if (is_noted_description) return ServerEventKind::description;
    switch (type) {
    case BackendType::notification_response: return ServerEventKind::notification;
    case BackendType::data_row: return reply == Reply::to_proxy ? ServerEventKind::row : ServerEventKind::none;
    case BackendType::ready_for_query: return ServerEventKind::ready;
    case BackendType::parameter_status: return ServerEventKind::parameter_status;
    case BackendType::command_complete: return ServerEventKind::command_complete;
    case BackendType::error_response: return ServerEventKind::error;
    default: return reply == Reply::unmatched ? ServerEventKind::unmatched : ServerEventKind::none;
    }
}

bool is_description(BackendType type) {
    return type == BackendType::parameter_description || type == BackendType::row_description || type == BackendType::no_data;
}

// The longest message of that type that must be there whole; zero for those that need not.
std::size_t looked_at(BackendType type, const Exchange& exchange) {
    switch (type) {
    case BackendType::ready_for_query:
    case BackendType::parameter_status:
    case BackendType::notification_response:
    case BackendType::command_complete:
    case BackendType::error_response: return max_looked_at;
    case BackendType::data_row: return exchange.next_reply(type) == Reply::to_proxy ? max_looked_at : 0;
    default: return is_description(type) && exchange.next_is_noted_describe() ? max_description : 0;
    }
}

// `body` may be only the beginning of one of `body_size`.
Reply enter(Exchange& exchange, BackendType type, std::size_t body_size, Bytes body) {
    if (type != BackendType::ready_for_query) return exchange.received(type);
    if (body_size != 1) return Reply::unmatched;
    switch (const auto status = static_cast<protocol::TransactionStatus>(body[0])) {
    case protocol::TransactionStatus::idle:
    case protocol::TransactionStatus::in_transaction:
    case protocol::TransactionStatus::failed: return exchange.ready(status);
    }
    return Reply::unmatched;
}

// Whether a message of that type belongs to the run of `receiver`, seen before the ledger
// is touched. An asynchronous one begins a run of its own.
bool goes_on(const Exchange& exchange, BackendType type, Reply receiver) {
    if (type == BackendType::parameter_status || type == BackendType::notification_response) return false;
    if (exchange.outstanding() == 0) return false;
    return receiver == exchange.next_reply(type);
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
        if (read.status == HeaderStatus::invalid) {
            if (has_receiver) return scan;
            return ServerScan{.reply = Reply::unmatched, .event = ServerEventKind::unmatched};
        }
        const bool cut = read.status == HeaderStatus::need_more || read.header.frame_size() > rest.size();
        const auto type = static_cast<BackendType>(read.header.type);
        const std::size_t longest = read.status == HeaderStatus::complete ? looked_at(type, exchange) : 0;
        const bool looks = longest > 0 && read.header.body_size <= longest;
        if (read.status == HeaderStatus::need_more || (cut && (looks || read.header.frame_size() <= max_kept_back))) {
            // What was found so far goes first; the beginning of a frame alone is `incomplete`.
            if (scan.size == 0) scan.event = ServerEventKind::incomplete;
            return scan;
        }
        const std::size_t here = std::min(rest.size(), read.header.frame_size());
        const Bytes body = rest.subspan(protocol::frame_header_size, here - protocol::frame_header_size);
        if (has_receiver && !goes_on(exchange, type, scan.reply)) return scan;
        const bool is_noted = looks && is_description(type);
        const Reply reply = enter(exchange, type, read.header.body_size, body);
        // A reply to nothing leaves the ledger as it was; what came before it is still good.
        if (has_receiver && reply == Reply::unmatched) return scan;
        if (!has_receiver) scan.reply = reply;
        has_receiver = true;
        scan.size += here;
        cursor.body_left = read.header.frame_size() - here;
        cursor.reply = reply;
        scan.in_frame = cursor.body_left > 0;
        scan.type = type;
        scan.event = noteworthy(type, reply, is_noted);
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
