// Flows, weights, caps and priorities: whose turn it is.
#include "proxy/core/waiter_queue.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace pgweir::test {

using proxy::ClientId;
using proxy::Eligible;
using proxy::Membership;
using proxy::Priority;
using proxy::ShareLimits;
using proxy::ThreadIndex;
using proxy::Waiter;
using proxy::WaiterId;
using proxy::WaiterQueue;
using proxy::Wish;

namespace {

struct Flows {
    WaiterQueue queue{};
    std::map<std::string, Membership> flows{};
    std::uint32_t arrivals = 0;

    const Membership& flow(const std::string& name, Priority priority = Priority::normal) {
        const auto known = flows.find(name);
        if (known != flows.end()) return known->second;
        return flows.emplace(name, queue.join(name, name.substr(0, name.find('/')), priority)).first->second;
    }
    WaiterId push(const std::string& name, Priority priority = Priority::normal, Wish wish = Wish::server) {
        return queue.push({ClientId{ThreadIndex{0}, arrivals++, 1}, {}, wish, flow(name, priority)});
    }
    void push_many(const std::string& name, int count, Priority priority = Priority::normal) {
        for (int i = 0; i < count; ++i) push(name, priority);
    }
    // The flow whose waiter gets a server; "" when nobody may go.
    std::string serve(Eligible eligible = {}) {
        const std::optional<WaiterId> next = queue.next(eligible);
        if (!next) return {};
        const Waiter waiter = queue.take(*next);
        queue.took_server(waiter.membership);
        return name_of(waiter.membership);
    }
    std::string serve_and_return(Eligible eligible = {}) {
        const std::string name = serve(eligible);
        if (!name.empty()) queue.returned_server(flows.at(name));
        return name;
    }
    std::string name_of(const Membership& membership) const {
        for (const auto& [name, one] : flows)
            if (one.flow == membership.flow) return name;
        return "?";
    }
    std::map<std::string, int> serve_count(int count) {
        std::map<std::string, int> served;
        for (int i = 0; i < count; ++i) ++served[serve_and_return()];
        return served;
    }
};

}  // namespace

TEST_CASE("waiter queue: flows take turns however many wait in each", "[proxy]") {
    Flows flows;
    flows.push_many("greedy", 200);
    flows.push_many("small", 2);
    CHECK(flows.serve_and_return() == "greedy");
    CHECK(flows.serve_and_return() == "small");
    CHECK(flows.serve_and_return() == "greedy");
    CHECK(flows.serve_and_return() == "small");
    CHECK(flows.serve_count(198) == std::map<std::string, int>{{"greedy", 198}});
    CHECK(flows.queue.empty());
}

TEST_CASE("waiter queue: within a flow it is first come, first served", "[proxy]") {
    Flows flows;
    for (int i = 0; i < 10; ++i) flows.push(i % 2 == 0 ? "a" : "b");
    std::map<std::string, std::uint32_t> last;
    while (const std::optional<WaiterId> next = flows.queue.next({})) {
        const Waiter waiter = flows.queue.take(*next);
        const std::string name = flows.name_of(waiter.membership);
        if (last.contains(name)) CHECK(last[name] < waiter.client.slot);
        last[name] = waiter.client.slot;
    }
}

TEST_CASE("waiter queue: weights are turns in a row, by the flow's name or a part of it", "[proxy]") {
    Flows flows;
    flows.queue.set_limits({.weights = {{"web", 3}, {"cron/web", 2}}});
    for (const char* name : {"lambda/web", "cron/web", "lambda/batch"}) flows.push_many(name, 100);
    CHECK(flows.serve_count(60) == std::map<std::string, int>{{"lambda/web", 30}, {"cron/web", 20}, {"lambda/batch", 10}});
    flows.queue.set_limits({.weights = {{"batch", 2}}});
    flows.serve_count(12);   // the turns that were given by the old weights
    CHECK(flows.serve_count(40) == std::map<std::string, int>{{"lambda/web", 10}, {"cron/web", 10}, {"lambda/batch", 20}});
}

TEST_CASE("waiter queue: a flow at its cap is passed over while another can use the server", "[proxy]") {
    Flows flows;
    flows.queue.set_limits({.max_flow_servers = 2});
    flows.push_many("slow", 10);
    CHECK(flows.serve() == "slow");
    CHECK(flows.serve() == "slow");
    CHECK(flows.serve() == "slow");   // alone, it may have all
    flows.push_many("quick", 3);
    CHECK(flows.serve_and_return() == "quick");
    CHECK(flows.serve_and_return() == "quick");
    CHECK(flows.serve_and_return() == "quick");
    CHECK(flows.serve() == "slow");
}

