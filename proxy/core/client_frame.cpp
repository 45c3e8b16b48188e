#include "proxy/core/client_frame.hpp"

#include <algorithm>
#include <optional>

namespace pgweir::proxy {
namespace {

using protocol::FrontendType;
using Status = ClientFrame::Status;

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

}  // namespace

ClientFrame front_frame(protocol::Bytes bytes) {
    const protocol::HeaderResult read = protocol::read_header(bytes);
    if (read.status == protocol::HeaderStatus::need_more) return ClientFrame{Status::incomplete};
    if (read.status == protocol::HeaderStatus::invalid) return ClientFrame{Status::violation};
    const std::optional<FrontendType> type = frontend_type(read.header.type);
    if (!type) return ClientFrame{Status::violation};
    if (!has_bulk(*type) && read.header.body_size + length_word_size > max_small_message) return ClientFrame{Status::violation};
    const std::size_t size = read.header.frame_size();
    if (size <= bytes.size()) return ClientFrame{Status::whole, *type, size, 0};
    if (size <= max_held_frame || bytes.size() < min_streamed) return ClientFrame{Status::incomplete};
    return ClientFrame{Status::streamed, *type, bytes.size(), size - bytes.size()};
}

std::size_t eat_body(protocol::Bytes bytes, std::size_t& body_left) {
    const std::size_t eaten = std::min(bytes.size(), body_left);
    body_left -= eaten;
    return eaten;
}

}  // namespace pgweir::proxy
