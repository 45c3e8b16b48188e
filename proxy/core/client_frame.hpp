// The frame at the front of a client's bytes: whole, to be streamed, or not to be judged
// yet. Knows which messages a logged-in client may send and how long they may be.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/frame.hpp"
#include "protocol/message_type.hpp"

#include <cstddef>

namespace pgweir::proxy {

// A frame up to this size goes on only when it is whole, so that a client that stops in
// the middle of a statement holds no server, and a server is never left with half a
// statement. Larger ones are streamed, and are not looked through. Chosen: four times what
// drivers usually send.
constexpr std::size_t max_held_frame = 16 * 1024;

// What must be there of a message before it is streamed, so that the names at its beginning
// can be read. Chosen: two names as long as PostgreSQL keeps them, and room.
constexpr std::size_t min_streamed = 512;

struct ClientFrame {
    enum class Status { whole, streamed, incomplete, violation } status;
    protocol::FrontendType type{};
    std::size_t here = 0;      // bytes of it that are there, header included
    std::size_t to_come = 0;   // bytes of it that are not

    std::size_t body_size() const { return here + to_come - protocol::frame_header_size; }
    // Not looked through, even when all of it happens to be there.
    bool is_large() const { return here + to_come > max_held_frame; }
};

ClientFrame front_frame(protocol::Bytes bytes);

// What is there of a frame's body. Requires: the frame is whole or streamed.
inline protocol::Bytes body_of(protocol::Bytes bytes, const ClientFrame& frame) {
    return bytes.first(frame.here).subspan(protocol::frame_header_size);
}

// Where one direction stands between two reads.
struct FrameCursor {
    std::size_t body_left = 0;         // of a frame that is being streamed
    protocol::FrontendType type{};     // what that frame is
};

// Eats what is left of a cut frame; returns how much of `bytes` that was.
std::size_t eat_body(protocol::Bytes bytes, std::size_t& body_left);

}  // namespace pgweir::proxy
