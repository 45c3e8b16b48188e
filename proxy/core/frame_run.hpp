// Messages of a client taken one by one from the front of its bytes, by whoever looks for a certain run of them. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message_type.hpp"
#include "proxy/core/client_frame.hpp"

#include <cstddef>
#include <optional>

namespace pgweir::proxy {

class FrameRun {
public:
    // Lifetime: the bytes, as long as the run and what it gives are used.
    explicit FrameRun(protocol::Bytes bytes) : rest_(bytes) {}

    // The body of the next message if it is of that type and whole.
    std::optional<protocol::Bytes> take(protocol::FrontendType type) {
        const ClientFrame frame = front_frame(rest_);
        is_cut_ = frame.status == ClientFrame::Status::incomplete;
        if (frame.status != ClientFrame::Status::whole || frame.type != type) return std::nullopt;
        const protocol::Bytes body = body_of(rest_, frame);
        rest_ = rest_.subspan(frame.here);
        size_ += frame.here;
        return body;
    }
    // Of the messages taken, with their headers.
    std::size_t size() const { return size_; }
    // The message asked for last is not there yet. Nobody waits for the answer to what is: no Flush or Sync ends it.
    bool is_cut() const { return is_cut_ && size_ + rest_.size() <= max_held_frame; }

private:
    protocol::Bytes rest_;
    std::size_t size_ = 0;
    bool is_cut_ = false;
};

}  // namespace pgweir::proxy
