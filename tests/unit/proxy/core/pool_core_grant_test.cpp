// Who gets a server, and who is told that there is none.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::Acquired;
using proxy::DialOutcome;
using proxy::RefusalReason;
using proxy::ServerId;
using proxy::ServerState;
using proxy::ThreadIndex;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;

TEST_CASE("pool core: the first client has a server dialled and gets it", "[proxy]") {
    PoolFixture pool;
    CHECK(pool.acquire(1).kind == Acquired::Kind::waiting);
    REQUIRE(pool.count(ServerState::connecting) == 1);
    pool.clock.advance(20ms);
    pool.logged_in(ServerId{0});
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].client == PoolFixture::client(1));
    CHECK(pool.answers[0].server == ServerId{0});
}

TEST_CASE("pool core: a free server is granted at once", "[proxy]") {
    PoolFixture pool;
    pool.fill(1);
    const Acquired acquired = pool.acquire(1);
    CHECK(acquired.kind == Acquired::Kind::granted);
    CHECK(acquired.server == ServerId{0});
    CHECK_FALSE(acquired.needs_check);
    CHECK(pool.acquire(2).kind == Acquired::Kind::waiting);
}

TEST_CASE("pool core: a server of the client's own thread is preferred, then the newest", "[proxy]") {
    PoolFixture pool;
    pool.fill(3);
    // Each was released on another thread.
    const ThreadIndex own = pool.where[1];
    std::uint32_t client = 0;
    while (PoolFixture::client(client).thread != own) {
        ++client;
    }
    const Acquired acquired = pool.acquire(client);
    CHECK(acquired.from == pool.where[index_of(acquired.server)]);
    CHECK((acquired.from == own || pool.where[0] == pool.where[2]));
}

TEST_CASE("pool core: a server that has been idle for long is to be checked first", "[proxy]") {
    PoolFixture pool({.server_check_delay = 15s});
    pool.fill(1);
    pool.pass(15s);
    CHECK(pool.acquire(1).needs_check);
    pool.release(ServerId{0});
    CHECK_FALSE(pool.acquire(1).needs_check);
}

TEST_CASE("pool core: waiters are served in the order they came", "[proxy]") {
    PoolFixture pool({.pool_size = 2});
    pool.fill(2);
    for (std::uint32_t i = 0; i < 6; ++i) {
        pool.acquire(i);
        pool.clock.advance(1ms);
    }
    CHECK(pool.queue.size() == 4);
    CHECK(pool.leave(3));
    pool.release(ServerId{1});
    pool.abandon(ServerId{0});
    pool.recovered(ServerId{0});
    pool.release(ServerId{0});
    REQUIRE(pool.answers.size() == 3);
    CHECK(pool.answers[0].client == PoolFixture::client(2));
    CHECK(pool.answers[0].server == ServerId{1});
    CHECK(pool.answers[1].client == PoolFixture::client(4));
    CHECK(pool.answers[2].client == PoolFixture::client(5));
}

TEST_CASE("pool core: who was answered cannot leave the queue any more", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    pool.acquire(1);
    const Acquired waiting = pool.acquire(2);
    pool.release(ServerId{0});
    CHECK_FALSE(pool.core.leave_queue(waiting.waiter, PoolFixture::client(2)));
    pool.acquire(3);
    CHECK_FALSE(pool.core.leave_queue(waiting.waiter, PoolFixture::client(2)));
}

TEST_CASE("pool core: a waiter past its deadline is refused and leaves the queue", "[proxy]") {
    PoolFixture pool({.pool_size = 1, .query_wait_timeout = 30s});
    pool.fill(1);
    pool.acquire(1);
    pool.acquire(2);
    pool.pass(10s);
    pool.acquire(3);
    pool.pass(19'900ms);
    CHECK(pool.answers.empty());
    pool.tick(100ms);
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].client == PoolFixture::client(2));
    CHECK(pool.answers[0].reason == RefusalReason::queue_timeout);
    CHECK(pool.core.facts(pool.clock.now).refusals[static_cast<std::size_t>(RefusalReason::queue_timeout)] == 1);
    pool.release(ServerId{0});
    CHECK(pool.answers[1].server == ServerId{0});
}

TEST_CASE("pool core: without a timeout a waiter waits for ever", "[proxy]") {
    PoolFixture pool({.pool_size = 1, .query_wait_timeout = 0s});
    pool.fill(1);
    pool.acquire(1);
    pool.acquire(2);
    pool.pass(60min, 10s);
    CHECK(pool.queue.size() == 1);
    CHECK(pool.core.facts(pool.clock.now).longest_wait == 60min);
}

TEST_CASE("pool core: beyond max_waiting a client is refused at once", "[proxy]") {
    PoolFixture pool({.pool_size = 1, .max_waiting = 2});
    pool.fill(1);
    pool.acquire(1);
    pool.acquire(2);
    pool.acquire(3);
    const Acquired refused = pool.acquire(4);
    CHECK(refused.kind == Acquired::Kind::refused);
    CHECK(refused.reason == RefusalReason::queue_full);
    CHECK(pool.leave(2));
    CHECK(pool.acquire(4).kind == Acquired::Kind::waiting);
}

