#include "proxy/net/out_buffer.hpp"

#include <algorithm>

namespace pgweir::proxy::net {
namespace {

// Most that a backlog grows by beyond what is needed; less while it is small itself. Chosen: many small
// messages do not move it often, and an error behind a few kilobytes does not cost as much again.
constexpr std::size_t growth = 16 * 1024;

// Writes as much of `data` as the kernel takes. False when the connection is broken.
bool write_some(Stream& stream, protocol::Bytes data, std::size_t& written) {
    while (written < data.size()) {
        const IoResult result = stream.write(data.subspan(written));
        written += result.size;
        if (result.status == IoStatus::failed || result.status == IoStatus::closed) return false;
        if (result.status != IoStatus::ok) return true;
    }
    return true;
}

}  // namespace

bool OutBuffer::write(Stream& stream, protocol::Bytes data) {
    if (!empty()) {
        if (!write_some(stream, bytes_, sent_)) return false;
        if (empty()) clear();
    }
    if (!empty()) {
        // A peer that never catches up must not make the spent part grow.
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
        // Doubling, as vectors do, would make a backlog's memory twice what is in it.
        if (bytes_.size() + data.size() > bytes_.capacity()) bytes_.reserve(bytes_.size() + std::max(data.size(), std::min(growth, bytes_.size())));
        bytes_.insert(bytes_.end(), data.begin(), data.end());
        return true;
    }
    std::size_t written = 0;
    if (!write_some(stream, data, written)) return false;
    if (written < data.size()) bytes_.assign(data.begin() + static_cast<std::ptrdiff_t>(written), data.end());
    return true;
}

void OutBuffer::clear() {
    // Assigning nothing to it would keep its memory.
    std::vector<std::byte>().swap(bytes_);
    sent_ = 0;
}

}  // namespace pgweir::proxy::net
