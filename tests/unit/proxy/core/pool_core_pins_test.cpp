// Servers that keep their client, how many may, and getting back the server one had.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::Acquired;
using proxy::LeaseMark;
using proxy::PinReason;
using proxy::PoolFacts;
using proxy::Refusal;
using proxy::RefusalReason;
using proxy::ServerId;
using proxy::ServerState;
using proxy::Wish;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

PoolFacts facts_of(const PoolFixture& pool) { return pool.core.facts(pool.clock.now); }

int pins_for(const PoolFixture& pool, PinReason reason) {
    return facts_of(pool).pins[static_cast<std::size_t>(reason)];
}

std::uint64_t pins_started_for(const PoolFixture& pool, PinReason reason) {
    return facts_of(pool).pins_started[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("pins: every reason has its own word", "[proxy]") {
    CHECK(std::string(token(PinReason::prepared_statement)) == "prepared_statement");
    CHECK(std::string(token(PinReason::sequence)) == "sequence");
    CHECK(std::string(token(PinReason::unknown)) == "unknown");
}

TEST_CASE("pool core: a pin lasts until unpinned or until its lease ends", "[proxy]") {
    PoolFixture pool({.pool_size = 4, .max_pinned = 4});
    pool.fill(4);
    for (std::uint32_t i = 0; i < 4; ++i) {
        pool.pin(pool.acquire(i).server, PinReason::setting);
    }
    CHECK(pins_for(pool, PinReason::setting) == 4);
    pool.unpin(ServerId{0});
    CHECK(pool.core.state_of(ServerId{0}) == ServerState::leased);
    pool.release(ServerId{1});
    pool.abandon(ServerId{2});
    CHECK(facts_of(pool).pinned == 1);
    pool.close(ServerId{3});
    CHECK(facts_of(pool).pinned == 0);
    CHECK(pins_started_for(pool, PinReason::setting) == 4);
}

TEST_CASE("pool core: a pin keeps its start when its reason changes", "[proxy]") {
    PoolFixture pool;
    pool.fill(1);
    pool.acquire(1);
    pool.pin(ServerId{0}, PinReason::temporary_object);
    pool.clock.advance(10s);
    pool.pin(ServerId{0}, PinReason::advisory_lock);
    CHECK(facts_of(pool).longest_pin == 10s);
    CHECK(pins_for(pool, PinReason::temporary_object) == 0);
    CHECK(pins_for(pool, PinReason::advisory_lock) == 1);
    CHECK(pins_started_for(pool, PinReason::temporary_object) == 1);
    CHECK(pins_started_for(pool, PinReason::advisory_lock) == 0);
    pool.unpin(ServerId{0});
    CHECK(facts_of(pool).longest_pin == 0s);
}

TEST_CASE("pool core: a server granted for a pin counts at once and has its reason later", "[proxy]") {
    PoolFixture pool({.max_pinned = 1});
    pool.fill(2);
    pool.acquire(1, Wish::pin);
    CHECK(facts_of(pool).pinned == 1);
    CHECK(facts_of(pool).pins == decltype(PoolFacts::pins){});
    CHECK(pool.acquire(2, Wish::pin).kind == Acquired::Kind::waiting);
    pool.clock.advance(1s);
    pool.pin(pool.first(ServerState::leased), PinReason::library);
    CHECK(facts_of(pool).pinned == 1);
    CHECK(facts_of(pool).pins_over_limit == 0);
    CHECK(facts_of(pool).longest_pin == 1s);
    CHECK(pins_started_for(pool, PinReason::library) == 1);
}

TEST_CASE("pool core: at the limit who wishes to pin waits beside free servers, others do not", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .max_pinned = 1});
    pool.fill(3);
    pool.acquire(1, Wish::pin);
    CHECK(pool.acquire(2, Wish::pin).kind == Acquired::Kind::waiting);
    CHECK(pool.acquire(3).kind == Acquired::Kind::granted);
    CHECK(pool.count(ServerState::idle) == 1);
    CHECK(facts_of(pool).waiting == 1);
    CHECK(pool.leave(2));
    CHECK(facts_of(pool).waiting == 0);
}

