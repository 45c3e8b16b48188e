#include "proxy/core/gate.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using pgweir::proxy::Gate;
using pgweir::proxy::Ticket;

TEST_CASE("gate: as many come in as the limit says, and a place that is given back is free again", "[proxy]") {
    Gate gate(2);
    std::optional<Ticket> first = gate.enter();
    const std::optional<Ticket> second = gate.enter();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(gate.inside() == 2);
    CHECK_FALSE(gate.enter());
    CHECK(gate.inside() == 2);
    first.reset();
    CHECK(gate.inside() == 1);
    CHECK(gate.enter());
    CHECK(gate.inside() == 1);
}

TEST_CASE("gate: a limit that is lowered sends nobody away and lets nobody in", "[proxy]") {
    Gate gate(3);
    const std::optional<Ticket> first = gate.enter();
    std::optional<Ticket> second = gate.enter();
    gate.set_limit(1);
    CHECK(gate.limit() == 1);
    CHECK(gate.inside() == 2);
    CHECK_FALSE(gate.enter());
    second.reset();
    CHECK_FALSE(gate.enter());
    gate.set_limit(2);
    CHECK(gate.enter());
}

TEST_CASE("gate: a limit of nothing lets nobody in", "[proxy]") {
    Gate gate(0);
    CHECK_FALSE(gate.enter());
}

TEST_CASE("ticket: moving it moves the place, once", "[proxy]") {
    Gate gate(5);
    Ticket ticket = std::move(*gate.enter());
    REQUIRE(ticket.charge("lambda", 1));
    Ticket moved(std::move(ticket));
    CHECK(moved.is_live());
    CHECK_FALSE(ticket.is_live());   // NOLINT(bugprone-use-after-move): what it is left as
    CHECK(gate.inside() == 1);
    Ticket other = std::move(*gate.enter());
    CHECK(gate.inside() == 2);
    other = std::move(moved);
    CHECK(gate.inside() == 1);
    CHECK(other.is_live());
    CHECK_FALSE(Ticket(std::move(*gate.enter())).charge("lambda", 1));
    other = Ticket();
    CHECK(gate.inside() == 0);
    CHECK(Ticket(std::move(*gate.enter())).charge("lambda", 1));
}

TEST_CASE("ticket: a user at his limit is refused and nothing is charged", "[proxy]") {
    Gate gate(5);
    std::optional<Ticket> first = gate.enter();
    std::optional<Ticket> second = gate.enter();
    REQUIRE(first->charge("lambda", 1));
    CHECK_FALSE(second->charge("lambda", 1));
    CHECK(second->charge("ops", 1));
    std::optional<Ticket> third = gate.enter();
    CHECK_FALSE(third->charge("lambda", 1));
    first.reset();
    CHECK(third->charge("lambda", 1));
}

TEST_CASE("ticket: without a limit users are counted all the same", "[proxy]") {
    Gate gate(5);
    std::optional<Ticket> first = gate.enter();
    std::optional<Ticket> second = gate.enter();
    std::optional<Ticket> third = gate.enter();
    REQUIRE(first->charge("lambda", 0));
    REQUIRE(second->charge("lambda", 0));
    CHECK_FALSE(third->charge("lambda", 2));
    CHECK(third->charge("lambda", 3));
}

TEST_CASE("gate: threads together never pass the limits and leave nothing behind", "[proxy]") {
    constexpr int limit = 3;
    constexpr int user_limit = 2;
    Gate gate(limit);
    std::atomic<int> most_inside{0};
    std::atomic<int> charged{0};
    std::atomic<int> most_charged{0};
    const auto raise = [](std::atomic<int>& most, int now) {
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5000; ++round) {
                std::optional<Ticket> ticket = gate.enter();
                raise(most_inside, gate.inside());
                if (ticket && ticket->charge("lambda", user_limit)) {
                    raise(most_charged, charged.fetch_add(1) + 1);
                    charged.fetch_sub(1);
                }
            }
        });
    }
    threads.clear();   // joins
    CHECK(most_inside > 0);
    CHECK(most_inside <= limit);
    CHECK(most_charged > 0);
    CHECK(most_charged <= user_limit);
    CHECK(gate.inside() == 0);
}

TEST_CASE("gate: an administrator has a reserved place, and an ordinary one when those are taken", "[proxy]") {
    Gate gate(1);
    std::optional<Ticket> reserved = gate.enter_reserved(1);
    REQUIRE(reserved);
    CHECK(reserved->is_reserved());
    CHECK(gate.inside() == 0);
    std::optional<Ticket> ordinary = gate.enter_reserved(1);
    REQUIRE(ordinary);
    CHECK_FALSE(ordinary->is_reserved());
    CHECK(gate.inside() == 1);
    CHECK_FALSE(gate.enter_reserved(1));
    CHECK_FALSE(gate.enter());
    {
        const Ticket moved = std::move(*reserved);
        reserved.reset();
        CHECK(moved.is_reserved());
        CHECK_FALSE(gate.enter_reserved(1));
    }
    CHECK(gate.enter_reserved(1)->is_reserved());
    ordinary.reset();
    CHECK(gate.enter());
}