TEST_CASE("pool core: a dirty server is used and not free until it has recovered", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    pool.acquire(1);
    pool.abandon(ServerId{0});
    CHECK(pool.core.facts(pool.clock.now).in_use == 1);
    CHECK(pool.acquire(2).kind == Acquired::Kind::waiting);
    SECTION("it recovers") {
        pool.recovered(ServerId{0});
        REQUIRE(pool.answers.size() == 1);
        CHECK(pool.answers[0].server == ServerId{0});
    }
    SECTION("it is closed, and replaced when its EOF was seen") {
        pool.close(ServerId{0});
        CHECK(pool.count(ServerState::connecting) == 0);
        pool.closed(ServerId{0});
        CHECK(pool.count(ServerState::connecting) == 1);
    }
}

TEST_CASE("pool core: a server under inspection is granted only afterwards", "[proxy]") {
    PoolFixture pool({.pool_size = 1});
    pool.fill(1);
    const ThreadIndex elsewhere{(static_cast<std::uint32_t>(pool.where[0]) + 1) % 3};
    CHECK_FALSE(pool.core.begin_inspection(ServerId{0}, elsewhere, pool.clock.now));
    pool.begin_inspection(ServerId{0});
    CHECK(pool.acquire(1).kind == Acquired::Kind::waiting);
    CHECK_FALSE(pool.core.begin_inspection(ServerId{0}, pool.where[0], pool.clock.now));
    pool.end_inspection(ServerId{0});
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].server == ServerId{0});
    CHECK_FALSE(pool.core.begin_inspection(ServerId{0}, pool.where[0], pool.clock.now));
}

TEST_CASE("pool core: a retired pool refuses everybody and closes what comes back", "[proxy]") {
    PoolFixture pool({.pool_size = 4});
    pool.fill(3);
    pool.acquire(1);
    pool.acquire(2);
    pool.abandon(pool.first(ServerState::leased));
    pool.acquire(3);
    pool.acquire(4);
    REQUIRE(pool.count(ServerState::connecting) == 1);
    pool.retire();
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].reason == RefusalReason::draining);
    CHECK(pool.acquire(5).reason == RefusalReason::draining);
    pool.logged_in(pool.first(ServerState::connecting));
    pool.recovered(pool.first(ServerState::recovering));
    while (pool.count(ServerState::leased) > 0) {
        pool.release(pool.first(ServerState::leased));
    }
    CHECK(pool.count(ServerState::closing) == 4);
    pool.want_welcome();
    while (pool.count(ServerState::closing) > 0) {
        pool.closed(pool.first(ServerState::closing));
    }
    pool.pass(10s);
    CHECK(pool.core.is_vacant());
}

TEST_CASE("pool core: the breaker follows what is in use", "[proxy]") {
    PoolFixture pool({.pool_size = 10});
    pool.fill(10);
    for (std::uint32_t i = 0; i < 8; ++i) {
        pool.acquire(i);
    }
    pool.pass(1min);
    CHECK(pool.core.facts(pool.clock.now).breaker == proxy::BreakerState::closed);
    CHECK(pool.core.admits_login(pool.clock.now));
    pool.acquire(8);
    pool.abandon(pool.first(ServerState::leased));   // still in use while it recovers
    pool.pass(1100ms);
    CHECK(pool.core.facts(pool.clock.now).breaker == proxy::BreakerState::open);
    CHECK_FALSE(pool.core.admits_login(pool.clock.now));
    CHECK(pool.core.facts(pool.clock.now).refusals[static_cast<std::size_t>(RefusalReason::breaker_open)] == 1);
    CHECK(pool.core.facts(pool.clock.now).breaker_entered[static_cast<std::size_t>(proxy::BreakerState::open)] == 1);
    // Those inside go on.
    CHECK(pool.acquire(9).kind == Acquired::Kind::granted);
    CHECK(pool.acquire(10).kind == Acquired::Kind::waiting);
}

TEST_CASE("pool core: a server is wanted while somebody waits, and a window after somebody was refused", "[proxy]") {
    PoolFixture pool({.pool_size = 1, .max_waiting = 1, .query_wait_timeout = 30s, .breaker = {.window = 1s}});
    pool.fill(1);
    pool.acquire(0);
    const auto is_wanted = [&pool] { return pool.core.is_wanted(pool.clock.now); };
    CHECK_FALSE(is_wanted());
    SECTION("who waits") {
        pool.acquire(1);
        CHECK(is_wanted());
        pool.leave(1);
        CHECK_FALSE(is_wanted());
    }
    SECTION("not while one recovers") {
        pool.acquire(1);
        pool.abandon(pool.first(ServerState::leased));
        CHECK_FALSE(is_wanted());
    }
    SECTION("not while one is dialled") {
        pool.set_limits({.pool_size = 2, .max_waiting = 9});
        pool.acquire(1);
        CHECK_FALSE(is_wanted());
        pool.acquire(2);
        CHECK(is_wanted());
        pool.leave(2);
        pool.login_failed(pool.first(ServerState::connecting), DialOutcome::transient);
        CHECK(is_wanted());
    }
    SECTION("a wait that was too long") {
        pool.acquire(1);
        pool.pass(30s);
        CHECK(is_wanted());
        pool.pass(1100ms);
        CHECK_FALSE(is_wanted());
    }
    SECTION("a full queue") {
        pool.acquire(1);
        pool.acquire(2);
        pool.leave(1);
        CHECK(is_wanted());
        pool.pass(1100ms);
        CHECK_FALSE(is_wanted());
    }
    SECTION("an open breaker") {
        pool.pass(1100ms);
        CHECK_FALSE(is_wanted());
        CHECK_FALSE(pool.core.admits_login(pool.clock.now));
        CHECK(is_wanted());
        pool.pass(1100ms);
        CHECK_FALSE(is_wanted());
    }
}

}  // namespace pgweir::test
