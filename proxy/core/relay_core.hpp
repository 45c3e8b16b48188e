// What to do with bytes between a client and a server: forward, hold, answer here,
// swallow, or give up. Looks at frame borders and at the few messages that matter;
// knows no socket. One cursor per direction carries a frame that is cut.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/exchange.hpp"
#include "protocol/message_type.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

// A frame up to this size goes on only when it is whole, so that a client that stops in
// the middle of a statement holds no server, and a server is never left with half a
// statement. Larger ones are streamed. Chosen: four times what drivers usually send.
constexpr std::size_t max_held_frame = 16 * 1024;

// Requests outstanding on one server; beyond it the client is not read until replies
// have come. Chosen: a blast of 20,000 pipelined four-message statements passes.
constexpr std::size_t max_outstanding = 100'000;

// Where one direction stands between two reads.
struct FrameCursor {
    std::size_t body_left = 0;         // of a frame that is being streamed
    protocol::FrontendType type{};     // what that frame is
};

// Eats what is left of a cut frame; returns how much of `bytes` that was.
std::size_t eat_body(protocol::Bytes bytes, std::size_t& body_left);

enum class ClientStop {
    none,        // all bytes were dealt with
    incomplete,  // the rest is the beginning of a frame
    terminate,   // the rest begins with Terminate
    violation,   // the rest is no message a client may send now
    backlog,     // max_outstanding is reached
};

// What a run of messages does with the unnamed prepared statement of its session.
enum class UnnamedStatement {
    untouched,
    waits,   // a Parse made one, and no Bind has used it yet: it is in that server only
    used,    // bound, or replaced by a Query
};

struct ClientScan {
    std::size_t forward = 0;        // bytes from the front that go to the server
    ClientStop stop = ClientStop::none;
    int statements = 0;             // Query and Execute messages among them
    bool commits = false;           // a COMMIT is among them
    UnnamedStatement unnamed = UnnamedStatement::untouched;
    bool names_statement = false;   // a Parse with a name is among them: session state
    bool is_unseen = false;         // a statement too large to be looked through is among them
    // The session state a statement among them betrays by a word; empty for none. Lifetime: static.
    std::string_view leaves = {};
};

// Bytes of a client that holds a server. Notes each request in `exchange`.
ClientScan scan_client(protocol::Bytes bytes, FrameCursor& cursor, protocol::Exchange& exchange);

// How a client stands that holds no server.
struct Unleased {
    FrameCursor cursor;         // a frame that is thrown away
    bool is_skipping = false;   // an error was answered to an extended-query message: everything up to Sync is thrown away
};

enum class ServerNeed {
    nothing,     // all bytes were dealt with
    more_bytes,  // the rest is the beginning of a frame
    server,      // the rest begins with something only a server can answer
    statement,   // the rest uses the unnamed statement, which this client does not have: its last server kept it
    terminate,
    violation,
};

struct UnleasedScan {
    std::size_t done = 0;     // bytes from the front that were dealt with
    int ready_replies = 0;    // ReadyForQuery messages to answer with
    ServerNeed need = ServerNeed::nothing;
};

// Bytes of a client that holds no server. Sync outside any exchange, Flush and late COPY
// data are dealt with here, as PostgreSQL would.
UnleasedScan scan_unleased(protocol::Bytes bytes, Unleased& state);

// Throws away the statement at the front of `bytes`, which was answered with an error
// here. Returns how many bytes of it are there, and whether ReadyForQuery is due at once
// (after a Query) or at the next Sync. Requires: scan_unleased said `server` or `statement`.
struct Rejected {
    std::size_t done = 0;
    bool ready_at_once = false;
};
Rejected reject_first(protocol::Bytes bytes, Unleased& state);

enum class ServerEventKind {
    none,              // a run of bytes and nothing to note
    ready,             // ReadyForQuery
    parameter_status,
    command_complete,  // its tag matters to session state
    error,             // ErrorResponse to a request of ours, or one that ends the connection
    incomplete,        // nothing more can be said until more bytes are there
    unmatched,         // the two sides have lost count
};

struct ServerScan {
    std::size_t size = 0;                               // bytes from the front this is about
    protocol::Reply reply = protocol::Reply::to_client; // whom they are for; one answer for the whole run
    ServerEventKind event = ServerEventKind::none;      // about the last frame of the run
    protocol::Bytes body{};                             // of that frame, unless none; cut short when it is very large. Lifetime: the bytes given
    bool in_frame = false;                              // the run ends inside a frame
};

struct ServerCursor {
    std::size_t body_left = 0;
    protocol::Reply reply = protocol::Reply::to_client;   // whom the frame in hand is for
};

// The next run of a server's bytes: as many frames for the same receiver as there are, up
// to and including the first one with something to note. Call until all is consumed or it says incomplete.
ServerScan scan_server(protocol::Bytes bytes, ServerCursor& cursor, protocol::Exchange& exchange);

}  // namespace pgweir::proxy
