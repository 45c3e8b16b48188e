// The way from a server: whose its messages are, and which of them matter. Looks at frame
// borders and at the few messages that must be looked at; knows no socket. The cursor carries
// a frame that is cut.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/exchange.hpp"
#include "protocol/message_type.hpp"
#include "proxy/core/client_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

enum class ServerEventKind {
    none,              // a run of bytes and nothing to note
    ready,             // ReadyForQuery
    parameter_status,
    command_complete,  // its tag matters to session state
    description,       // part of the answer to a noted Describe
    row,               // DataRow of an answer to us
    notification,
    error,             // ErrorResponse to a request of ours, or one that ends the connection
    incomplete,        // nothing more can be said until more bytes are there
    unmatched,         // the two sides have lost count
};

struct ServerScan {
    std::size_t size = 0;                               // bytes from the front this is about
    protocol::Reply reply = protocol::Reply::to_client; // whom they are for; one answer for the whole run
    ServerEventKind event = ServerEventKind::none;      // about the last frame of the run
    protocol::Bytes body{};                             // of that frame, unless none; cut short when it is very large. Lifetime: the bytes given
    protocol::BackendType type{};                       // of that frame, whatever the event
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
