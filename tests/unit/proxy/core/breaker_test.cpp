#include "proxy/core/breaker.hpp"

#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <vector>

namespace pgweir::test {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using proxy::Breaker;
using proxy::BreakerLimits;
using proxy::BreakerState;
using proxy::Duration;

namespace {

// A breaker whose pool ticks it ten times a second.
struct BreakerFixture {
    BreakerLimits limits{};
    int size = 20;
    VirtualClock clock{};
    Breaker breaker{limits, clock.now};
    int in_use = 0;

    void use(int servers) {
        in_use = servers;
        breaker.usage_changed(in_use, size, clock.now);
    }

    // True when it has changed its state meanwhile.
    bool pass(Duration time, Duration step = 100ms) {
        bool has_changed = false;
        for (Duration done{}; done < time; done += step) {
            clock.advance(step);
            has_changed |= breaker.tick(clock.now);
        }
        return has_changed;
    }

    // How long it takes to open; `limit` when it does not.
    Duration time_to_open(Duration limit, Duration step = 100ms) {
        Duration passed{};
        while (passed < limit && breaker.state() != BreakerState::open) {
            clock.advance(step);
            passed += step;
            breaker.tick(clock.now);
        }
        return passed;
    }

    void use_share(double share) { use(static_cast<int>(std::lround(share * size))); }

    // How many of `asked` logins are admitted at this instant.
    int logins(int asked) {
        int admitted = 0;
        for (int i = 0; i < asked; ++i) admitted += breaker.admits_login(clock.now);
        return admitted;
    }

