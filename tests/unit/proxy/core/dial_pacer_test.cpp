#include "proxy/core/dial_pacer.hpp"

#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::DialPacer;
using proxy::Duration;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

namespace {

// Fails once more, as soon as it is allowed to try; returns the pause that follows.
Duration pause_after(DialPacer& pacer, DialOutcome outcome, VirtualClock& clock) {
    if (!pacer.may_dial(clock.now)) {
        clock.now = pacer.not_before();
    }
    pacer.finished(outcome, 5, std::nullopt, clock.now);
    return pacer.not_before() - clock.now;
}

bool is_about(Duration pause, Duration middle) { return pause >= middle * 80 / 100 && pause <= middle * 120 / 100; }

}  // namespace

TEST_CASE("dial pacer: at first nothing stands in the way", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    CHECK(pacer.may_dial(clock.now));
    CHECK_FALSE(pacer.is_failing());
    CHECK_FALSE(pacer.is_hopeless());
    CHECK(pacer.effective_size(20, clock.now) == 20);
}

TEST_CASE("dial pacer: pauses double, with jitter, up to a limit", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(GENERATE(range(1U, 50U)));
    SECTION("while the network is down") {
        for (const Duration pause : {Duration(250ms), Duration(500ms), Duration(1s), Duration(1s), Duration(1s)}) {
            CHECK(is_about(pause_after(pacer, DialOutcome::transient, clock), pause));
        }
    }
    SECTION("while the upstream is full") {
        for (const Duration pause : {Duration(1s), Duration(2s), Duration(4s), Duration(8s), Duration(15s), Duration(15s)}) {
            CHECK(is_about(pause_after(pacer, DialOutcome::capacity, clock), pause));
        }
    }
    SECTION("no more after a thousand failures") {
        for (int i = 0; i < 1000; ++i) {
            pause_after(pacer, DialOutcome::transient, clock);
        }
        CHECK(is_about(pause_after(pacer, DialOutcome::transient, clock), 1s));
    }
    SECTION("a success begins anew") {
        pause_after(pacer, DialOutcome::transient, clock);
        pause_after(pacer, DialOutcome::transient, clock);
        CHECK(pause_after(pacer, DialOutcome::ok, clock) == 0s);
        CHECK(pacer.may_dial(clock.now));
        CHECK(is_about(pause_after(pacer, DialOutcome::transient, clock), 250ms));
    }
}

TEST_CASE("dial pacer: a refused password leaves room for three tries in 150 s, two of them at once", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(GENERATE(range(1U, 100U)));
    CHECK(pause_after(pacer, DialOutcome::credential, clock) >= 75s);
    CHECK(pause_after(pacer, DialOutcome::credential, clock) >= 75s);
    CHECK(pacer.is_hopeless());
}

TEST_CASE("dial pacer: milder news does not cut a pause short", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pacer.finished(DialOutcome::credential, 5, std::nullopt, clock.now);
    const auto until = pacer.not_before();
    clock.advance(1s);
    SECTION("a lost network") { pacer.finished(DialOutcome::transient, 5, std::nullopt, clock.now); }
    SECTION("a full upstream, whose ceiling is learned all the same") {
        pacer.finished(DialOutcome::capacity, 5, std::nullopt, clock.now);
        CHECK(pacer.effective_size(20, clock.now) == 5);
    }
    SECTION("settings that were refused") { pacer.finished(DialOutcome::settings, 5, std::nullopt, clock.now); }
    CHECK(pacer.not_before() == until);
    CHECK(pacer.is_hopeless());
    SECTION("a success does") {
        pacer.finished(DialOutcome::ok, 5, std::nullopt, clock.now);
        CHECK(pacer.may_dial(clock.now));
        CHECK_FALSE(pacer.is_hopeless());
    }
}

TEST_CASE("dial pacer: pauses of several instances are out of step", "[proxy]") {
    std::set<Duration> pauses;
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        VirtualClock clock;
        DialPacer pacer(seed * 2654435761U);
        pauses.insert(pause_after(pacer, DialOutcome::transient, clock));
    }
    CHECK(pauses.size() > 20);
}

TEST_CASE("dial pacer: only what time does not cure is hopeless", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pause_after(pacer, DialOutcome::capacity, clock);
    CHECK_FALSE(pacer.is_hopeless());
    CHECK(pacer.is_failing());
    pause_after(pacer, DialOutcome::settings, clock);
    CHECK(pacer.is_hopeless());
    pacer.reset();
    CHECK_FALSE(pacer.is_hopeless());
    CHECK_FALSE(pacer.is_failing());
    CHECK(pacer.may_dial(clock.now));
    for (int i = 0; i < 4; ++i) {
        pause_after(pacer, DialOutcome::transient, clock);
        CHECK_FALSE(pacer.is_hopeless());
    }
    // So many failures in a row are no hiccup.
    pause_after(pacer, DialOutcome::transient, clock);
    CHECK(pacer.is_hopeless());
}

TEST_CASE("dial pacer: a lowered ceiling rises by one in 30 s, however late it is asked", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pacer.finished(DialOutcome::capacity, 7, std::nullopt, clock.now);
    CHECK(pacer.effective_size(20, clock.now) == 7);
    CHECK(pacer.effective_size(20, clock.advance(29s)) == 7);
    CHECK(pacer.effective_size(20, clock.advance(1s)) == 8);
    CHECK(pacer.effective_size(20, clock.now) == 8);
    CHECK(pacer.effective_size(20, clock.advance(10min)) == 9);
    CHECK(pacer.effective_size(5, clock.now) == 5);   // the ceiling is above: forgotten
    CHECK(pacer.effective_size(20, clock.now) == 20);
}

TEST_CASE("dial pacer: a ceiling is never below one", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pacer.finished(DialOutcome::capacity, 0, GENERATE(std::optional<int>(), std::optional<int>(0), std::optional<int>(-5), std::optional<int>(9)),
                   clock.now);
    CHECK(pacer.effective_size(20, clock.now) == 1);
}

}  // namespace pgweir::test
