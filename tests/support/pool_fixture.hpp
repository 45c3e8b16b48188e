// A pool core on virtual time, and beside it a model of the world it decides about: which
// sockets exist and who holds them, who waits since when. Every verb performs the core's
// actions on the model and then compares the two.
#pragma once

#include "proxy/core/pool_core.hpp"
#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <optional>
#include <vector>

namespace pgweir::test {

struct PoolFixture {
    using State = proxy::ServerState;

    struct Waiting {
        proxy::ClientId client;
        proxy::WaiterId id;
        proxy::TimePoint since;
    };
    struct Answer {
        proxy::ClientId client;
        std::optional<proxy::ServerId> server;   // none: refused
        proxy::RefusalReason reason{};
    };

    explicit PoolFixture(const proxy::PoolCoreLimits& its_limits = {})
        : limits(its_limits), core(its_limits, threads, 1, clock.now) {
        check();
    }

    static proxy::ClientId client(std::uint32_t number) { return {proxy::ThreadIndex{number % threads}, number, 1}; }

    proxy::Acquired acquire(std::uint32_t number) {
        proxy::PoolActions actions;
        const proxy::Acquired acquired = core.acquire(client(number), clock.now, actions);
        if (acquired.kind == proxy::Acquired::Kind::granted) {
            move(acquired.server, State::idle, State::leased);
        } else if (acquired.kind == proxy::Acquired::Kind::waiting) {
            queue.push_back({client(number), acquired.waiter, clock.now});
        }
        perform(actions);
        return acquired;
    }

    bool leave(std::uint32_t number) {
        for (auto it = queue.begin(); it != queue.end(); ++it) {
            if (it->client == client(number)) {
                const bool has_left = core.leave_queue(it->id, it->client);
                queue.erase(it);
                check();
                return has_left;
            }
        }
        return false;
    }

    void release(proxy::ServerId server) {
        move(server, State::leased, State::idle);
        with([&](auto& actions) { core.release(server, thread_of(server), clock.now, actions); });
    }
    void abandon(proxy::ServerId server) {
        move(server, State::leased, State::recovering);
        core.abandon(server, clock.now);
        check();
    }
    void recovered(proxy::ServerId server) {
        move(server, State::recovering, State::idle);
        with([&](auto& actions) { core.recovered(server, thread_of(server), clock.now, actions); });
    }
    void begin_inspection(proxy::ServerId server) {
        move(server, State::idle, State::inspecting);
        CHECK(core.begin_inspection(server, where[index_of(server)], clock.now));
        check();
    }
    void end_inspection(proxy::ServerId server) {
        move(server, State::inspecting, State::idle);
        with([&](auto& actions) { core.end_inspection(server, clock.now, actions); });
    }
    void close(proxy::ServerId server) {
        states[index_of(server)] = State::closing;
        core.close(server, clock.now);
        check();
    }
    void closed(proxy::ServerId server) {
        move(server, State::closing, State::vacant);
        with([&](auto& actions) { core.closed(server, clock.now, actions); });
    }
    void logged_in(proxy::ServerId server) {
        move(server, State::connecting, State::idle);
        with([&](auto& actions) { core.logged_in(server, thread_of(server), clock.now, actions); });
    }
    void login_failed(proxy::ServerId server, proxy::DialOutcome outcome, std::optional<int> limit = std::nullopt) {
        move(server, State::connecting, State::vacant);
        with([&](auto& actions) { core.login_failed(server, outcome, limit, clock.now, actions); });
    }
    void set_limits(const proxy::PoolCoreLimits& its_limits) {
        limits = its_limits;
        with([&](auto& actions) { core.set_limits(its_limits, clock.now, actions); });
    }
    void rotate_all() {
        with([&](auto& actions) { core.rotate_all(clock.now, actions); });
    }
    void retire() {
        with([&](auto& actions) { core.retire(clock.now, actions); });
    }
    void want_welcome() {
        with([&](auto& actions) { core.want_welcome(clock.now, actions); });
    }

    // One call of the pool's tick, `step` later.
    void tick(proxy::Duration step = std::chrono::milliseconds(100)) {
        clock.advance(step);
        with([&](auto& actions) { core.tick(clock.now, actions); });
        const bool has_limit = limits.query_wait_timeout > proxy::Duration::zero();
        CHECK((!has_limit || queue.empty() || clock.now - queue.front().since < limits.query_wait_timeout));
    }
    void pass(proxy::Duration time, proxy::Duration step = std::chrono::milliseconds(100)) {
        for (proxy::Duration done{}; done < time; done += step) {
            tick(step);
        }
    }

