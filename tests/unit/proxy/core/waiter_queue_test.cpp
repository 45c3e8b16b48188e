#include "proxy/core/waiter_queue.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>

namespace pgweir::test {

using proxy::ClientId;
using proxy::Eligible;
using proxy::Priority;
using proxy::ThreadIndex;
using proxy::Waiter;
using proxy::WaiterId;
using proxy::WaiterQueue;
using proxy::Wish;

namespace {

constexpr Eligible all{};
constexpr Eligible without_pins{.pins = false};

ClientId client(std::uint32_t number) { return {ThreadIndex{number % 3}, number, 1}; }

// Whoever's turn it is, taken out.
std::optional<Waiter> pop(WaiterQueue& queue, Eligible eligible = all) {
    const std::optional<WaiterId> next = queue.next(eligible);
    if (!next) return std::nullopt;
    return queue.take(*next);
}

}  // namespace

TEST_CASE("waiter queue: first come, first served", "[proxy]") {
    const VirtualClock clock;
    WaiterQueue queue;
    CHECK(queue.empty());
    CHECK_FALSE(pop(queue));
    for (std::uint32_t i = 0; i < 5; ++i) {
        queue.push({client(i), clock.now + std::chrono::seconds(i)});
    }
    CHECK(queue.size() == 5);
    REQUIRE(queue.oldest() != nullptr);
    CHECK(queue.oldest()->client == client(0));
    for (std::uint32_t i = 0; i < 5; ++i) {
        const auto waiter = pop(queue);
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
    queue.remove(ids[leaves]);
    CHECK(queue.size() == 2);
    for (std::uint32_t i = 0; i < 3; ++i) {
        if (i != leaves) {
            CHECK(pop(queue)->client == client(i));
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
    pop(queue);
    CHECK_FALSE(queue.holds(first, client(1)));
    const WaiterId second = queue.push({client(2), {}});
    CHECK(second == first);   // places are recycled
    CHECK_FALSE(queue.holds(first, client(1)));
    CHECK(queue.holds(second, client(2)));
}

TEST_CASE("waiter queue: those that will pin can be passed over and keep their turn", "[proxy]") {
    WaiterQueue queue;
    queue.push({client(1), {}, Wish::pin});
    queue.push({client(2), {}, Wish::server});
    queue.push({client(3), {}, Wish::pin});
    CHECK(queue.size(Priority::normal, Wish::pin) == 2);
    CHECK(queue.size(Priority::normal, Wish::server) == 1);
    CHECK(pop(queue, without_pins)->client == client(2));
    CHECK_FALSE(pop(queue, without_pins));
    CHECK(queue.next(without_pins) == std::nullopt);
    queue.push({client(4), {}, Wish::server});
    CHECK(pop(queue)->client == client(1));
    CHECK(pop(queue)->client == client(3));
    CHECK(pop(queue)->client == client(4));
    CHECK(queue.empty());
}

TEST_CASE("waiter queue: agrees with a plain list whatever happens", "[proxy]") {
    struct Expected {
        WaiterId id;
        ClientId who;
        Wish wish;
    };
    WaiterQueue queue;
    std::deque<Expected> expected;
    std::mt19937 random(7);
    for (std::uint32_t step = 0; step < 20'000; ++step) {
        const auto choice = random() % 5;
        if (choice < 2 && expected.size() < 50) {
            const Wish wish = random() % 3 == 0 ? Wish::pin : Wish::server;
            expected.push_back({queue.push({client(step), {}, wish}), client(step), wish});
        } else if (choice == 3 && !expected.empty()) {
            const auto place = expected.begin() + static_cast<std::ptrdiff_t>(random() % expected.size());
            REQUIRE(queue.holds(place->id, place->who));
            queue.remove(place->id);
            expected.erase(place);
        } else {
            const Eligible among = random() % 2 == 0 ? all : without_pins;
            const auto first = std::find_if(expected.begin(), expected.end(), [&](const Expected& one) {
                return among.pins || one.wish == Wish::server;
            });
            const auto waiter = pop(queue, among);
            REQUIRE(waiter.has_value() == (first != expected.end()));
            if (waiter) {
                REQUIRE(waiter->client == first->who);
                expected.erase(first);
            }
        }
        REQUIRE(queue.size() == expected.size());
        REQUIRE((expected.empty() || queue.oldest()->client == expected.front().who));
    }
}

}  // namespace pgweir::test
