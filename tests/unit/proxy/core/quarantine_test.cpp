#include "proxy/core/quarantine.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using std::chrono_literals::operator""ms;
using proxy::cancel_settle;
using proxy::Quarantine;

constexpr const char* cancelled = "canceling statement due to user request";

TEST_CASE("quarantine: without a cancel there is none", "[proxy]") {
    VirtualClock clock;
    CHECK(Quarantine().is_over(clock.now));
}

TEST_CASE("quarantine: a cancel that nothing was heard of may land until it has had its time", "[proxy]") {
    VirtualClock clock;
    Quarantine quarantine;
    quarantine.sent();
    quarantine.ended(clock.now);
    CHECK_FALSE(quarantine.is_over(clock.now));
    CHECK_FALSE(quarantine.is_over(clock.advance(cancel_settle - 1ms)));
    CHECK(quarantine.is_over(clock.advance(1ms)));
}

TEST_CASE("quarantine: the error of a cancel ends it at once, whether its request has ended or not", "[proxy]") {
    VirtualClock clock;
    Quarantine quarantine;
    quarantine.sent();
    SECTION("before") {
        quarantine.failed("57014", cancelled);
        quarantine.ended(clock.now);
    }
    SECTION("behind") {
        quarantine.ended(clock.now);
        quarantine.failed("57014", cancelled);
    }
    CHECK(quarantine.is_over(clock.now));
}

TEST_CASE("quarantine: each cancel wants an error of its own", "[proxy]") {
    VirtualClock clock;
    Quarantine quarantine;
    quarantine.sent();
    quarantine.ended(clock.now);
    quarantine.sent();
    quarantine.failed("57014", cancelled);
    quarantine.ended(clock.advance(200ms));
    CHECK_FALSE(quarantine.is_over(clock.advance(200ms)));
    CHECK(quarantine.is_over(clock.advance(100ms)));
}

TEST_CASE("quarantine: other errors say nothing of a cancel", "[proxy]") {
    VirtualClock clock;
    Quarantine quarantine;
    quarantine.failed("57014", cancelled);   // somebody else's
    quarantine.sent();
    quarantine.ended(clock.now);
    quarantine.failed("57014", "canceling statement due to statement timeout");
    quarantine.failed("42601", cancelled);
    CHECK_FALSE(quarantine.is_over(clock.now));
}

}  // namespace pgweir::test