TEST_CASE("waiter queue: a user's cap holds over all its flows", "[proxy]") {
    Flows flows;
    flows.queue.set_limits({.max_user_servers = 2});
    flows.push_many("heavy/a", 5);
    flows.push_many("heavy/b", 5);
    CHECK(flows.serve() == "heavy/a");
    CHECK(flows.serve() == "heavy/b");
    flows.push("light/a");
    CHECK(flows.serve() == "light/a");
    CHECK(flows.serve() == "heavy/a");   // nobody else waits
    flows.queue.returned_server(flows.flow("heavy/a"));
    flows.queue.returned_server(flows.flow("heavy/a"));
    flows.push("light/a");
    CHECK(flows.serve() == "heavy/b");
    CHECK(flows.serve() == "light/a");
}

TEST_CASE("waiter queue: high priority goes first, but for every fifth turn", "[proxy]") {
    Flows flows;
    flows.push_many("normal", 10);
    flows.push_many("high", 20, Priority::high);
    std::string order;
    for (int i = 0; i < 12; ++i) order += flows.serve_and_return().front();
    CHECK(order == "hhhhnhhhhnhh");
}

TEST_CASE("waiter queue: what is reserved for high priority serves nobody else", "[proxy]") {
    constexpr Eligible reserve{.normal = false};
    Flows flows;
    flows.push_many("normal", 2);
    CHECK(flows.serve(reserve).empty());
    flows.push_many("high", 6, Priority::high);
    for (int i = 0; i < 6; ++i) CHECK(flows.serve(reserve) == "high");
    CHECK(flows.serve(reserve).empty());
    CHECK(flows.serve() == "normal");
}

TEST_CASE("waiter queue: in a full queue the last of the longest flow makes room", "[proxy]") {
    Flows flows;
    CHECK_FALSE(flows.queue.displaced_by(flows.flow("small")));
    flows.push_many("greedy", 8);
    const WaiterId last = flows.push("greedy");
    CHECK_FALSE(flows.queue.displaced_by(flows.flow("greedy")));
    CHECK(flows.queue.displaced_by(flows.flow("small")) == last);
    flows.queue.remove(last);
    flows.push_many("small", 4);
    CHECK(flows.queue.displaced_by(flows.flow("small")) != std::nullopt);   // 4 of 12 are less than half
    flows.push_many("small", 4);
    CHECK_FALSE(flows.queue.displaced_by(flows.flow("small")));
}

TEST_CASE("waiter queue: nobody of high priority makes room for others", "[proxy]") {
    Flows flows;
    flows.push_many("high", 10, Priority::high);
    CHECK_FALSE(flows.queue.displaced_by(flows.flow("normal")));
    CHECK(flows.queue.displaced_by(flows.flow("other", Priority::high)));
}

TEST_CASE("share table: entries end with their last member and their last server", "[proxy]") {
    WaiterQueue queue;
    const Membership first = queue.join("a", "u", Priority::normal);
    const Membership second = queue.join("a", "u", Priority::normal);
    CHECK(first.flow == second.flow);
    CHECK(queue.flows().size() == 1);
    queue.leave(first);
    queue.took_server(second);
    queue.leave(second);
    CHECK(queue.flows().size() == 1);
    queue.returned_server(second);
    CHECK(queue.flows().size() == 0);
    const Membership third = queue.join("b", "u", Priority::normal);
    CHECK(third.flow == first.flow);   // recycled
    CHECK(queue.flows().places() == 2);
}

TEST_CASE("waiter queue: strangers with names of their own leave nothing behind", "[proxy]") {
    WaiterQueue queue;
    for (int i = 0; i < 10'000; ++i) {
        const Membership membership = queue.join("flow " + std::to_string(i), "user", Priority::normal);
        const WaiterId waiter = queue.push({ClientId{}, {}, Wish::server, membership});
        queue.remove(waiter);
        queue.leave(membership);
    }
    CHECK(queue.flows().size() == 0);
    CHECK(queue.flows().places() == 2);
}

TEST_CASE("waiter queue: with equal weights and backlogs all flows get the same, whatever happens", "[proxy]") {
    Flows flows;
    std::mt19937 random(11);
    const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
    std::map<std::string, int> waiting;
    std::map<std::string, int> served;
    for (int round = 0; round < 5'000; ++round) {
        for (const std::string& name : names) {
            const int count = static_cast<int>(random() % 20) + 2;
            while (waiting[name] < count) {
                flows.push(name, Priority::normal, random() % 4 == 0 ? Wish::pin : Wish::server);
                ++waiting[name];
            }
        }
        const std::string name = flows.serve_and_return({.pins = random() % 2 == 0});
        REQUIRE_FALSE(name.empty());
        --waiting[name];
        ++served[name];
    }
    for (const std::string& name : names) CHECK(served[name] == Approx(1000).margin(100));
}

}  // namespace pgweir::test
