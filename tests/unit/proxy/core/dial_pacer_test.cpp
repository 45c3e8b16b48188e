#include "proxy/core/dial_pacer.hpp"

#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <iterator>
#include <set>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::DialPacer;
using proxy::Duration;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

// Fails once more, as soon as it is allowed to try; returns the pause that follows.
Duration pause_after(DialPacer& pacer, DialOutcome outcome, VirtualClock& clock) {
    if (!pacer.may_dial(0, clock.now)) {
        clock.now = pacer.next_dial_at() + 1ms;
    }
    REQUIRE(pacer.may_dial(0, clock.now));
    pacer.finished(outcome, clock.now);
    return pacer.next_dial_at() - clock.now;
}

bool is_about(Duration pause, Duration middle) { return pause >= middle * 80 / 100 && pause <= middle * 120 / 100; }

}  // namespace

TEST_CASE("dial pacer: at first nothing stands in the way of two logins", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    CHECK(pacer.may_dial(0, clock.now));
    CHECK(pacer.may_dial(1, clock.now));
    CHECK_FALSE(pacer.may_dial(2, clock.now));
    CHECK_FALSE(pacer.is_failing());
}

TEST_CASE("dial pacer: after a failure one login goes alone, after a success two again", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pause_after(pacer, GENERATE(DialOutcome::transient, DialOutcome::capacity, DialOutcome::credential), clock);
    CHECK(pacer.is_failing());
    clock.now = pacer.next_dial_at();
    CHECK(pacer.may_dial(0, clock.now));
    CHECK_FALSE(pacer.may_dial(1, clock.now));
    pacer.finished(DialOutcome::ok, clock.now);
    CHECK(pacer.may_dial(1, clock.now));
}

TEST_CASE("dial pacer: pauses double, with jitter, up to a limit", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(GENERATE(range(1U, 50U)));
    const auto double_up = [&](DialOutcome outcome, std::initializer_list<Duration> pauses) {
        for (const Duration pause : pauses) {
            const Duration got = pause_after(pacer, outcome, clock);
            CHECK(is_about(got, pause));
            CHECK(got >= *pauses.begin());
            CHECK(got <= *std::prev(pauses.end()));
        }
    };
    SECTION("while the network is down") { double_up(DialOutcome::transient, {250ms, 500ms, 1s, 1s, 1s}); }
    SECTION("while the upstream is full") { double_up(DialOutcome::capacity, {1s, 2s, 4s, 8s, 15s, 15s}); }
    SECTION("while something is set up wrongly") { double_up(DialOutcome::config, {15s, 30s, 60s, 120s, 120s}); }
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
        CHECK(is_about(pause_after(pacer, DialOutcome::transient, clock), 250ms));
    }
    SECTION("another kind of failure begins anew") {
        pause_after(pacer, DialOutcome::transient, clock);
        pause_after(pacer, DialOutcome::transient, clock);
        CHECK(is_about(pause_after(pacer, DialOutcome::capacity, clock), 1s));
    }
}

TEST_CASE("dial pacer: two logins that fail together are one failure", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pacer.finished(DialOutcome::transient, clock.now);
    pacer.finished(DialOutcome::transient, clock.now);
    CHECK(is_about(pause_after(pacer, DialOutcome::transient, clock), 500ms));
}

TEST_CASE("dial pacer: an upstream that locks us out is left alone for 120 s and more", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(GENERATE(range(1U, 50U)));
    CHECK(pause_after(pacer, DialOutcome::locked_out, clock) >= 120s);
    CHECK(pause_after(pacer, DialOutcome::locked_out, clock) >= 180s);
}

TEST_CASE("dial pacer: credentials are refused at most three times in 150 s", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(GENERATE(range(1U, 20U)));
    SECTION("also when what is between makes up for the pauses") {
        pause_after(pacer, DialOutcome::credential, clock);
        pacer.finished(DialOutcome::ok, clock.now);
        pause_after(pacer, DialOutcome::credential, clock);
        pacer.finished(DialOutcome::ok, clock.now);
        CHECK(pacer.may_dial(0, clock.now));
        CHECK_FALSE(pacer.may_dial(1, clock.now));   // with the one under way that would be a fourth
        pause_after(pacer, DialOutcome::locked_out, clock);
        pacer.finished(DialOutcome::ok, clock.now);
        CHECK_FALSE(pacer.may_dial(0, clock.now));
        CHECK_FALSE(pacer.may_dial(0, clock.now + 150s));
        CHECK(pacer.next_dial_at() == clock.now + 150s);
        CHECK(pacer.may_dial(1, clock.now + 151s));
    }
    SECTION("a reload forgets them") {
        for (int i = 0; i < 3; ++i) {
            pause_after(pacer, DialOutcome::credential, clock);
            pacer.finished(DialOutcome::ok, clock.now);
        }
        pacer.reset();
        CHECK(pacer.may_dial(1, clock.now));
        CHECK_FALSE(pacer.is_failing());
    }
}

TEST_CASE("dial pacer: milder news does not cut a pause short, a success does", "[proxy]") {
    VirtualClock clock;
    DialPacer pacer(1);
    pacer.finished(DialOutcome::credential, clock.now);
    const auto until = pacer.next_dial_at();
    clock.advance(1s);
    const DialOutcome milder = GENERATE(DialOutcome::transient, DialOutcome::capacity, DialOutcome::config);
    pacer.finished(milder, clock.now);
    CHECK(pacer.next_dial_at() == until);
    pacer.finished(DialOutcome::ok, clock.now);
    CHECK(pacer.may_dial(0, clock.now));
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

}  // namespace pgweir::test
