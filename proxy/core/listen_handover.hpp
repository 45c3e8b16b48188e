// Channels that pass from the server on which a client's LISTEN ran to its pool's listening
// server, without a notification told twice or not at all. Both servers are sent one marker: PostgreSQL
// hands notifications to all sessions in the same order, so what comes before the marker is told by the
// client's own server, and what comes behind it by the listening one. A value: no I/O.
#pragma once

#include "protocol/bytes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// The listening server must listen to it for as long as a handover is under way.
constexpr std::string_view handover_channel = "pgweir_handover";

class ListenHandover {
public:
    // `before`: the channels of which the listening server tells the client already. `marker`: a text of
    // letters and digits that no other handover has, in this process or another.
    ListenHandover(std::vector<std::string> before, std::string marker);

    // What makes the marker. For the own server, when the other listens.
    std::string marker_sql() const;

    // Whether the client is to read a NotificationResponse with that body; each takes note of the marker.
    bool tells_own(protocol::Bytes notification);
    bool tells_listening(protocol::Bytes notification);

    bool has_left_own() const { return has_left_own_; }   // its marker has come
    bool is_done() const { return has_left_own_ && has_reached_listening_; }

private:
    bool is_marker(protocol::Bytes notification) const;
    bool was_told_before(std::string_view channel) const;

    std::vector<std::string> before_;
    std::string marker_;
    bool has_left_own_ = false;
    bool has_reached_listening_ = false;
};

}  // namespace pgweir::proxy
