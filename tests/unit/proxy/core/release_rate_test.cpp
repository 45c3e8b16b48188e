#include "proxy/core/release_rate.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::ReleaseRate;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST_CASE("release rate: nothing is known before the second release", "[proxy]") {
    const VirtualClock clock;
    ReleaseRate rate;
    CHECK(rate.expected_wait(1, clock.now) == 1s);
    rate.released(clock.now);
    CHECK(rate.expected_wait(100, clock.now) == 1s);
}

TEST_CASE("release rate: the wait grows with the place in the queue, within bounds", "[proxy]") {
    VirtualClock clock;
    ReleaseRate rate;
    for (int i = 0; i < 50; ++i) {
        rate.released(clock.now);
        clock.advance(10ms);
    }
    CHECK(rate.expected_wait(1, clock.now) == 100ms);
    CHECK(rate.expected_wait(100, clock.now) == 1s);
    CHECK(rate.expected_wait(100'000'000'000, clock.now) == 5s);
}

TEST_CASE("release rate: it follows what has changed, and silence is no release", "[proxy]") {
    VirtualClock clock;
    ReleaseRate rate;
    for (int i = 0; i < 200; ++i) {
        rate.released(clock.now);
        clock.advance(i < 100 ? 1ms : 50ms);
    }
    CHECK(rate.expected_wait(20, clock.now) > 900ms);
    CHECK(rate.expected_wait(20, clock.now) <= 1s);
    clock.advance(3s);
    CHECK(rate.expected_wait(1, clock.now) > 3s);
    clock.advance(std::chrono::hours(10'000));
    CHECK(rate.expected_wait(1, clock.now) == 5s);
}

}  // namespace pgweir::test