    std::vector<proxy::ServerId> servers(State state) const {
        std::vector<proxy::ServerId> found;
        for (std::size_t i = 0; i < states.size(); ++i) {
            if (states[i] == state) {
                found.push_back(proxy::ServerId{static_cast<std::uint32_t>(i)});
            }
        }
        return found;
    }
    proxy::ServerId first(State state) const {
        const std::vector<proxy::ServerId> found = servers(state);
        REQUIRE_FALSE(found.empty());
        return found.front();
    }
    int count(State state) const { return static_cast<int>(servers(state).size()); }
    int total() const { return static_cast<int>(states.size()) - count(State::vacant); }

    // Brings `wanted` servers up, idle, by way of as many waiters.
    void fill(int wanted) {
        for (int i = 0; i < wanted; ++i) {
            acquire(1000 + static_cast<std::uint32_t>(i));
        }
        while (count(State::connecting) > 0) {
            logged_in(first(State::connecting));
        }
        for (const proxy::ServerId server : servers(State::leased)) {
            release(server);
        }
        answers.clear();
        REQUIRE(count(State::idle) == wanted);
    }

    static constexpr std::uint32_t threads = 3;

    proxy::PoolCoreLimits limits;
    VirtualClock clock{};
    proxy::PoolCore core;
    std::vector<State> states{};
    std::vector<proxy::ThreadIndex> where{};   // the thread whose set a server is in
    std::deque<Waiting> queue{};
    std::vector<Answer> answers{};             // to those who waited
    int dials = 0;

private:
    template <typename Call>
    void with(Call call) {
        proxy::PoolActions actions;
        call(actions);
        perform(actions);
    }

    // Servers wander: each time they come back on the next thread.
    proxy::ThreadIndex thread_of(proxy::ServerId server) {
        proxy::ThreadIndex& thread = where[index_of(server)];
        thread = proxy::ThreadIndex{(static_cast<std::uint32_t>(thread) + 1) % threads};
        return thread;
    }

    void move(proxy::ServerId server, State from, State to) {
        states.resize(core.places());
        where.resize(core.places());
        REQUIRE(index_of(server) < states.size());
        REQUIRE(states[index_of(server)] == from);
        states[index_of(server)] = to;
    }

    void perform(const proxy::PoolActions& actions) {
        for (const proxy::PoolAction& action : actions) {
            perform(action);
        }
        check();
    }

    void perform(const proxy::PoolAction& action) {
        switch (action.kind) {
        case proxy::PoolAction::Kind::dial:
            move(action.server, State::vacant, State::connecting);
            ++dials;
            REQUIRE(total() <= core.facts(clock.now).effective_size);
            REQUIRE(total() <= limits.pool_size);
            REQUIRE(count(State::connecting) <= 2);
            return;
        case proxy::PoolAction::Kind::close:
            move(action.server, State::idle, State::closing);
            REQUIRE(action.from == where[index_of(action.server)]);
            return;
        case proxy::PoolAction::Kind::grant:
            move(action.server, State::idle, State::leased);
            REQUIRE(action.from == where[index_of(action.server)]);
            answer(action, action.server);
            return;
        case proxy::PoolAction::Kind::refuse: answer(action, std::nullopt); return;
        }
    }

    // Whoever is answered is the one who has waited longest.
    void answer(const proxy::PoolAction& action, std::optional<proxy::ServerId> server) {
        REQUIRE_FALSE(queue.empty());
        REQUIRE(action.client == queue.front().client);
        REQUIRE(action.waited == clock.now - queue.front().since);
        queue.pop_front();
        answers.push_back({action.client, server, action.reason});
    }

    void check() {
        states.resize(core.places());
        where.resize(core.places());
        const proxy::PoolFacts facts = core.facts(clock.now);
        for (std::size_t i = 0; i < states.size(); ++i) {
            REQUIRE(core.state_of(proxy::ServerId{static_cast<std::uint32_t>(i)}) == states[i]);
        }
        int sum = 0;
        for (std::size_t i = 0; i < proxy::server_state_count; ++i) {
            REQUIRE(facts.servers[i] == count(static_cast<State>(i)));
            sum += facts.servers[i];
        }
        REQUIRE(sum == static_cast<int>(core.places()));
        REQUIRE(facts.in_use == count(State::leased) + count(State::recovering));
        REQUIRE(facts.waiting == static_cast<int>(queue.size()));
        REQUIRE((queue.empty() || count(State::idle) == 0));
        REQUIRE(facts.effective_size >= 1);
        REQUIRE(facts.effective_size <= limits.pool_size);
        REQUIRE(core.is_vacant() == (total() == 0));
    }
};

}  // namespace pgweir::test
