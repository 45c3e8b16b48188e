// How many servers there are: dialling, rotating, shrinking.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::PoolCoreLimits;
using proxy::ServerId;
using proxy::ServerState;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

TEST_CASE("pool core: at most two logins are under way, and none more than are needed", "[proxy]") {
    PoolFixture pool({.pool_size = 5});
    pool.acquire(1);
    CHECK(pool.count(ServerState::connecting) == 1);
    for (std::uint32_t i = 2; i < 20; ++i) {
        pool.acquire(i);
    }
    CHECK(pool.count(ServerState::connecting) == 2);
    while (pool.count(ServerState::connecting) > 0) {
        pool.logged_in(pool.first(ServerState::connecting));
    }
    CHECK(pool.count(ServerState::leased) == 5);
    CHECK(pool.dials == 5);
}

TEST_CASE("pool core: min_pool_size is kept without anybody asking", "[proxy]") {
    PoolFixture pool({.pool_size = 5, .min_pool_size = 3, .server_idle_timeout = 10s});
    pool.tick();
    while (pool.count(ServerState::connecting) > 0) {
        pool.logged_in(pool.first(ServerState::connecting));
    }
    CHECK(pool.count(ServerState::idle) == 3);
    pool.pass(5min);
    CHECK(pool.count(ServerState::idle) == 3);
    pool.close(ServerId{1});
    pool.closed(ServerId{1});
    CHECK(pool.count(ServerState::connecting) == 1);
}

TEST_CASE("pool core: servers idle for too long are closed down to min_pool_size", "[proxy]") {
    PoolFixture pool({.pool_size = 5, .min_pool_size = 2, .server_idle_timeout = 5min, .server_lifetime = 0s});
    pool.fill(5);
    pool.pass(5min - 100ms);
    CHECK(pool.count(ServerState::closing) == 0);
    pool.pass(100ms);
    CHECK(pool.count(ServerState::closing) == 3);
    for (const ServerId server : pool.servers(ServerState::closing)) {
        pool.closed(server);
    }
    pool.pass(60min, 1s);
    CHECK(pool.count(ServerState::idle) == 2);
    CHECK(pool.dials == 5);
}

TEST_CASE("pool core: without timeouts servers stay for ever", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .server_idle_timeout = 0s, .server_lifetime = 0s});
    pool.fill(3);
    pool.pass(std::chrono::hours(48), 1min);
    CHECK(pool.count(ServerState::idle) == 3);
}

TEST_CASE("pool core: old servers are rotated one at a time", "[proxy]") {
    PoolFixture pool({.pool_size = 5, .server_idle_timeout = 0s, .server_lifetime = 30min});
    pool.fill(5);
    pool.pass(27min - 1s, 1s);
    CHECK(pool.count(ServerState::closing) == 0);
    int rotated = 0;
    for (int i = 0; i < 6 * 60 + 20; ++i) {
        pool.tick(1s);
        REQUIRE(pool.count(ServerState::closing) <= 1);
        // Its EOF takes its time.
        if (i % 10 == 0 && pool.count(ServerState::closing) == 1) {
            pool.closed(pool.first(ServerState::closing));
            ++rotated;
        }
    }
    CHECK(rotated == 5);
}

TEST_CASE("pool core: an old server that is leased is closed when it comes back", "[proxy]") {
    PoolFixture pool({.pool_size = 2, .server_lifetime = 30min});
    pool.fill(2);
    pool.acquire(1);
    pool.acquire(2);
    pool.pass(60min, 1s);
    CHECK(pool.count(ServerState::leased) == 2);
    pool.release(ServerId{0});
    CHECK(pool.count(ServerState::closing) == 1);
    // The second is kept meanwhile: one at a time.
    pool.release(ServerId{1});
    CHECK(pool.count(ServerState::idle) == 1);
    pool.closed(ServerId{0});
    pool.tick();
    CHECK(pool.count(ServerState::closing) == 1);
}

TEST_CASE("pool core: a new lifetime counts for the servers that exist", "[proxy]") {
    SECTION("from none to some: nobody is old at once") {
        PoolFixture pool({.pool_size = 3, .server_idle_timeout = 0s, .server_lifetime = 0s});
        pool.fill(3);
        pool.set_limits({.pool_size = 3, .server_idle_timeout = 0s, .server_lifetime = 30min});
        pool.pass(20min, 1s);
        CHECK(pool.count(ServerState::idle) == 3);
        pool.pass(10min, 1s);
        CHECK(pool.count(ServerState::closing) == 1);
    }
    SECTION("from long to short") {
        PoolFixture pool({.pool_size = 3, .server_idle_timeout = 0s, .server_lifetime = 60min});
        pool.fill(3);
        pool.set_limits({.pool_size = 3, .server_idle_timeout = 0s, .server_lifetime = 1min});
        pool.pass(2min, 1s);
        CHECK(pool.count(ServerState::closing) == 1);
    }
}

