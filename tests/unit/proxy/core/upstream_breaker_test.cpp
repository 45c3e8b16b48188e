#include "proxy/core/upstream_breaker.hpp"

#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string_view>
#include <utility>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::Duration;
using proxy::next;
using proxy::upstream_event_count;
using proxy::upstream_state_count;
using proxy::upstream_transitions;
using proxy::UpstreamBreaker;
using proxy::UpstreamEvent;
using proxy::UpstreamState;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

namespace {

// Rows are states, columns events in the order of the enum: give_up probe fail recover forget.
// First letter of the state it leads to.
constexpr std::string_view expected[upstream_state_count] = {
    "O....",   // closed
    ".H.CC",   // open
    "..OCC",   // half_open
};

constexpr bool some_live = true;
constexpr bool none_live = false;

struct Upstream {
    VirtualClock clock{};
    UpstreamBreaker breaker{};

    // A login that takes `took` and ends so, `pause` after the one before.
    bool fail(DialOutcome outcome, bool is_any_live = none_live, Duration took = 1ms, Duration pause = 500ms) {
        clock.advance(pause);
        breaker.login_began(clock.now);
        clock.advance(took);
        return breaker.login_failed(outcome, took, is_any_live, clock.now);
    }
    void open(DialOutcome outcome = DialOutcome::transient) {
        for (int i = 0; i < 5; ++i) {
            fail(outcome);
        }
        REQUIRE(breaker.state() == UpstreamState::open);
    }
};

}  // namespace

TEST_CASE("upstream breaker: every event in every state leads where it should or nowhere", "[proxy]") {
    for (std::size_t state = 0; state < upstream_state_count; ++state) {
        for (std::size_t event = 0; event < upstream_event_count; ++event) {
            INFO(static_cast<UpstreamState>(state) << ", event " << event);
            const auto to = next(static_cast<UpstreamState>(state), static_cast<UpstreamEvent>(event));
            CHECK((to ? std::string_view("COH")[static_cast<std::size_t>(*to)] : '.') == expected[state][event]);
        }
    }
}

TEST_CASE("upstream breaker: no pair stands in the table twice, every state can be entered and left", "[proxy]") {
    std::set<std::pair<UpstreamState, UpstreamEvent>> seen;
    std::set<UpstreamState> entered;
    std::set<UpstreamState> left;
    for (const auto& transition : upstream_transitions) {
        CHECK(seen.emplace(transition.from, transition.event).second);
        entered.insert(transition.to);
        left.insert(transition.from);
    }
    CHECK(entered.size() == upstream_state_count);
    CHECK(left.size() == upstream_state_count);
}

TEST_CASE("upstream breaker: five failures in a row open it, a short outage does not", "[proxy]") {
    Upstream upstream;
    for (int i = 0; i < 4; ++i) {
        CHECK_FALSE(upstream.fail(DialOutcome::transient));
    }
    SECTION("the fifth") {
        CHECK(upstream.fail(DialOutcome::transient));
        CHECK(upstream.breaker.state() == UpstreamState::open);
        CHECK(upstream.breaker.reason() == DialOutcome::transient);
        CHECK(upstream.breaker.entered() == std::array<std::uint64_t, 3>{0, 1, 0});
    }
    SECTION("a success between counts from the start") {
        CHECK_FALSE(upstream.breaker.login_succeeded(upstream.clock.now));
        CHECK_FALSE(upstream.fail(DialOutcome::transient));
    }
    SECTION("so does a long time") { CHECK_FALSE(upstream.fail(DialOutcome::transient, none_live, 1ms, 1min)); }
    SECTION("and another kind of failure") {
        CHECK_FALSE(upstream.fail(DialOutcome::capacity));
        CHECK_FALSE(upstream.fail(DialOutcome::transient));
    }
}

TEST_CASE("upstream breaker: one failure that took three seconds is enough", "[proxy]") {
    Upstream upstream;
    CHECK_FALSE(upstream.fail(DialOutcome::transient, none_live, 2900ms));
    CHECK(upstream.fail(DialOutcome::transient, none_live, 3s));
}

