#include "proxy/net/out_buffer.hpp"

namespace pgweir::proxy::net {
namespace {

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
        bytes_.insert(bytes_.end(), data.begin(), data.end());
        return true;
    }
    std::size_t written = 0;
    if (!write_some(stream, data, written)) return false;
    if (written < data.size()) bytes_.assign(data.begin() + static_cast<std::ptrdiff_t>(written), data.end());
    return true;
}

void OutBuffer::clear() {
    bytes_ = {};
    sent_ = 0;
}

}  // namespace pgweir::proxy::net