    // How many are admitted in the next window, when `asked` come in each tenth of it.
    int logins_of_a_window(int asked = 1000) {
        int admitted = 0;
        for (int i = 0; i < 10; ++i) {
            admitted += logins(asked);
            pass(100ms);
        }
        return admitted;
    }
};

// Just come from open to half open, with nothing in use.
BreakerFixture half_open(int size) {
    BreakerFixture pool{.size = size};
    pool.use(size);
    pool.time_to_open(10s);
    pool.use(0);
    pool.pass(2s);
    REQUIRE(pool.breaker.state() == BreakerState::half_open);
    return pool;
}

}  // namespace

TEST_CASE("breaker: at 80 % held it stays closed for ever", "[proxy]") {
    const auto [held, size] = GENERATE(std::pair(16, 20), std::pair(8, 10), std::pair(4, 5), std::pair(12, 15));
    BreakerFixture pool{.size = size};
    pool.use(held);
    CHECK_FALSE(pool.pass(10min));
    CHECK(pool.breaker.state() == BreakerState::closed);
    CHECK(pool.breaker.usage(pool.clock.now) == Approx(static_cast<double>(held) / size));
    CHECK_FALSE(pool.breaker.is_warning(pool.clock.now));
}

TEST_CASE("breaker: one server more than 80 % opens it within a window", "[proxy]") {
    const auto [held, size] = GENERATE(std::pair(17, 20), std::pair(9, 10), std::pair(5, 5), std::pair(13, 15), std::pair(1, 1));
    BreakerFixture pool{.size = size};
    pool.use(0);
    pool.pass(5s);
    pool.use(held);
    const Duration needed = pool.time_to_open(10s);
    CHECK(needed > 500ms);
    CHECK(needed <= 1100ms);
    CHECK(pool.breaker.is_warning(pool.clock.now));
    CHECK(pool.logins(1) == 0);
}

TEST_CASE("breaker: short statements beside 80 % held do not open it", "[proxy]") {
    const auto [held, size] = GENERATE(std::pair(16, 20), std::pair(8, 10));
    BreakerFixture pool{.size = size};
    // All the rest in use for 5 ms in every 100: a twentieth of the time, at no fixed phase.
    std::mt19937 random(3);
    for (int i = 0; i < 3000; ++i) {
        const Duration before = std::chrono::milliseconds(random() % 90);
        pool.clock.advance(before);
        pool.use(size);
        pool.clock.advance(5ms);
        pool.use(held);
        pool.clock.advance(95ms - before);
        REQUIRE_FALSE(pool.breaker.tick(pool.clock.now));
    }
    CHECK(pool.breaker.usage(pool.clock.now) > static_cast<double>(held) / size);
}

TEST_CASE("breaker: one short burst is not usage", "[proxy]") {
    BreakerFixture pool;
    pool.use(4);
    pool.pass(5s);
    pool.use(20);
    CHECK_FALSE(pool.pass(500ms));
    pool.use(4);
    CHECK_FALSE(pool.pass(5s));
}

TEST_CASE("breaker: once open it stays so for min_open and until usage is below close_below", "[proxy]") {
    BreakerFixture pool;
    pool.use(20);
    pool.pass(3s);
    REQUIRE(pool.breaker.state() == BreakerState::open);
    SECTION("usage between the two marks keeps it open") {
        pool.use(15);
        CHECK_FALSE(pool.pass(1min));
        CHECK(pool.breaker.state() == BreakerState::open);
    }
    SECTION("usage at the lower mark keeps it open") {
        pool.use(14);
        CHECK_FALSE(pool.pass(1min));
    }
    SECTION("usage below the lower mark makes it half open") {
        pool.use(13);
        CHECK(pool.pass(1100ms));
        CHECK(pool.breaker.state() == BreakerState::half_open);
    }
}

TEST_CASE("breaker: it is open for min_open even when all servers come free at once", "[proxy]") {
    BreakerFixture pool;
    pool.use(20);
    pool.time_to_open(10s);
    CHECK(pool.breaker.retry_after(pool.clock.now) == 2s);
    pool.use(0);
    CHECK_FALSE(pool.pass(1900ms));
    CHECK(pool.breaker.retry_after(pool.clock.now) == 1s);
    CHECK(pool.pass(100ms));
    CHECK(pool.breaker.state() == BreakerState::half_open);
}

TEST_CASE("breaker: half open admits a tenth of the pool's size in logins, at least one, spread over a window", "[proxy]") {
    const auto [size, allowance] = GENERATE(std::pair(20, 2), std::pair(100, 10), std::pair(10, 1), std::pair(5, 1), std::pair(1, 1));
    BreakerFixture pool = half_open(size);
    CHECK(pool.logins(1000) == 1);
    int admitted = 1;
    for (int i = 0; i < 9; ++i) {
        CHECK_FALSE(pool.pass(100ms));
        admitted += pool.logins(1000);
    }
    CHECK(admitted == allowance);
}

TEST_CASE("breaker: a window in which half open refuses nobody closes it", "[proxy]") {
    BreakerFixture pool = half_open(20);
    CHECK(pool.logins(1) == 1);
    CHECK_FALSE(pool.pass(900ms));
    CHECK(pool.pass(100ms));
    CHECK(pool.breaker.state() == BreakerState::closed);
    CHECK(pool.logins(100) == 100);
}

TEST_CASE("breaker: half open becomes open again when the pool is full, and the count starts anew", "[proxy]") {
    BreakerFixture pool = half_open(20);
    pool.logins(100);
    pool.use(20);
    CHECK(pool.time_to_open(10s) <= 1100ms);
    pool.use(0);
    pool.pass(2s);
    REQUIRE(pool.breaker.state() == BreakerState::half_open);
    CHECK(pool.logins_of_a_window() == 2);
}

TEST_CASE("breaker: while somebody is refused, half open lets through four times as many in each window", "[proxy]") {
    BreakerFixture pool = half_open(20);
    CHECK(pool.logins_of_a_window() == 2);
    CHECK(pool.logins_of_a_window() == Approx(8).margin(1));
    CHECK(pool.logins_of_a_window() == Approx(32).margin(3));
    CHECK(pool.breaker.state() == BreakerState::half_open);
    SECTION("a window that refuses nobody closes it") {
        CHECK(pool.pass(1100ms));
        CHECK(pool.breaker.state() == BreakerState::closed);
    }
    SECTION("as usage comes near to close_below it grows less") {
        pool.use(10);
        pool.logins_of_a_window();
        const int before = pool.logins_of_a_window();
        const int after = pool.logins_of_a_window();
        CHECK(after == Approx(before * 0.7 / 0.5).margin(2));
    }
    SECTION("with usage above close_below it lets through fewer") {
        pool.use(16);
        pool.logins_of_a_window();
        const int before = pool.logins_of_a_window();
        CHECK(pool.logins_of_a_window() < before);
        CHECK(pool.breaker.state() == BreakerState::half_open);
    }
}

TEST_CASE("breaker: with all load in logins, half open holds usage at close_below and neither opens nor closes", "[proxy]") {
    BreakerFixture pool = half_open(20);
    // Two thousand come in a second, and each wants 20 ms of a server: twice what the pool can do.
    double sum = 0;
    for (int tick = 0; tick < 300; ++tick) {
        const double share = pool.logins(200) * 10 * 0.020 / pool.size;
        pool.use_share(share);
        pool.pass(100ms);
        REQUIRE(pool.breaker.state() == BreakerState::half_open);
        if (tick >= 200) sum += share / 100;
    }
    CHECK(sum == Approx(0.70).margin(0.05));
}

TEST_CASE("breaker: switched off it never opens, but warns", "[proxy]") {
    BreakerFixture pool{.limits = {.open_above = std::nullopt}};
    pool.use(20);
    CHECK_FALSE(pool.pass(1min));
    CHECK(pool.breaker.is_warning(pool.clock.now));
    CHECK(pool.logins(1) == 1);
}

TEST_CASE("breaker: switched off while open it closes at the next tick", "[proxy]") {
    BreakerFixture pool;
    pool.use(20);
    pool.time_to_open(10s);
    pool.breaker.set_limits({.open_above = std::nullopt});
    CHECK(pool.pass(100ms));
    CHECK(pool.breaker.state() == BreakerState::closed);
}

TEST_CASE("breaker: the threshold stands half a server above, and below 100 %", "[proxy]") {
    const int size = GENERATE(1, 2, 3, 5, 10, 20, 200);
    const double share = GENERATE(0.0, 0.5, 0.8, 0.95, 0.99);
    BreakerFixture pool{.limits = {.open_above = share}, .size = size};
    pool.use(0);
    CHECK(pool.breaker.threshold() > share);
    CHECK(pool.breaker.threshold() < 1.0);
    CHECK(pool.breaker.threshold() <= share + 0.5 / size);
}

TEST_CASE("breaker: windows of any length and ticks at any distance give the mean", "[proxy]") {
    const Duration window = GENERATE(Duration(1ms), Duration(10ms), Duration(1s), Duration(30s));
    BreakerFixture pool{.limits = {.window = window}};
    std::mt19937 random(11);
    pool.use(10);
    for (int i = 0; i < 2000; ++i) {
        pool.clock.advance(std::chrono::microseconds(random() % 400'000));
        pool.use(i % 2 == 0 ? 8 : 12);
        REQUIRE_FALSE(pool.breaker.tick(pool.clock.now));
        const double usage = pool.breaker.usage(pool.clock.now);
        REQUIRE(usage >= 0.399);
        REQUIRE(usage <= 0.601);
    }
    pool.use(20);
    // At worst a tick late, and the mean reaches back a little beyond the window.
    CHECK(pool.time_to_open(window * 2 + 400ms, 137ms) <= window * 3 / 2 + 400ms);
    CHECK(pool.breaker.state() == BreakerState::open);
}

TEST_CASE("breaker: the same instant twice is no division by zero", "[proxy]") {
    BreakerFixture pool{.limits = {.window = Duration::zero()}};
    pool.use(20);
    CHECK(pool.breaker.usage(pool.clock.now) == Approx(1.0));
    CHECK(pool.breaker.tick(pool.clock.now));
    CHECK_FALSE(pool.breaker.tick(pool.clock.now));
    CHECK(pool.breaker.usage(pool.clock.now) == Approx(1.0));
}

TEST_CASE("breaker: usage is over the size in force at the time", "[proxy]") {
    BreakerFixture pool;
    pool.use(8);
    pool.pass(5s);
    pool.size = 10;
    pool.use(8);
    CHECK_FALSE(pool.pass(5s));
    CHECK(pool.breaker.usage(pool.clock.now) == Approx(0.8));
    pool.size = 4;
    pool.use(8);
    pool.pass(2s);
    CHECK(pool.breaker.usage(pool.clock.now) == Approx(2.0));
    CHECK(pool.breaker.state() == BreakerState::open);
}

}  // namespace pgweir::test
