#include "proxy/core/waiter_queue.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <random>

namespace pgweir::test {

using proxy::ClientId;
using proxy::ThreadIndex;
using proxy::Waiter;
using proxy::WaiterId;
using proxy::WaiterQueue;

namespace {

ClientId client(std::uint32_t number) { return {ThreadIndex{number % 3}, number, 1}; }

}  // namespace

TEST_CASE("waiter queue: first come, first served", "[proxy]") {
    const VirtualClock clock;
    WaiterQueue queue;
    CHECK(queue.empty());
    CHECK_FALSE(queue.pop());
    for (std::uint32_t i = 0; i < 5; ++i) {
        queue.push({client(i), clock.now + std::chrono::seconds(i)});
    }
    CHECK(queue.size() == 5);
    CHECK(queue.front().client == client(0));
    for (std::uint32_t i = 0; i < 5; ++i) {
        const auto waiter = queue.pop();
        REQUIRE(waiter);
        CHECK(waiter->client == client(i));
        CHECK(waiter->since == clock.now + std::chrono::seconds(i));
    }
    CHECK(queue.empty());
}

TEST_CASE("waiter queue: one may leave from anywhere", "[proxy]") {
    const std::uint32_t leaves = GENERATE(0U, 1U, 2U);
    WaiterQueue queue;
    std::vector<WaiterId> ids;
    for (std::uint32_t i = 0; i < 3; ++i) {
        ids.push_back(queue.push({client(i), {}}));
    }
    CHECK(queue.front_id() == ids[0]);
    queue.remove(ids[leaves]);
    CHECK(queue.size() == 2);
    for (std::uint32_t i = 0; i < 3; ++i) {
        if (i != leaves) {
            CHECK(queue.pop()->client == client(i));
        }
    }
    CHECK(queue.empty());
}

TEST_CASE("waiter queue: a place that has passed to somebody else is not held", "[proxy]") {
    WaiterQueue queue;
    const WaiterId first = queue.push({client(1), {}});
    CHECK(queue.holds(first, client(1)));
    CHECK_FALSE(queue.holds(first, client(2)));
    ClientId later_round = client(1);
    ++later_round.round;
    CHECK_FALSE(queue.holds(first, later_round));
    CHECK_FALSE(queue.holds(WaiterId{99}, client(1)));
    queue.pop();
    CHECK_FALSE(queue.holds(first, client(1)));
    const WaiterId second = queue.push({client(2), {}});
    CHECK(second == first);   // places are recycled
    CHECK_FALSE(queue.holds(first, client(1)));
    CHECK(queue.holds(second, client(2)));
}

TEST_CASE("waiter queue: agrees with a plain list whatever happens", "[proxy]") {
    struct Expected {
        WaiterId id;
        ClientId who;
    };
    WaiterQueue queue;
    std::deque<Expected> expected;
    std::mt19937 random(7);
    for (std::uint32_t step = 0; step < 20'000; ++step) {
        const auto choice = random() % 5;
        if (choice < 2 && expected.size() < 50) {
            expected.push_back({queue.push({client(step), {}}), client(step)});
        } else if (choice == 3 && !expected.empty()) {
            const auto place = expected.begin() + static_cast<std::ptrdiff_t>(random() % expected.size());
            REQUIRE(queue.holds(place->id, place->who));
            queue.remove(place->id);
            expected.erase(place);
        } else if (const auto waiter = queue.pop()) {
            REQUIRE(waiter->client == expected.front().who);
            expected.pop_front();
        } else {
            REQUIRE(expected.empty());
        }
        REQUIRE(queue.size() == expected.size());
        REQUIRE((expected.empty() || queue.front().client == expected.front().who));
    }
}

}  // namespace pgweir::test
