// The way from a client.
#include "proxy/core/relay_core.hpp"

#include "protocol/frame.hpp"
#include "proxy/core/session_words.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace pgweir::proxy {
namespace {

// What must be there of a message before it is streamed, so that the names at its beginning
// do not depend on where it is cut. Chosen: two names as long as PostgreSQL keeps them, and
// room; whoever uses longer ones is taken for a user of named statements.
constexpr std::size_t min_streamed = 512;

// What may follow a keyword. The NUL is the end of a Query's text.
constexpr std::string_view word_ends(" \t\r\n;\0", 6);

using protocol::BackendType;
using protocol::Bytes;
using protocol::Exchange;
using protocol::FrameHeader;
using protocol::FrontendType;
using protocol::HeaderStatus;
using protocol::Reply;

// Longest message of a type without bulk, its length word included. PostgreSQL hangs up on
// a longer one, and a server would be lost: PQ_SMALL_MESSAGE_LIMIT.
constexpr std::size_t max_small_message = 10'000;
constexpr std::size_t length_word_size = 4;

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

// PostgreSQL: SocketBackend and CopyGetData.
bool has_bulk(FrontendType type) {
    return type == FrontendType::query || type == FrontendType::parse || type == FrontendType::bind ||
           type == FrontendType::function_call || type == FrontendType::copy_data;
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

// Whether a Bind or Describe means the unnamed prepared statement.
bool uses_unnamed_statement(FrontendType type, Bytes body) {
    protocol::Reader reader(body);
    if (type == FrontendType::bind) reader.cstring();   // the portal
    else if (type != FrontendType::describe || reader.u8() != 'S') return false;
    const std::string_view name = reader.cstring();
    return reader.ok() && name.empty();
}

// Notes what one message, or what is there of it, does to the session.
void note_statement(FrontendType type, Bytes body, ClientScan& scan) {
    switch (type) {
    case FrontendType::query:
        ++scan.statements;
        scan.commits |= is_commit(protocol::as_text(body));
        scan.unnamed = UnnamedStatement::used;
        break;
    case FrontendType::execute: ++scan.statements; break;
    case FrontendType::parse: {
        protocol::Reader reader(body);
        const bool is_unnamed = reader.cstring().empty() && reader.ok();
        scan.names_statement |= !is_unnamed;
        if (is_unnamed) scan.unnamed = UnnamedStatement::waits;
        scan.commits |= is_commit(protocol::as_text(reader.rest()));
        break;
    }
    case FrontendType::bind:
        if (uses_unnamed_statement(type, body)) scan.unnamed = UnnamedStatement::used;
        break;
    default: break;
    }
}

// What is looked at of a message's body: the same wherever it is cut.
Bytes beginning_of(Bytes frame) {
    return frame.first(std::min(frame.size(), min_streamed)).subspan(protocol::frame_header_size);
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
    if (!has_bulk(*type) && read.header.body_size + length_word_size > max_small_message)
        return FrontFrame{FrontFrame::Status::violation};
    const std::size_t size = read.header.frame_size();
    if (size <= bytes.size()) return FrontFrame{FrontFrame::Status::whole, *type, size, 0};
    if (size <= max_held_frame || bytes.size() < min_streamed) return FrontFrame{FrontFrame::Status::incomplete};
    return FrontFrame{FrontFrame::Status::streamed, *type, bytes.size(), size - bytes.size()};
}

// Looks through the text of a Query or Parse. The name in front of a Parse's text is a word
// like any other; one that is streamed is not looked through at all.
void note_session_state(const FrontFrame& frame, Bytes body, ClientScan& scan) {
    if (frame.type != FrontendType::query && frame.type != FrontendType::parse) return;
    if (frame.here + frame.to_come > max_held_frame) {
        scan.is_unseen = true;
    } else if (scan.leaves.empty()) {
        scan.leaves = find_session_word(protocol::as_text(body)).value_or(std::string_view{});
    }
}

}  // namespace

std::size_t eat_body(Bytes bytes, std::size_t& body_left) {
    const std::size_t eaten = std::min(bytes.size(), body_left);
    body_left -= eaten;
    return eaten;
}

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
        note_statement(frame.type, beginning_of(rest.first(frame.here)), scan);
        note_session_state(frame, rest.subspan(protocol::frame_header_size, frame.here - protocol::frame_header_size), scan);
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
                const Bytes body = beginning_of(bytes.subspan(scan.done, frame.here));
                scan.need = uses_unnamed_statement(frame.type, body) ? ServerNeed::statement : ServerNeed::server;
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

}  // namespace pgweir::proxy