TEST_CASE("upstream breaker: what time does not cure opens it at once", "[proxy]") {
    Upstream upstream;
    const DialOutcome outcome = GENERATE(DialOutcome::credential, DialOutcome::locked_out, DialOutcome::config);
    CHECK(upstream.fail(outcome));
    CHECK(upstream.breaker.state() == UpstreamState::open);
    CHECK(upstream.breaker.reason() == outcome);
}

TEST_CASE("upstream breaker: while a server lives it stays closed, and opens with the last one's end", "[proxy]") {
    Upstream upstream;
    SECTION("failed for good") { CHECK_FALSE(upstream.fail(DialOutcome::credential, some_live)); }
    SECTION("failed for long") {
        for (int i = 0; i < 20; ++i) {
            CHECK_FALSE(upstream.fail(DialOutcome::transient, some_live));
        }
    }
    CHECK(upstream.breaker.servers_gone(upstream.clock.now));
    CHECK(upstream.breaker.state() == UpstreamState::open);
}

TEST_CASE("upstream breaker: servers that go while logins succeed open nothing", "[proxy]") {
    Upstream upstream;
    CHECK_FALSE(upstream.breaker.servers_gone(upstream.clock.now));
    upstream.fail(DialOutcome::transient);
    CHECK_FALSE(upstream.breaker.servers_gone(upstream.clock.now));
}

TEST_CASE("upstream breaker: a full upstream is not a lost one", "[proxy]") {
    Upstream upstream;
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(upstream.fail(DialOutcome::capacity));
    }
    upstream.open();
    CHECK(upstream.fail(DialOutcome::capacity));
    CHECK(upstream.breaker.state() == UpstreamState::closed);
}

TEST_CASE("upstream breaker: a full upstream says nothing of a refused password", "[proxy]") {
    Upstream upstream;
    upstream.fail(DialOutcome::credential);
    upstream.fail(DialOutcome::capacity);
    CHECK(upstream.breaker.state() == UpstreamState::open);
    CHECK(upstream.breaker.reason() == DialOutcome::credential);
}

TEST_CASE("upstream breaker: open it refuses, half open it lets wait for a second", "[proxy]") {
    Upstream upstream;
    CHECK_FALSE(upstream.breaker.is_refusing(upstream.clock.now));
    upstream.open();
    CHECK(upstream.breaker.is_refusing(upstream.clock.now));
    CHECK(upstream.breaker.login_began(upstream.clock.now));
    CHECK(upstream.breaker.state() == UpstreamState::half_open);
    CHECK_FALSE(upstream.breaker.is_refusing(upstream.clock.now));
    CHECK_FALSE(upstream.breaker.is_refusing(upstream.clock.advance(999ms)));
    CHECK(upstream.breaker.is_refusing(upstream.clock.advance(1ms)));
    SECTION("a success closes it") {
        CHECK(upstream.breaker.login_succeeded(upstream.clock.now));
        CHECK(upstream.breaker.state() == UpstreamState::closed);
    }
    SECTION("a failure opens it again, with its reason") {
        CHECK(upstream.breaker.login_failed(DialOutcome::credential, 1s, none_live, upstream.clock.now));
        CHECK(upstream.breaker.state() == UpstreamState::open);
        CHECK(upstream.breaker.reason() == DialOutcome::credential);
    }
    SECTION("a reload closes it") {
        CHECK(upstream.breaker.forget(upstream.clock.now));
        CHECK(upstream.breaker.state() == UpstreamState::closed);
        CHECK_FALSE(upstream.breaker.servers_gone(upstream.clock.now));
    }
}

TEST_CASE("upstream breaker: a login that began before it opened may close it", "[proxy]") {
    Upstream upstream;
    upstream.open();
    CHECK(upstream.breaker.login_succeeded(upstream.clock.now));
    CHECK(upstream.breaker.state() == UpstreamState::closed);
}

}  // namespace pgweir::test
