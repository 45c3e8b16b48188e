// Finds the borders of typed messages in arbitrary chunks of a byte stream.
// Never copies a body and never keeps a pointer: what a cut message needs is
// carried as numbers.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pgweir::protocol {

// Type byte and length word in front of every message after startup.
constexpr std::size_t frame_header_size = 5;

// Longest message body there can be in either direction. PostgreSQL: a StringInfo holds at
// most MaxAllocSize - 1; PQ_LARGE_MESSAGE_LIMIT for clients is the same less the length word.
constexpr std::size_t max_frame_body = 0x3fffffff - 1;

struct FrameHeader {
    char type;
    std::size_t body_size;   // without the length word itself

    std::size_t frame_size() const { return frame_header_size + body_size; }
};

enum class HeaderStatus {
    complete,
    need_more,   // fewer than five bytes are there
    invalid,     // the length is below 4 or above max_frame_body
};

struct HeaderResult {
    HeaderStatus status;
    FrameHeader header;   // meaningful only when complete
};

// Reads the header at the front of `bytes`.
HeaderResult read_header(Bytes bytes);

}  // namespace pgweir::protocol
