// Fairness and the reserve for high priority, as the pool uses them.
#include "proxy/core/pool_core.hpp"

#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace pgweir::test {

using proxy::Acquired;
using proxy::ClientId;
using proxy::DialOutcome;
using proxy::Membership;
using proxy::PoolAction;
using proxy::PoolActions;
using proxy::PoolCore;
using proxy::PoolCoreLimits;
using proxy::Priority;
using proxy::RefusalReason;
using proxy::ServerId;
using proxy::ThreadIndex;
using proxy::Wish;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

// A pool whose logins always succeed, at once.
struct Pool {
    VirtualClock clock{};
    PoolCore core;
    std::vector<ClientId> granted{};
    std::vector<std::pair<ClientId, RefusalReason>> refused{};
    std::vector<ServerId> servers{};   // leased, in the order of their grants
    std::uint32_t clients = 0;

    explicit Pool(const PoolCoreLimits& limits) : core(limits, 1, 1, clock.now) {}

    Acquired acquire(const Membership& membership, Wish wish = Wish::server) {
        PoolActions actions;
        const Acquired acquired = core.acquire({ClientId{ThreadIndex{0}, clients++, 1}, membership}, wish, std::nullopt, clock.now, actions);
        if (acquired.kind == Acquired::Kind::granted) servers.push_back(acquired.server);
        perform(actions);
        return acquired;
    }
    void release_oldest() {
        const ServerId server = servers.front();
        servers.erase(servers.begin());
        PoolActions actions;
        core.release(server, ThreadIndex{0}, clock.now, actions);
        perform(actions);
    }
    void perform(const PoolActions& actions) {
        for (const PoolAction& action : actions) {
            PoolActions more;
            switch (action.kind) {
            case PoolAction::Kind::dial: core.logged_in(action.server, ThreadIndex{0}, clock.now, more); break;
            case PoolAction::Kind::grant:
                servers.push_back(action.server);
                granted.push_back(action.client);
                break;
            case PoolAction::Kind::refuse: refused.emplace_back(action.client, action.reason); break;
            case PoolAction::Kind::close: core.closed(action.server, clock.now, more); break;
            case PoolAction::Kind::tell_ceiling:
            case PoolAction::Kind::tell_upstream: break;
            }
            perform(more);
        }
    }
};

}  // namespace

TEST_CASE("pool core: the small flow is served with the next release", "[proxy]") {
    Pool pool({.pool_size = 4});
    const Membership greedy = pool.core.join("greedy", "greedy", Priority::normal);
    const Membership small = pool.core.join("small", "small", Priority::normal);
    for (int i = 0; i < 100; ++i) pool.acquire(greedy);
    pool.granted.clear();
    const std::uint32_t number = pool.clients;
    pool.acquire(small);
    pool.release_oldest();
    pool.release_oldest();
    REQUIRE(pool.granted.size() == 2);
    CHECK((pool.granted[0].slot == number || pool.granted[1].slot == number));
}

TEST_CASE("pool core: normal clients leave the reserve free, high ones use all", "[proxy]") {
    Pool pool({.pool_size = 4, .reserved_for_high = 1});
    const Membership normal = pool.core.join("n", "n", Priority::normal);
    const Membership high = pool.core.join("h", "h", Priority::high);
    for (int i = 0; i < 5; ++i) pool.acquire(normal);
    CHECK(pool.servers.size() == 3);
    CHECK(pool.core.facts(pool.clock.now).waiting == 2);
    pool.acquire(high);
    CHECK(pool.servers.size() == 4);
    pool.acquire(high);
    CHECK(pool.core.facts(pool.clock.now).waiting == 3);
    // Of what comes free the high one gets the first, and the place behind it stays free.
    pool.release_oldest();
    CHECK(pool.granted.back().slot == 6);
    pool.release_oldest();
    CHECK(pool.servers.size() == 3);
    pool.release_oldest();
    CHECK(pool.servers.size() == 3);
    CHECK(pool.core.facts(pool.clock.now).waiting == 1);
}

TEST_CASE("pool core: the reserve never takes more than half of what there is", "[proxy]") {
    Pool pool({.pool_size = 1, .reserved_for_high = 1});
    CHECK(pool.acquire(pool.core.join("n", "n", Priority::normal)).kind == Acquired::Kind::waiting);
    CHECK(pool.servers.size() == 1);
}

TEST_CASE("pool core: a smaller reserve lets those go who waited for it", "[proxy]") {
    PoolCoreLimits limits{.pool_size = 4, .reserved_for_high = 2};
    Pool pool(limits);
    const Membership normal = pool.core.join("n", "n", Priority::normal);
    for (int i = 0; i < 4; ++i) pool.acquire(normal);
    CHECK(pool.servers.size() == 2);
    limits.reserved_for_high = 0;
    PoolActions actions;
    pool.core.set_limits(limits, pool.clock.now, actions);
    pool.perform(actions);
    CHECK(pool.servers.size() == 4);
}

TEST_CASE("pool core: a full queue makes room for a flow that has less than its share", "[proxy]") {
    Pool pool({.pool_size = 1, .max_waiting = 4});
    const Membership greedy = pool.core.join("greedy", "greedy", Priority::normal);
    const Membership small = pool.core.join("small", "small", Priority::normal);
    for (int i = 0; i < 5; ++i) pool.acquire(greedy);
    CHECK(pool.acquire(greedy).kind == Acquired::Kind::refused);
    CHECK(pool.acquire(small).kind == Acquired::Kind::waiting);
    REQUIRE(pool.refused.size() == 1);
    CHECK(pool.refused[0] == std::pair(ClientId{ThreadIndex{0}, 4, 1}, RefusalReason::queue_full));
    CHECK(pool.core.facts(pool.clock.now).waiting == 4);
}

TEST_CASE("pool core: the hint of a refusal follows how fast servers come free, and differs from one to the next", "[proxy]") {
    Pool pool({.pool_size = 1, .max_waiting = 100});
    const Membership flow = pool.core.join("f", "f", Priority::normal);
    for (int i = 0; i < 101; ++i) pool.acquire(flow);
    for (int i = 0; i < 50; ++i) {
        pool.clock.advance(20ms);
        pool.release_oldest();
    }
    const auto first = pool.core.refusal(RefusalReason::queue_full, {}, pool.clock.now).retry_after;
    const auto second = pool.core.refusal(RefusalReason::queue_full, {}, pool.clock.now).retry_after;
    CHECK(first != second);   // jitter
    // 51 places of 20 ms, up to 20 % either way.
    for (const auto hint : {first, second}) {
        CHECK(hint >= 800ms);
        CHECK(hint <= 1250ms);
    }
}

}  // namespace pgweir::test