TEST_CASE("pool core: a smaller pool_size closes idle servers now and others when they come back", "[proxy]") {
    PoolFixture pool({.pool_size = 6});
    pool.fill(6);
    for (std::uint32_t i = 0; i < 4; ++i) {
        pool.acquire(i);
    }
    pool.set_limits({.pool_size = 2});
    CHECK(pool.count(ServerState::closing) == 2);
    const auto leased = pool.servers(ServerState::leased);
    pool.release(leased[0]);
    pool.release(leased[1]);
    CHECK(pool.count(ServerState::closing) == 4);
    pool.release(leased[2]);
    CHECK(pool.count(ServerState::idle) == 1);
    for (const ServerId server : pool.servers(ServerState::closing)) {
        pool.closed(server);
    }
    CHECK(pool.total() == 2);
    CHECK(pool.core.facts(pool.clock.now).effective_size == 2);
}

TEST_CASE("pool core: a larger pool_size is used at once", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    for (std::uint32_t i = 0; i < 4; ++i) {
        pool.acquire(i);
    }
    CHECK(pool.count(ServerState::connecting) == 0);
    pool.set_limits({.pool_size = 3});
    CHECK(pool.count(ServerState::connecting) == 2);
    CHECK(pool.core.places() == 3);
}

TEST_CASE("pool core: a place is free only when the EOF was seen", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    pool.acquire(1);
    pool.acquire(2);
    pool.close(ServerId{0});
    pool.pass(10s);
    CHECK(pool.count(ServerState::connecting) == 0);
    pool.closed(ServerId{0});
    CHECK(pool.count(ServerState::connecting) == 1);
}

TEST_CASE("pool core: rotation replaces every server that exists, once", "[proxy]") {
    PoolFixture pool({.pool_size = 4});
    pool.fill(3);
    pool.acquire(1);
    pool.acquire(2);
    pool.abandon(pool.first(ServerState::leased));
    pool.rotate_all();
    CHECK(pool.count(ServerState::closing) == 1);
    pool.recovered(pool.first(ServerState::recovering));
    pool.release(pool.first(ServerState::leased));
    CHECK(pool.count(ServerState::closing) == 3);
    for (const ServerId server : pool.servers(ServerState::closing)) {
        pool.closed(server);
    }
    pool.fill(2);
    pool.pass(1min);
    CHECK(pool.count(ServerState::idle) == 2);
}

TEST_CASE("pool core: a login begun before a rotation counts as an old server", "[proxy]") {
    PoolFixture pool({.pool_size = 2});
    pool.acquire(1);
    const ServerId old = pool.first(ServerState::connecting);
    pool.rotate_all();
    SECTION("it succeeds: closed, and a new one is dialled for the client") {
        pool.logged_in(old);
        CHECK(pool.answers.empty());
        CHECK(pool.core.state_of(old) == ServerState::closing);
        CHECK(pool.count(ServerState::connecting) == 1);
        pool.closed(old);
        pool.logged_in(pool.first(ServerState::connecting));
        REQUIRE(pool.answers.size() == 1);
        CHECK(pool.answers[0].server);
    }
    SECTION("it fails: what it has learned is about the old connection string") {
        pool.login_failed(old, proxy::DialOutcome::credential);
        CHECK(pool.answers.empty());
        CHECK(pool.count(ServerState::connecting) == 1);
        pool.logged_in(pool.first(ServerState::connecting));
        REQUIRE(pool.answers.size() == 1);
        CHECK(pool.answers[0].server);
    }
}

TEST_CASE("pool core: the first welcome needs a server although nobody waits", "[proxy]") {
    PoolFixture pool;
    pool.want_welcome();
    CHECK(pool.count(ServerState::connecting) == 1);
    pool.want_welcome();
    CHECK(pool.count(ServerState::connecting) == 1);
    pool.logged_in(ServerId{0});
    CHECK(pool.count(ServerState::idle) == 1);
    pool.pass(1s);
    CHECK(pool.dials == 1);
}

}  // namespace pgweir::test