TEST_CASE("pool core: the end of a pin lets the first of those go that wait to pin", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .max_pinned = 1});
    pool.fill(3);
    const ServerId pinned = pool.acquire(1, Wish::pin).server;
    pool.acquire(2, Wish::pin);
    pool.acquire(3, Wish::pin);
    SECTION("it is unpinned and its lease goes on") {
        pool.unpin(pinned);
        CHECK(pool.core.state_of(pinned) == ServerState::leased);
    }
    SECTION("it comes back clean") { pool.release(pinned); }
    SECTION("it comes back dirty") { pool.abandon(pinned); }
    SECTION("it is closed") { pool.close(pinned); }
    SECTION("more are allowed") { pool.set_limits({.pool_size = 3, .max_pinned = 2}); }
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].client == PoolFixture::client(2));
    CHECK(pool.answers[0].server);
    CHECK(pool.queue.size() == 1);
}

TEST_CASE("pool core: a pin that ends makes a dial worth while, a limit does not", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .max_pinned = 1});
    pool.fill(1);
    pool.acquire(1, Wish::pin);
    pool.acquire(2, Wish::pin);
    pool.acquire(3, Wish::pin);
    pool.tick();
    CHECK(pool.count(ServerState::connecting) == 0);
    pool.unpin(ServerId{0});
    CHECK(pool.count(ServerState::connecting) == 1);
    pool.logged_in(pool.first(ServerState::connecting));
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].client == PoolFixture::client(2));
}

TEST_CASE("pool core: between those that will pin and others the longest wait goes first", "[proxy]") {
    PoolFixture pool({.pool_size = 2, .max_pinned = 1});
    pool.fill(2);
    const ServerId pinned = pool.acquire(0, Wish::pin).server;
    const ServerId plain = pool.acquire(1).server;
    const std::vector<Wish> wishes = {Wish::pin, Wish::server, Wish::server, Wish::pin, Wish::server};
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        pool.clock.advance(1ms);
        pool.acquire(static_cast<std::uint32_t>(10 + i), wishes[i]);
    }
    pool.release(plain);    // 10 may not go: its turn passes to 11
    pool.release(pinned);   // now it may, before 12
    pool.release(plain);
    pool.release(plain);    // 13 may not go
    pool.unpin(pinned);     // now it may, but there is no server
    pool.release(pinned);
    std::vector<std::uint32_t> order;
    for (const PoolFixture::Answer& answer : pool.answers) {
        order.push_back(answer.client.slot);
    }
    CHECK(order == std::vector<std::uint32_t>{11, 10, 12, 14, 13});
}

TEST_CASE("pool core: a wait to pin that ends says why", "[proxy]") {
    PoolFixture pool({.pool_size = 2, .max_pinned = 1, .query_wait_timeout = 1s});
    pool.fill(2);
    const ServerId pinned = pool.acquire(1, Wish::pin).server;
    pool.acquire(2, Wish::pin);
    RefusalReason expected = RefusalReason::pin_limit;
    if (GENERATE(true, false)) {
        // Pins are allowed again, but both servers are in use.
        pool.acquire(3);
        pool.unpin(pinned);
        expected = RefusalReason::queue_timeout;
    }
    pool.pass(1s);
    REQUIRE(pool.answers.size() == 1);
    CHECK(pool.answers[0].reason == expected);
    CHECK(facts_of(pool).refusals[static_cast<std::size_t>(expected)] == 1);
}

TEST_CASE("pool core: a refusal tells how many are pinned of how many", "[proxy]") {
    PoolFixture pool({.pool_size = 4, .max_pinned = 2});
    pool.fill(4);
    pool.acquire(1, Wish::pin);
    pool.acquire(2, Wish::pin);
    pool.acquire(3);
    const Refusal refusal = pool.core.refusal(RefusalReason::pin_limit, 1500ms, pool.clock.now);
    CHECK(refusal.reason == RefusalReason::pin_limit);
    CHECK(refusal.pinned == 2);
    CHECK(refusal.max_pinned == 2);
    CHECK(refusal.in_use == 3);
    CHECK(refusal.size == 4);
    CHECK(refusal.waited == 1500ms);
}

