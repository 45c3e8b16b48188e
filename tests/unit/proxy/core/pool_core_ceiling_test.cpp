// What a pool makes of an upstream that has fewer places than are configured.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::Duration;
using proxy::ServerId;
using proxy::ServerState;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

namespace {

// An upstream with `places` for this pool. Answers every login at once.
struct FullUpstream {
    PoolFixture pool;
    int places;
    bool tells_limit = false;
    int refused = 0;
    std::vector<proxy::TimePoint> refused_probes{};

    void answer_logins() {
        for (int i = 0; i < 50 && pool.count(ServerState::connecting) > 0; ++i) {
            const ServerId server = pool.first(ServerState::connecting);
            if (pool.total() - pool.count(ServerState::connecting) < places) {
                pool.logged_in(server);
                continue;
            }
            ++refused;
            if (pool.probes.contains(server)) {
                refused_probes.push_back(pool.clock.now);
            }
            pool.login_failed(server, DialOutcome::capacity, tells_limit ? std::optional(places) : std::nullopt);
        }
    }
    void pass(Duration time) {
        for (Duration done{}; done < time; done += 100ms) {
            pool.tick();
            answer_logins();
        }
    }
    void wait_for_servers(std::uint32_t clients) {
        for (std::uint32_t i = 0; i < clients; ++i) {
            pool.acquire(i);
            answer_logins();
        }
    }
    int effective_size() const { return pool.core.facts(pool.clock.now).effective_size; }
};

}  // namespace

TEST_CASE("pool core: a capacity refusal lowers the ceiling and keeps waiters", "[proxy]") {
    PoolFixture pool({.pool_size = 10, .query_wait_timeout = 0s});
    pool.fill(6);
    for (std::uint32_t i = 0; i < 8; ++i) {
        pool.acquire(i);
    }
    REQUIRE(pool.count(ServerState::connecting) == 2);
    const auto [given, ceiling] = GENERATE(std::pair<std::optional<int>, int>(std::nullopt, 6), std::pair<std::optional<int>, int>(8, 6),
                                           std::pair<std::optional<int>, int>(4, 4), std::pair<std::optional<int>, int>(0, 1));
    pool.login_failed(pool.first(ServerState::connecting), DialOutcome::capacity, given);
    pool.login_failed(pool.first(ServerState::connecting), DialOutcome::capacity, given);
    CHECK(pool.core.facts(pool.clock.now).effective_size == ceiling);
    CHECK(pool.told_ceilings == std::vector<int>{ceiling});
    CHECK(pool.queue.size() == 2);
    CHECK(pool.answers.empty());
    pool.pass(29s);
    CHECK(pool.dials == 8);
    pool.pass(1s);
    CHECK(pool.dials == 9);
    CHECK(pool.core.facts(pool.clock.now).effective_size == ceiling);   // until it is known
    pool.logged_in(pool.first(ServerState::connecting));
    CHECK(pool.core.facts(pool.clock.now).effective_size == 7);
    CHECK(pool.answers.size() == 1);
}

TEST_CASE("pool core: a ceiling that stays is tried ever more slowly, one that rises is followed", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 20, .query_wait_timeout = 0s}), 12};
    upstream.tells_limit = GENERATE(true, false);
    upstream.wait_for_servers(20);
    REQUIRE(upstream.effective_size() == 12);
    REQUIRE(upstream.pool.queue.size() == 8);
    upstream.pass(30min);
    CHECK(upstream.effective_size() == 12);
    CHECK(upstream.refused_probes.size() >= 5);
    CHECK(upstream.refused_probes.size() <= 8);
    upstream.places = 20;
    upstream.pass(10min + 10s);
    CHECK(upstream.effective_size() == 20);
    CHECK(upstream.pool.queue.empty());
    CHECK(upstream.pool.told_ceilings.back() == 20);
}

TEST_CASE("pool core: from 12 to 20 takes ten seconds once there is room", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 20, .query_wait_timeout = 0s}), 12};
    upstream.wait_for_servers(20);
    upstream.places = 20;
    upstream.pass(30s);
    REQUIRE(upstream.effective_size() == 13);
    upstream.pass(10s);
    CHECK(upstream.effective_size() == 20);
    CHECK(upstream.pool.queue.empty());
}

TEST_CASE("pool core: nobody probes for what nobody needs", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 20, .query_wait_timeout = 0s}), 12};
    upstream.wait_for_servers(14);
    REQUIRE(upstream.effective_size() == 12);
    upstream.pool.leave(12);
    upstream.pool.leave(13);
    for (std::uint32_t i = 0; i < 4; ++i) {
        upstream.pool.release(ServerId{i});
    }
    const int dials = upstream.pool.dials;
    upstream.pass(3min);
    CHECK(upstream.pool.dials == dials);
    SECTION("usage that keeps new clients out is a need") {
        upstream.pool.acquire(20);
        upstream.pool.acquire(21);   // 10 of 12
        upstream.pass(5s);
        CHECK(upstream.refused_probes.size() == 1);
    }
}

TEST_CASE("pool core: with nothing at all the upstream is asked again within 15 s, and waiters wait", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 20, .query_wait_timeout = 0s}), 0};
    upstream.wait_for_servers(5);
    upstream.pass(5min);
    CHECK(upstream.pool.queue.size() == 5);
    CHECK(upstream.pool.upstream == proxy::UpstreamState::closed);
    CHECK(upstream.refused >= 20);
    CHECK(upstream.refused <= 35);
    upstream.places = 20;
    upstream.pass(15s + 10s);
    CHECK(upstream.pool.queue.empty());
}

TEST_CASE("pool core: a slot of ours that is freed late costs a second, not a smaller pool", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 10, .query_wait_timeout = 0s}), 10};
    upstream.wait_for_servers(11);
    REQUIRE(upstream.pool.total() == 10);
    upstream.places = 9;
    upstream.pool.close(ServerId{3});
    upstream.pool.closed(ServerId{3});
    upstream.answer_logins();
    CHECK(upstream.refused == 1);
    CHECK(upstream.effective_size() == 10);
    SECTION("it is freed after all") {
        upstream.places = 10;
        upstream.pass(1500ms);
        CHECK(upstream.pool.total() == 10);
        CHECK(upstream.pool.told_ceilings.empty());
    }
    SECTION("somebody else has it") {
        upstream.pass(10s);
        CHECK(upstream.effective_size() == 9);
        CHECK(upstream.refused <= 5);
    }
}

TEST_CASE("pool core: usage is over the effective size as soon as that is known", "[proxy]") {
    FullUpstream upstream{PoolFixture({.pool_size = 10, .query_wait_timeout = 0s}), 5};
    upstream.wait_for_servers(6);
    upstream.pass(5s);
    CHECK(upstream.pool.core.facts(upstream.pool.clock.now).usage == Approx(1.0));
    CHECK(upstream.pool.core.facts(upstream.pool.clock.now).breaker == proxy::BreakerState::open);
    upstream.places = 6;
    upstream.pass(40s);
    REQUIRE(upstream.effective_size() == 6);
    upstream.pool.release(ServerId{0});
    upstream.pass(5s);
    CHECK(upstream.pool.core.facts(upstream.pool.clock.now).usage == Approx(5.0 / 6));
}

}  // namespace pgweir::test
