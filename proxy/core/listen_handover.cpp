#include "proxy/core/listen_handover.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

struct Notice {
    std::string_view channel;
    std::string_view payload;
};

Notice read(protocol::Bytes notification) {
    protocol::Reader reader(notification);
    reader.i32();   // the notifying session's pid
    const std::string_view channel = reader.cstring();
    return {channel, reader.cstring()};
}

}  // namespace

ListenHandover::ListenHandover(std::vector<std::string> before, std::string marker)
    : before_(std::move(before)), marker_(std::move(marker)) {}

// One transaction: the session reads its own marker before it is ready again.
std::string ListenHandover::marker_sql() const {
    const std::string channel(handover_channel);
    return "LISTEN " + channel + "; NOTIFY " + channel + ", '" + marker_ + "'";
}

bool ListenHandover::is_marker(protocol::Bytes notification) const {
    const Notice notice = read(notification);
    return notice.channel == handover_channel && notice.payload == marker_;
}

bool ListenHandover::was_told_before(std::string_view channel) const {
    return std::find(before_.begin(), before_.end(), channel) != before_.end();
}

bool ListenHandover::tells_own(protocol::Bytes notification) {
    if (is_marker(notification)) has_left_own_ = true;
    const std::string_view channel = read(notification).channel;
    return !has_left_own_ && channel != handover_channel && !was_told_before(channel);
}

bool ListenHandover::tells_listening(protocol::Bytes notification) {
    if (is_marker(notification)) {
        has_reached_listening_ = true;
        return false;
    }
    return has_reached_listening_ || was_told_before(read(notification).channel);
}

}  // namespace pgweir::proxy