TEST_CASE("pool core: those that wait to pin count against max_waiting", "[proxy]") {
    PoolFixture pool({.pool_size = 1, .max_waiting = 2, .max_pinned = 1});
    pool.fill(1);
    pool.acquire(1, Wish::pin);
    pool.acquire(2, Wish::pin);
    pool.acquire(3);
    const Wish wish = GENERATE(Wish::server, Wish::pin);
    CHECK(pool.acquire(4, wish).reason == RefusalReason::queue_full);
}

TEST_CASE("pool core: a pin that shows itself too late is allowed and counted", "[proxy]") {
    PoolFixture pool({.pool_size = 3, .max_pinned = 1});
    pool.fill(3);
    const ServerId wished = pool.acquire(1, Wish::pin).server;
    const ServerId late = pool.acquire(2).server;
    pool.pin(wished, PinReason::setting);
    CHECK(facts_of(pool).pins_over_limit == 0);
    pool.pin(late, PinReason::advisory_lock);
    CHECK(facts_of(pool).pinned == 2);
    CHECK(facts_of(pool).pins_over_limit == 1);
    // Again it is no new one.
    pool.pin(late, PinReason::setting);
    CHECK(facts_of(pool).pins_over_limit == 1);
}

TEST_CASE("pool core: a smaller max_pinned ends no pin and lets nobody pin before enough have ended", "[proxy]") {
    PoolFixture pool({.pool_size = 4, .max_pinned = 3});
    pool.fill(4);
    for (std::uint32_t i = 0; i < 3; ++i) {
        pool.acquire(i, Wish::pin);
    }
    pool.set_limits({.pool_size = 4, .max_pinned = 1});
    CHECK(facts_of(pool).pinned == 3);
    CHECK(facts_of(pool).pins_over_limit == 0);
    pool.acquire(3, Wish::pin);
    const std::vector<ServerId> leased = pool.servers(ServerState::leased);
    pool.release(leased[0]);
    pool.release(leased[1]);
    CHECK(pool.answers.empty());
    pool.release(leased[2]);
    CHECK(pool.answers.size() == 1);
}

TEST_CASE("pool core: a client gets the server back that it had, if nobody has touched it", "[proxy]") {
    PoolFixture pool({.pool_size = 3});
    pool.fill(3);
    const Acquired first = pool.acquire(1);
    const Acquired other = pool.acquire(2);
    pool.release(first.server);
    pool.release(other.server);
    SECTION("free and untouched") {
        const Acquired again = pool.acquire(1, Wish::server, first.mark);
        CHECK(again.server == first.server);
        CHECK(again.is_untouched);
        CHECK(follows(again.mark, first.mark));
    }
    SECTION("untouched, for a pin") {
        const Acquired again = pool.acquire(1, Wish::pin, first.mark);
        CHECK(again.is_untouched);
    }
    SECTION("an inspection touches nothing") {
        pool.begin_inspection(first.server);
        pool.end_inspection(first.server);
        CHECK(pool.acquire(1, Wish::server, first.mark).is_untouched);
    }
    SECTION("somebody has had it") {
        REQUIRE(pool.acquire(3, Wish::server, first.mark).server == first.server);
        pool.release(first.server);
        CHECK_FALSE(pool.acquire(1, Wish::server, first.mark).is_untouched);
    }
    SECTION("somebody has left it dirty") {
        REQUIRE(pool.acquire(1, Wish::server, first.mark).server == first.server);
        const LeaseMark last = pool.core.mark_of(first.server);
        pool.abandon(first.server);
        pool.recovered(first.server);
        CHECK_FALSE(pool.acquire(1, Wish::server, last).is_untouched);
    }
    SECTION("it was another connection") {
        REQUIRE(pool.acquire(1, Wish::server, first.mark).server == first.server);
        const LeaseMark last = pool.core.mark_of(first.server);
        pool.close(first.server);
        pool.closed(first.server);
        pool.acquire(2);
        pool.acquire(3);
        pool.acquire(4);
        pool.logged_in(first.server);
        pool.release(first.server);
        CHECK_FALSE(pool.acquire(1, Wish::server, last).is_untouched);
    }
    SECTION("there is no such place") {
        CHECK_FALSE(pool.acquire(1, Wish::server, LeaseMark{ServerId{99}, 1}).is_untouched);
    }
}

}  // namespace pgweir::test
