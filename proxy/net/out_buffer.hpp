// Bytes that the kernel did not take at once. Empty almost always, and then without memory.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/net/stream.hpp"

#include <cstddef>
#include <vector>

namespace pgweir::proxy::net {

class OutBuffer {
public:
    // Writes what is pending and then `data`; keeps what the kernel does not take.
    // False when the connection is broken.
    bool write(Stream& stream, protocol::Bytes data);

    // Writes what is pending. False when the connection is broken.
    bool flush(Stream& stream) { return write(stream, {}); }

    bool empty() const { return sent_ == bytes_.size(); }
    std::size_t size() const { return bytes_.size() - sent_; }
    // What it takes of memory.
    std::size_t memory() const { return bytes_.capacity(); }
    void clear();

private:
    std::vector<std::byte> bytes_;
    std::size_t sent_ = 0;   // from the front of bytes_
};

}  // namespace pgweir::proxy::net
