#include "proxy/core/upstream_ceiling.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace pgweir::test {

using proxy::Duration;
using proxy::UpstreamCeiling;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

namespace {

constexpr bool is_probe = true;
constexpr bool is_no_probe = false;

// When a probe is allowed again, in whole seconds from now.
Duration until_probe(const UpstreamCeiling& ceiling, const VirtualClock& clock) {
    Duration wait{};
    while (!ceiling.may_probe(clock.now + wait) && wait < 60min) {
        wait += 1s;
    }
    return wait;
}

}  // namespace

TEST_CASE("upstream ceiling: until something is refused there is none", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    CHECK(ceiling.effective(20) == 20);
    CHECK_FALSE(ceiling.may_probe(clock.now));
    ceiling.succeeded(5, is_no_probe, clock.now);
    CHECK(ceiling.effective(20) == 20);
}

TEST_CASE("upstream ceiling: a refusal lowers it to what is held or to the number given, never below one", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    SECTION("no number") {
        ceiling.refused(12, std::nullopt, is_no_probe, clock.now);
        CHECK(ceiling.effective(20) == 12);
        CHECK(ceiling.effective(5) == 5);
    }
    SECTION("a number above: others have the rest") {
        ceiling.refused(12, 15, is_no_probe, clock.now);
        CHECK(ceiling.effective(20) == 12);
    }
    SECTION("a number below") {
        ceiling.refused(12, 10, is_no_probe, clock.now);
        CHECK(ceiling.effective(20) == 10);
    }
    SECTION("nothing is held") {
        ceiling.refused(0, GENERATE(std::optional<int>(), std::optional<int>(0), std::optional<int>(-5), std::optional<int>(9)),
                        is_no_probe, clock.now);
        CHECK(ceiling.effective(20) == 1);
    }
}

TEST_CASE("upstream ceiling: the first probe comes after 30 s, refused ones twice as late each time up to 10 minutes", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.refused(12, std::nullopt, is_no_probe, clock.now);
    ceiling.refused(12, std::nullopt, is_no_probe, clock.now);   // two were under way: one refusal
    for (const Duration wait : {30s, 60s, 120s, 240s, 480s, 600s, 600s}) {
        CHECK(until_probe(ceiling, clock) == wait);
        clock.advance(wait);
        ceiling.refused(12, std::nullopt, is_probe, clock.now);
    }
    CHECK(ceiling.effective(20) == 12);
    clock.advance(until_probe(ceiling, clock));
    SECTION("a probe that succeeds begins anew") {
        ceiling.succeeded(13, is_probe, clock.now);
        CHECK(ceiling.effective(20) == 13);
        CHECK(until_probe(ceiling, clock) == 1s);
        clock.advance(1s);
        ceiling.refused(13, std::nullopt, is_probe, clock.now);
        CHECK(until_probe(ceiling, clock) == 60s);
    }
    SECTION("a reload forgets all of it") {
        ceiling.forget();
        CHECK(ceiling.effective(20) == 20);
        ceiling.refused(12, std::nullopt, is_no_probe, clock.now);
        CHECK(until_probe(ceiling, clock) == 30s);
    }
}

TEST_CASE("upstream ceiling: it comes from 12 to 20 in a step a second", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.refused(12, 12, is_no_probe, clock.now);
    clock.advance(30s);
    const auto began = clock.now;
    while (ceiling.effective(20) < 20) {
        clock.advance(until_probe(ceiling, clock));
        ceiling.succeeded(ceiling.effective(20) + 1, is_probe, clock.now);
    }
    CHECK(clock.now - began <= 10s);
}

TEST_CASE("upstream ceiling: a login that was under way beside the refused one raises it", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.refused(12, std::nullopt, is_no_probe, clock.now);
    ceiling.succeeded(13, is_no_probe, clock.now);
    CHECK(ceiling.effective(20) == 13);
    CHECK(until_probe(ceiling, clock) == 30s);
}

TEST_CASE("upstream ceiling: a slot of ours that is freed late does not lower it", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.ended(15, clock.now);
    clock.advance(200ms);
    ceiling.refused(14, std::nullopt, is_no_probe, clock.now);
    CHECK(ceiling.effective(15) == 15);
    CHECK(ceiling.effective(20) == 15);
    SECTION("but when somebody else has taken it") {
        clock.advance(5s);
        ceiling.refused(14, std::nullopt, is_no_probe, clock.now);
        CHECK(ceiling.effective(15) == 14);
    }
    SECTION("one more than were ever held is not explained by it") {
        ceiling.succeeded(15, is_no_probe, clock.now);
        ceiling.refused(15, std::nullopt, is_no_probe, clock.now);
        CHECK(ceiling.effective(20) == 15);
    }
    SECTION("the upstream's own number counts more") {
        ceiling.refused(14, 13, is_no_probe, clock.now);
        CHECK(ceiling.effective(15) == 13);
    }
}

TEST_CASE("upstream ceiling: of several that ended the most held within five seconds count", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.ended(20, clock.now);
    ceiling.ended(19, clock.advance(2s));
    ceiling.ended(19, clock.advance(2s));   // one had come back meanwhile
    ceiling.ended(18, clock.now);
    clock.advance(2s);
    ceiling.refused(17, std::nullopt, is_no_probe, clock.now);
    CHECK(ceiling.effective(30) == 19);
    clock.advance(3s);
    ceiling.refused(17, std::nullopt, is_no_probe, clock.now);
    CHECK(ceiling.effective(30) == 17);
}

TEST_CASE("upstream ceiling: once there is a first server the second need not wait for a probe's time", "[proxy]") {
    VirtualClock clock;
    UpstreamCeiling ceiling;
    ceiling.refused(0, std::nullopt, is_no_probe, clock.now);
    ceiling.refused(0, std::nullopt, is_no_probe, clock.advance(1s));
    ceiling.succeeded(1, is_no_probe, clock.advance(2s));
    CHECK(until_probe(ceiling, clock) == 1s);
}

}  // namespace pgweir::test
