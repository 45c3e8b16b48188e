// Bytes of a client that holds no server: what is answered here, what is thrown away, and what
// only a server can answer. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/client_frame.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/failed_block.hpp"
#include "proxy/core/watched_names.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::proxy {

// How a client stands that holds no server.
struct Unleased {
    FrameCursor cursor;         // a frame that is thrown away
    bool is_skipping = false;   // an error was answered to an extended-query message: everything up to Sync is thrown away
    bool is_unsynced = false;   // its server was taken from it between extended-query messages and their Sync
    BlockPortal portal;         // in a failed transaction
};

enum class ServerNeed {
    nothing,     // all bytes were dealt with
    more_bytes,  // the rest is the beginning of a frame, or of a statement in several that may be answered here
    server,      // the rest begins with something only a server can answer
    listen,      // the rest begins with a LISTEN by itself
    terminate,
    violation,
};

// What a statement asks for beyond a server as such.
struct StatementWants {
    bool sequences = false;      // what the client's last server remembers of sequences
    bool channels = false;       // that the server listens as the client does: it changes or shows that
    std::string executes = {};   // the name in an EXECUTE by itself
};

struct UnleasedScan {
    std::size_t done = 0;           // bytes from the front that were dealt with
    ServerNeed need = ServerNeed::nothing;
    int answered = 0;               // statements answered here
    // Of the statement the rest begins with, when it needs a server.
    bool predicts_pin = false;
    StatementWants wants = {};
    std::string channel = {};       // of a LISTEN
};

// Appends the answers to `out`.
UnleasedScan scan_unleased(protocol::Bytes bytes, Unleased& state, ClientSession& session, const WatchedNames* watched,
                           std::vector<std::byte>& out);

struct Rejected {
    std::size_t done = 0;         // bytes of the statement that are there
    bool ready_at_once = false;   // ReadyForQuery is due now, after a Query; otherwise at the next Sync
};
// Throws away the statement at the front of `bytes`, which was answered with an error here.
// Requires: scan_unleased said `server` or `listen`.
Rejected reject_first(protocol::Bytes bytes, Unleased& state);

}  // namespace pgweir::proxy
