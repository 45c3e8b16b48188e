// What a pool makes of logins that fail.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <vector>

namespace pgweir::test {

using proxy::Acquired;
using proxy::DialOutcome;
using proxy::Duration;
using proxy::RefusalReason;
using proxy::ServerId;
using proxy::ServerState;
using proxy::TimePoint;
using proxy::UpstreamState;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

// Fails every login of the pool at once, with an outcome by its number.
template <typename OutcomeOf>
void fail_all(PoolFixture& pool, OutcomeOf outcome_of, std::deque<TimePoint>& failed_at) {
    // Bounded, so that a pool which dials again at once is found out and not waited for.
    for (int i = 0; i < 10 && pool.count(ServerState::connecting) > 0; ++i) {
        failed_at.push_back(pool.clock.now);
        pool.login_failed(pool.first(ServerState::connecting), outcome_of(failed_at.size()));
    }
}

int most_within(const std::deque<TimePoint>& times, Duration span) {
    int most = 0;
    for (std::size_t first = 0; first < times.size(); ++first) {
        int here = 0;
        for (std::size_t i = first; i < times.size() && times[i] - times[first] <= span; ++i) {
            ++here;
        }
        most = std::max(most, here);
    }
    return most;
}

}  // namespace

TEST_CASE("pool core: a refused password is tried at most three times in 150 s, whoever asks", "[proxy]") {
    PoolFixture pool({.pool_size = 20, .min_pool_size = 5});
    std::deque<TimePoint> failed_at;
    std::uint32_t client = 0;
    for (int i = 0; i < 60 * 60 * 4; ++i) {
        pool.acquire(++client);
        pool.acquire(++client);
        pool.want_welcome();
        fail_all(pool, [](std::size_t) { return DialOutcome::credential; }, failed_at);
        pool.tick(250ms);
    }
    CHECK(most_within(failed_at, 150s) <= 3);
    CHECK(failed_at.size() >= 10);   // but it goes on trying
}

TEST_CASE("pool core: a network that fails now and then does not hurry a refused password", "[proxy]") {
    PoolFixture pool({.pool_size = 20});
    std::deque<TimePoint> failed_at;
    pool.acquire(1);
    pool.acquire(2);
    REQUIRE(pool.count(ServerState::connecting) == 2);
    const auto order = GENERATE(0U, 1U);
    fail_all(pool, [&](std::size_t nth) { return nth % 2 == order ? DialOutcome::credential : DialOutcome::transient; }, failed_at);
    const std::size_t before = failed_at.size();
    pool.acquire(3);
    pool.pass(70s);
    CHECK(pool.dials == static_cast<int>(before));
    CHECK(pool.acquire(4).reason == RefusalReason::upstream_unavailable);
}

TEST_CASE("pool core: a refused password is told to those who wait, at once", "[proxy]") {
    PoolFixture pool;
    pool.acquire(1);
    pool.acquire(2);
    pool.acquire(3);
    const DialOutcome outcome = GENERATE(DialOutcome::credential, DialOutcome::locked_out, DialOutcome::config);
    pool.login_failed(pool.first(ServerState::connecting), outcome);
    REQUIRE(pool.answers.size() == 3);
    CHECK(pool.answers[2].reason == RefusalReason::upstream_unavailable);
    pool.login_failed(pool.first(ServerState::connecting), outcome);
    const Acquired refused = pool.acquire(4);
    CHECK(refused.kind == Acquired::Kind::refused);
    CHECK(refused.reason == RefusalReason::upstream_unavailable);
    CHECK(pool.core.refusal(refused.reason, {}, pool.clock.now).retry_after > 10s);
}

TEST_CASE("pool core: a refused password does not take from clients the servers there are", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(2);
    pool.acquire(1);
    pool.acquire(2);
    pool.acquire(3);
    pool.login_failed(pool.first(ServerState::connecting), DialOutcome::credential);
    CHECK(pool.answers.empty());
    CHECK(pool.acquire(4).kind == Acquired::Kind::waiting);
    pool.release(ServerId{0});
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].server == ServerId{0});
}

TEST_CASE("pool core: a server under inspection is somebody to wait for", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(1);
    pool.acquire(1);
    pool.acquire(2);
    pool.login_failed(pool.first(ServerState::connecting), DialOutcome::credential);
    CHECK(pool.leave(2));
    pool.release(ServerId{0});
    pool.begin_inspection(ServerId{0});
    CHECK(pool.acquire(3).kind == Acquired::Kind::waiting);
    pool.end_inspection(ServerId{0});
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].server == ServerId{0});
}

TEST_CASE("pool core: while the network is down one login at a time feels the way", "[proxy]") {
    PoolFixture pool({.pool_size = 20, .query_wait_timeout = 0s});
    std::deque<TimePoint> failed_at;
    for (std::uint32_t i = 0; i < 3; ++i) {
        pool.acquire(i);
    }
    for (int i = 0; i < 300; ++i) {
        fail_all(pool, [](std::size_t) { return DialOutcome::transient; }, failed_at);
        pool.tick(100ms);
        REQUIRE(pool.count(ServerState::connecting) <= 1);
        if (pool.queue.empty()) {
            pool.acquire(static_cast<std::uint32_t>(100 + i));
        }
    }
    CHECK(failed_at.size() >= 20);   // about one a second
    CHECK(failed_at.size() <= 45);
    pool.pass(2s);
    REQUIRE(pool.count(ServerState::connecting) == 1);
    pool.logged_in(pool.first(ServerState::connecting));
    for (std::uint32_t i = 1000; i < 1003; ++i) {
        pool.acquire(i);
    }
    CHECK(pool.count(ServerState::connecting) == 2);
    CHECK(pool.upstream == UpstreamState::closed);
}

