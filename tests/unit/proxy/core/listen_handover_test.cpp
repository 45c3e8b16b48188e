#include "proxy/core/listen_handover.hpp"

#include "protocol/backend.hpp"

#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

namespace pgweir::proxy {
namespace {

constexpr int some_pid = 42;

std::vector<std::byte> notification(std::string_view channel, std::string_view payload) {
    std::vector<std::byte> body;
    protocol::Writer(body).i32(some_pid).cstring(channel).cstring(payload);
    return body;
}

TEST_CASE("Before the marker a client's own server tells of new channels, the listening server of the others") {
    ListenHandover handover({"old"}, "marker1");
    CHECK(handover.tells_own(notification("new", "1")));
    CHECK_FALSE(handover.tells_listening(notification("new", "1")));
    CHECK_FALSE(handover.tells_own(notification("old", "2")));
    CHECK(handover.tells_listening(notification("old", "2")));
    CHECK_FALSE(handover.has_left_own());
}

TEST_CASE("Behind the marker the listening server tells of all channels, whichever server brought it first") {
    ListenHandover handover({}, "marker1");
    CHECK(handover.marker_sql() == "LISTEN pgweir_handover; NOTIFY pgweir_handover, 'marker1'");

    CHECK_FALSE(handover.tells_listening(notification(handover_channel, "marker1")));
    CHECK_FALSE(handover.is_done());
    CHECK(handover.tells_listening(notification("new", "behind")));
    CHECK(handover.tells_own(notification("new", "before")));   // it has not come as far yet

    CHECK_FALSE(handover.tells_own(notification(handover_channel, "marker1")));
    CHECK(handover.is_done());
    CHECK_FALSE(handover.tells_own(notification("new", "behind")));
}

TEST_CASE("The markers of other handovers are nobody's to read and change nothing") {
    ListenHandover handover({}, "marker1");
    CHECK_FALSE(handover.tells_own(notification(handover_channel, "marker2")));
    CHECK_FALSE(handover.tells_listening(notification(handover_channel, "marker2")));
    CHECK_FALSE(handover.tells_listening(notification("new", "marker1")));
    CHECK_FALSE(handover.has_left_own());
    CHECK(handover.tells_own(notification("new", "marker1")));
}

TEST_CASE("A notification that is no message of PostgreSQL's is not told") {
    ListenHandover handover({}, "marker1");
    CHECK_FALSE(handover.tells_listening({}));
    CHECK_FALSE(handover.is_done());
}

}  // namespace
}  // namespace pgweir::proxy
