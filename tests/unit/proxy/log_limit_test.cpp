#include "proxy/log_limit.hpp"

#include <catch2/catch.hpp>

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using pgweir::proxy::LogLimit;
using pgweir::proxy::max_event_lines;

namespace {

const LogLimit::TimePoint start{seconds(1'000'000)};

// How many of so many lines are written.
std::uint64_t admitted(LogLimit& limit, const char* event, int lines, LogLimit::TimePoint now) {
    std::uint64_t count = 0;
    for (int i = 0; i < lines; ++i) count += limit.admits(event, now) ? 1U : 0U;
    return count;
}

}  // namespace

TEST_CASE("log limit: a storm of one event is held back, and no other event", "[admin]") {
    LogLimit limit;
    CHECK(admitted(limit, "refused", 1000, start) == max_event_lines);
    CHECK(admitted(limit, "pinned", 5, start) == 5);
    CHECK(admitted(limit, "refused", 10, start + milliseconds(999)) == 0);
    CHECK(admitted(limit, "refused", 10, start + seconds(1)) == 10);
}

TEST_CASE("log limit: what was held back is told once its moment is over", "[admin]") {
    LogLimit limit;
    admitted(limit, "refused", 1000, start);
    admitted(limit, "pinned", 5, start);
    CHECK(limit.take_held_back(start + milliseconds(999)).empty());
    SECTION("when nothing more comes") {}
    SECTION("when the next moment has begun") { admitted(limit, "refused", 1, start + seconds(1)); }
    const auto told = limit.take_held_back(start + seconds(2));
    REQUIRE(told.size() == 1);
    CHECK(told[0].event == "refused");
    CHECK(told[0].lines == 1000 - max_event_lines);
    CHECK(limit.take_held_back(start + seconds(3)).empty());
}

TEST_CASE("log limit: a clock that is set back holds nothing back for long", "[admin]") {
    LogLimit limit;
    admitted(limit, "refused", 1000, start);
    CHECK(admitted(limit, "refused", 10, start - hours(1)) == 10);
}
