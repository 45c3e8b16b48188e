// What an operator tells a pool: pause, resume, the forced breaker, a probe; and what he sees.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::Acquired;
using proxy::BreakerState;
using proxy::DialOutcome;
using proxy::PinReason;
using proxy::ServerId;
using proxy::ServerState;
using std::chrono_literals::operator""s;

TEST_CASE("pool core: paused, nobody is given a server, and those that come free are closed", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(2);
    const Acquired held = pool.acquire(1);
    REQUIRE(held.kind == Acquired::Kind::granted);
    pool.pause();
    CHECK(pool.count(ServerState::idle) == 0);
    CHECK(pool.count(ServerState::closing) == 1);
    CHECK(pool.acquire(2).kind == Acquired::Kind::waiting);
    pool.release(held.server);
    CHECK(pool.count(ServerState::closing) == 2);
    for (const ServerId server : pool.servers(ServerState::closing)) pool.closed(server);
    pool.pass(5s);
    CHECK(pool.total() == 0);
    CHECK(pool.answers.empty());
    CHECK(pool.core.facts(pool.clock.now).is_paused);
}

TEST_CASE("pool core: after a resume those who waited are served", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.pause();
    pool.acquire(1);
    pool.acquire(2);
    CHECK(pool.dials == 0);
    pool.resume();
    CHECK(pool.count(ServerState::connecting) == 2);
    pool.logged_in(pool.first(ServerState::connecting));
    CHECK(pool.count(ServerState::leased) == 1);
    CHECK_FALSE(pool.core.facts(pool.clock.now).is_paused);
}

TEST_CASE("pool core: a login that ends during a pause serves nobody", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.acquire(1);
    pool.pause();
    pool.logged_in(pool.first(ServerState::connecting));
    CHECK(pool.count(ServerState::closing) == 1);
    CHECK(pool.answers.empty());
}

TEST_CASE("pool core: who waits during a pause is refused after query_wait_timeout all the same", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .query_wait_timeout = 10s});
    pool.pause();
    pool.acquire(1);
    pool.pass(11s);
    REQUIRE(pool.answers.size() == 1);
    CHECK_FALSE(pool.answers.front().server);
}

TEST_CASE("pool core: servers are busy while a client holds one or one is made clean", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(1);
    CHECK_FALSE(pool.core.has_busy_servers());
    const proxy::Membership membership = pool.core.join("flow", "user", proxy::Priority::normal);
    proxy::PoolActions actions;
    const Acquired held = pool.core.acquire({PoolFixture::client(1), membership}, proxy::Wish::server, std::nullopt, pool.clock.now, actions);
    REQUIRE(held.kind == Acquired::Kind::granted);
    CHECK(pool.core.has_busy_servers());
    pool.core.abandon(held.server, pool.clock.now, actions);
    CHECK(pool.core.has_busy_servers());
    pool.core.recovered(held.server, proxy::ThreadIndex{0}, pool.clock.now, actions);
    CHECK_FALSE(pool.core.has_busy_servers());
}

TEST_CASE("pool core: servers of before a rotation are outdated until the last has gone", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(2);
    const Acquired held = pool.acquire(1);
    CHECK_FALSE(pool.core.has_outdated_servers());
    pool.rotate_all();
    for (const ServerId server : pool.servers(ServerState::closing)) pool.closed(server);
    CHECK(pool.core.has_outdated_servers());
    pool.release(held.server);
    pool.closed(held.server);
    CHECK_FALSE(pool.core.has_outdated_servers());
}

TEST_CASE("pool core: a forced breaker says what it was told, whatever the usage", "[proxy]") {
    PoolFixture pool({.pool_size = 2, .server_idle_timeout = 0s, .server_lifetime = 0s});
    pool.core.force_breaker(BreakerState::open);
    CHECK_FALSE(pool.core.admits_login(pool.clock.now));
    pool.pass(5s);
    CHECK_FALSE(pool.core.admits_login(pool.clock.now));
    CHECK(pool.core.facts(pool.clock.now).breaker == BreakerState::open);
    CHECK(pool.core.facts(pool.clock.now).is_breaker_forced);
    CHECK(pool.core.facts(pool.clock.now).breaker_entered[static_cast<std::size_t>(BreakerState::open)] == 1);

    pool.core.force_breaker(BreakerState::closed);
    pool.fill(2);
    pool.acquire(1);
    pool.acquire(2);
    pool.pass(5s);
    CHECK(pool.core.admits_login(pool.clock.now));

    pool.core.force_breaker(std::nullopt);
    CHECK_FALSE(pool.core.admits_login(pool.clock.now));
    CHECK_FALSE(pool.core.facts(pool.clock.now).is_breaker_forced);
}

TEST_CASE("pool core: a probe tries a login at once, however long one was to be waited for", "[proxy]") {
    PoolFixture pool({.pool_size = 2});
    pool.acquire(1);
    pool.login_failed(pool.first(ServerState::connecting), DialOutcome::credential);
    CHECK(pool.count(ServerState::connecting) == 0);
    CHECK(pool.upstream == proxy::UpstreamState::open);
    pool.probe_upstream();
    CHECK(pool.count(ServerState::connecting) == 1);
    CHECK(pool.upstream == proxy::UpstreamState::closed);
}

TEST_CASE("pool core: its view names every server, whose it is, and its pin", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(2);
    const Acquired held = pool.acquire(7);
    pool.pin(held.server, PinReason::advisory_lock);
    pool.tick(2s);
    const proxy::PoolView view = pool.core.view(pool.clock.now);
    REQUIRE(view.servers.size() == 2);
    for (const proxy::ServerView& server : view.servers) {
        const bool is_held = server.id == held.server;
        CHECK(server.state == (is_held ? ServerState::leased : ServerState::idle));
        CHECK(server.is_pinned == is_held);
        if (!is_held) continue;
        CHECK(server.client == PoolFixture::client(7));
        CHECK(server.reason == PinReason::advisory_lock);
        CHECK(server.pinned_for == 2s);
    }
}

TEST_CASE("pool core: its view has flows with servers and waiters before the others", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    pool.core.join("a/idle", "a", proxy::Priority::normal);
    const proxy::Membership busy = pool.core.join("b/busy", "b", proxy::Priority::normal);
    proxy::PoolActions actions;
    pool.core.acquire({PoolFixture::client(1), busy}, proxy::Wish::server, std::nullopt, pool.clock.now, actions);
    pool.core.acquire({PoolFixture::client(2), busy}, proxy::Wish::server, std::nullopt, pool.clock.now, actions);
    const proxy::PoolView view = pool.core.view(pool.clock.now);
    REQUIRE(view.flows.size() == 2);
    CHECK(view.all_flows == 2);
    CHECK(view.flows[0].name == "b/busy");
    CHECK(view.flows[0].servers == 1);
    CHECK(view.flows[0].waiting == 1);
    CHECK(view.flows[0].clients == 1);
    CHECK(view.flows[1].name == "a/idle");
    CHECK(view.flows[1].waiting == 0);
}

}  // namespace pgweir::test
