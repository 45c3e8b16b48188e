#include "proxy/event_ring.hpp"

#include <catch2/catch.hpp>

using pgweir::proxy::EventRing;
using pgweir::proxy::max_events;
using Time = std::chrono::system_clock::time_point;

TEST_CASE("event ring: keeps events, the oldest first, and nothing else", "[admin]") {
    EventRing ring;
    ring.note(Time(), "info", "event=started port=6432");
    ring.note(Time(), "info", "no event at all");
    ring.note(Time(), "warning", "event=reload_failed");
    const auto lines = ring.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].event == "started");
    CHECK(lines[0].text == "port=6432");
    CHECK(lines[0].level == "info");
    CHECK(lines[1].event == "reload_failed");
    CHECK(lines[1].text.empty());
}

TEST_CASE("event ring: refusals of one pool for one reason are counted in one line", "[admin]") {
    EventRing ring;
    for (int i = 0; i < 100; ++i) {
        ring.note(Time(std::chrono::seconds(i)), "info", "event=refused pool=a user=x reason=queue_full id=" + std::to_string(i));
        ring.note(Time(), "info", "event=refused pool=b user=x reason=queue_full id=" + std::to_string(i));
        ring.note(Time(), "info", "event=refused pool=a user=x reason=queue_timeout id=" + std::to_string(i));
    }
    const auto lines = ring.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].count == 100);
    CHECK(lines[0].at == Time(std::chrono::seconds(99)));
    CHECK(lines[0].text == "pool=a user=x reason=queue_full id=99");
}

TEST_CASE("event ring: it holds only so many, and only so much of each", "[admin]") {
    EventRing ring;
    for (std::size_t i = 0; i < max_events + 10; ++i) ring.note(Time(), "info", "event=x n=" + std::to_string(i) + std::string(10'000, 'y'));
    const auto lines = ring.lines();
    CHECK(lines.size() == max_events);
    CHECK(lines.front().text.starts_with("n=10y"));
    CHECK(lines.front().text.size() <= pgweir::proxy::max_event_text);
}
