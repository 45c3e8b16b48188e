// A pool core on virtual time, and beside it a model of the world it decides about: which
// sockets exist and who holds them, who waits since when and for what, what is pinned.
// Every verb performs the core's actions on the model and then compares the two.
#pragma once

#include "proxy/core/pool_core.hpp"
#include "tests/support/print.hpp"
#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace pgweir::test {

struct PoolFixture {
    using State = proxy::ServerState;

    struct Waiting {
        proxy::ClientId client;
        proxy::WaiterId id;
        proxy::TimePoint since;
        proxy::Wish wish = proxy::Wish::server;
    };
    struct Pin {
        std::optional<proxy::PinReason> reason;
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

    proxy::Acquired acquire(std::uint32_t number, proxy::Wish wish = proxy::Wish::server,
                            std::optional<proxy::LeaseMark> wanted = std::nullopt) {
        proxy::PoolActions actions;
        const bool is_wanted_there = wanted && state_of(wanted->server) == State::idle && mark_of(wanted->server) == *wanted;
        const bool may_have_it = wish == proxy::Wish::server || may_pin();
        const proxy::Acquired acquired = core.acquire({client(number)}, wish, wanted, clock.now, actions);
        REQUIRE(acquired.is_untouched == (is_wanted_there && may_have_it));
        if (acquired.kind == proxy::Acquired::Kind::granted) {
            REQUIRE(may_have_it);
            lease(acquired.server, wish);
            REQUIRE(acquired.mark.number == mark_of(acquired.server).number);
            REQUIRE((!is_wanted_there || acquired.server == wanted->server));
        } else if (acquired.kind == proxy::Acquired::Kind::waiting) {
            queue.push_back({client(number), acquired.waiter, clock.now, wish});
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
        with([&](auto& actions) { core.abandon(server, clock.now, actions); });
    }
    void pin(proxy::ServerId server, proxy::PinReason reason) {
        std::optional<Pin>& pin = pins[index_of(server)];
        over_limit += static_cast<std::uint64_t>(!pin && !may_pin());
        pin = Pin{reason, pin ? pin->since : clock.now};
        core.pin(server, reason, clock.now);
        check();
    }
    void unpin(proxy::ServerId server) {
        pins[index_of(server)].reset();
        with([&](auto& actions) { core.unpin(server, clock.now, actions); });
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
        pins[index_of(server)].reset();
        with([&](auto& actions) { core.close(server, clock.now, actions); });
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
    void pause() {
        with([&](auto& actions) { core.pause(clock.now, actions); });
    }
    void resume() {
        with([&](auto& actions) { core.resume(clock.now, actions); });
    }
    void probe_upstream() {
        with([&](auto& actions) { core.probe_upstream(clock.now, actions); });
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
    proxy::LeaseMark mark_of(proxy::ServerId server) const { return {server, marks[index_of(server)]}; }
    int pinned() const {
        return static_cast<int>(std::count_if(pins.begin(), pins.end(), [](const auto& pin) { return pin.has_value(); }));
    }
    bool may_pin() const { return pinned() < limits.max_pinned; }
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
    std::vector<std::uint32_t> marks{};        // how often a session's state has passed to somebody else
    std::vector<std::optional<Pin>> pins{};
    std::uint64_t over_limit = 0;
    std::deque<Waiting> queue{};
    std::vector<Answer> answers{};             // to those who waited
    int dials = 0;
    std::set<proxy::ServerId> probes{};        // places last dialled above the effective size
    proxy::UpstreamState upstream = proxy::UpstreamState::closed;
    std::vector<int> told_ceilings{};

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

    State state_of(proxy::ServerId server) const {
        return index_of(server) < states.size() ? states[index_of(server)] : State::vacant;
    }

    void grow() {
        states.resize(core.places());
        where.resize(core.places());
        marks.resize(core.places());
        pins.resize(core.places());
    }

    void move(proxy::ServerId server, State from, State to) {
        grow();
        REQUIRE(index_of(server) < states.size());
        REQUIRE(states[index_of(server)] == from);
        states[index_of(server)] = to;
        if (from == State::leased) {
            pins[index_of(server)].reset();
        }
        const bool is_new = to == State::idle && (from == State::connecting || from == State::recovering);
        if (to == State::leased || is_new) {
            ++marks[index_of(server)];
        }
    }

    void lease(proxy::ServerId server, proxy::Wish wish) {
        move(server, State::idle, State::leased);
        if (wish == proxy::Wish::pin) {
            pins[index_of(server)] = Pin{std::nullopt, clock.now};
        }
    }

    bool may_go(const Waiting& waiting) const { return waiting.wish == proxy::Wish::server || may_pin(); }

    void perform(const proxy::PoolActions& actions) {
        for (const proxy::PoolAction& action : actions) {
            perform(action);
        }
        check();
    }

    void perform(const proxy::PoolAction& action) {
        switch (action.kind) {
        case proxy::PoolAction::Kind::dial:
            dialled(action.server);
            return;
        case proxy::PoolAction::Kind::close:
            move(action.server, State::idle, State::closing);
            REQUIRE(action.from == where[index_of(action.server)]);
            return;
        case proxy::PoolAction::Kind::grant:
            REQUIRE(action.from == where[index_of(action.server)]);
            lease(action.server,
                  answer(action, action.server, [this](const Waiting& waiting) { return may_go(waiting); }));
            return;
        case proxy::PoolAction::Kind::refuse:
            answer(action, std::nullopt, [](const Waiting&) { return true; });
            return;
        case proxy::PoolAction::Kind::tell_upstream:
            REQUIRE(action.upstream != upstream);
            upstream = action.upstream;
            return;
        case proxy::PoolAction::Kind::tell_ceiling: told_ceilings.push_back(action.size); return;
        }
    }

    // At most two at a time, and above the effective size only one, to try for one more.
    void dialled(proxy::ServerId server) {
        move(server, State::vacant, State::connecting);
        ++dials;
        probes.erase(server);
        if (total() > core.facts(clock.now).effective_size) {
            REQUIRE(count(State::connecting) == 1);
            probes.insert(server);
        }
        REQUIRE(total() <= limits.pool_size);
        REQUIRE(count(State::connecting) <= 2);
    }

    // Whoever is answered is the one who has waited longest, of those that may be.
    template <typename May>
    proxy::Wish answer(const proxy::PoolAction& action, std::optional<proxy::ServerId> server, May may) {
        const auto first = std::find_if(queue.begin(), queue.end(), may);
        REQUIRE(first != queue.end());
        REQUIRE(action.client == first->client);
        REQUIRE(action.waited == clock.now - first->since);
        const proxy::Wish wish = first->wish;
        queue.erase(first);
        answers.push_back({action.client, server, action.reason});
        return wish;
    }

    void check() {
        grow();
        const proxy::PoolFacts facts = core.facts(clock.now);
        for (std::size_t i = 0; i < states.size(); ++i) {
            const proxy::ServerId server{static_cast<std::uint32_t>(i)};
            REQUIRE(core.state_of(server) == states[i]);
            REQUIRE(core.mark_of(server).number == marks[i]);
        }
        int sum = 0;
        for (std::size_t i = 0; i < proxy::server_state_count; ++i) {
            REQUIRE(facts.servers[i] == count(static_cast<State>(i)));
            sum += facts.servers[i];
        }
        REQUIRE(sum == static_cast<int>(core.places()));
        REQUIRE(facts.in_use == count(State::leased) + count(State::recovering));
        REQUIRE(facts.waiting == static_cast<int>(queue.size()));
        const bool somebody_may_go =
            std::any_of(queue.begin(), queue.end(), [this](const Waiting& waiting) { return may_go(waiting); });
        REQUIRE((!somebody_may_go || count(State::idle) == 0));
        check_pins(facts);
        REQUIRE(facts.upstream == upstream);
        REQUIRE((upstream == proxy::UpstreamState::closed || total() == count(State::connecting) + count(State::closing)));
        REQUIRE(facts.effective_size >= 1);
        REQUIRE(facts.effective_size <= limits.pool_size);
        REQUIRE(core.is_vacant() == (total() == 0));
    }

    void check_pins(const proxy::PoolFacts& facts) const {
        std::array<int, proxy::pin_reason_count> by_reason{};
        proxy::Duration longest{};
        for (std::size_t i = 0; i < pins.size(); ++i) {
            if (pins[i]) {
                REQUIRE(states[i] == State::leased);
                longest = std::max<proxy::Duration>(longest, clock.now - pins[i]->since);
                by_reason[static_cast<std::size_t>(pins[i]->reason.value_or(proxy::PinReason::unknown))] += pins[i]->reason ? 1 : 0;
            }
        }
        REQUIRE(facts.pinned == pinned());
        REQUIRE(facts.max_pinned == limits.max_pinned);
        REQUIRE(facts.pins == by_reason);
        REQUIRE(facts.longest_pin == longest);
        REQUIRE(facts.pins_over_limit == over_limit);
    }
};

}  // namespace pgweir::test