TEST_CASE("pool core: a reload forgets what was learned", "[proxy]") {
    PoolFixture pool({.pool_size = 10, .query_wait_timeout = 0s});
    pool.fill(2);
    pool.acquire(1);
    pool.acquire(2);
    pool.acquire(3);
    const DialOutcome outcome = GENERATE(DialOutcome::capacity, DialOutcome::credential, DialOutcome::transient, DialOutcome::config);
    pool.login_failed(pool.first(ServerState::connecting), outcome);
    CHECK(pool.count(ServerState::connecting) == 0);
    if (GENERATE(true, false)) {
        pool.set_limits(pool.limits);
    } else {
        pool.rotate_all();
    }
    CHECK(pool.core.facts(pool.clock.now).effective_size == 10);
    CHECK(pool.count(ServerState::connecting) == 1);
}

TEST_CASE("pool core: a wait that ends while the upstream is down says so", "[proxy]") {
    PoolFixture pool({.pool_size = 2, .query_wait_timeout = 1s});
    pool.acquire(1);
    pool.login_failed(ServerId{0}, DialOutcome::capacity);
    pool.pass(1s);
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].reason == RefusalReason::upstream_unavailable);
}

TEST_CASE("pool core: clients wait out a short outage and are told of a long one", "[proxy]") {
    PoolFixture pool({.pool_size = 5});
    std::deque<TimePoint> failed_at;
    pool.acquire(1);
    pool.acquire(2);
    while (failed_at.size() < 4) {
        fail_all(pool, [](std::size_t) { return DialOutcome::transient; }, failed_at);
        pool.tick();
    }
    REQUIRE(pool.queue.size() == 2);
    SECTION("it is over after two seconds") {
        while (pool.count(ServerState::connecting) == 0) {
            pool.tick();
        }
        pool.logged_in(pool.first(ServerState::connecting));
        CHECK(pool.answers.at(0).server);
        CHECK(pool.queue.size() == 1);
    }
    SECTION("it goes on") {
        while (pool.upstream == UpstreamState::closed) {
            fail_all(pool, [](std::size_t) { return DialOutcome::transient; }, failed_at);
            pool.tick();
        }
        CHECK(pool.queue.empty());
        CHECK(pool.answers.at(1).reason == RefusalReason::upstream_unavailable);
        CHECK(pool.acquire(3).kind == Acquired::Kind::refused);
        CHECK(pool.core.refusal(RefusalReason::upstream_unavailable, {}, pool.clock.now).retry_after <= 1200ms);   // jitter
    }
}

TEST_CASE("pool core: the end of an outage is found without a client", "[proxy]") {
    PoolFixture pool({.pool_size = 5});
    pool.acquire(1);
    const DialOutcome outcome = GENERATE(DialOutcome::transient, DialOutcome::credential);
    while (pool.upstream == UpstreamState::closed) {
        pool.clock.advance(200ms);
        if (pool.count(ServerState::connecting) > 0) {
            pool.login_failed(pool.first(ServerState::connecting), outcome);
        }
        pool.tick();
    }
    REQUIRE(pool.queue.empty());
    const Duration longest = outcome == DialOutcome::transient ? Duration(1s) : Duration(100s);
    const TimePoint opened_at = pool.clock.now;
    while (pool.upstream == UpstreamState::open && pool.clock.now - opened_at < 300s) {
        pool.tick();
    }
    REQUIRE(pool.upstream == UpstreamState::half_open);
    CHECK(pool.clock.now - opened_at <= longest + 100ms);
    REQUIRE(pool.count(ServerState::connecting) == 1);
    SECTION("who comes now waits for it") {
        CHECK(pool.acquire(2).kind == Acquired::Kind::waiting);
        pool.logged_in(pool.first(ServerState::connecting));
        CHECK(pool.answers.back().server);
        CHECK(pool.upstream == UpstreamState::closed);
    }
    SECTION("but not for long where nobody answers") {
        CHECK(pool.acquire(2).kind == Acquired::Kind::waiting);
        pool.pass(1s);
        CHECK(pool.answers.back().reason == RefusalReason::upstream_unavailable);
        CHECK(pool.acquire(3).kind == Acquired::Kind::refused);
        pool.logged_in(pool.first(ServerState::connecting));
        CHECK(pool.acquire(4).kind == Acquired::Kind::granted);
    }
    SECTION("and a reload tries at once") {
        pool.login_failed(pool.first(ServerState::connecting), outcome);
        pool.rotate_all();
        CHECK(pool.upstream == UpstreamState::closed);
        CHECK(pool.acquire(5).kind == Acquired::Kind::waiting);
        CHECK(pool.count(ServerState::connecting) == 1);
    }
}

TEST_CASE("pool core: after an outage there is one login, then two at a time", "[proxy]") {
    PoolFixture pool({.pool_size = 6, .query_wait_timeout = 0s});
    for (std::uint32_t i = 0; i < 6; ++i) {
        pool.acquire(i);
    }
    std::deque<TimePoint> failed_at;
    fail_all(pool, [](std::size_t) { return DialOutcome::transient; }, failed_at);
    std::vector<int> in_flight;
    while (pool.total() < 6 || pool.count(ServerState::connecting) > 0) {
        if (const int now = pool.count(ServerState::connecting); now > 0) {
            in_flight.push_back(now);
            pool.logged_in(pool.first(ServerState::connecting));
        } else {
            pool.tick();
        }
    }
    CHECK(in_flight == std::vector<int>{1, 2, 2, 2, 2, 1});
}

}  // namespace pgweir::test
