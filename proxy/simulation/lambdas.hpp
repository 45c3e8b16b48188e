// The lambdas of a simulation: when they start, what they ask for, what they do when it is
// refused. One invocation is one or more transactions; one transaction is one or more attempts.
#pragma once

#include "proxy/simulation/chance.hpp"
#include "proxy/simulation/event_queue.hpp"
#include "proxy/simulation/pool_port.hpp"
#include "proxy/simulation/servers.hpp"
#include "proxy/simulation/tally.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pgweir::proxy {

class Lambdas {
public:
    // Lifetime: all must outlive it.
    Lambdas(const std::vector<config::FlowOptions>& flows, int seed, PoolPort& pool, Servers& servers, EventQueue& events,
            TimePoint start);

    // Events.
    void flow_begins(const Event& event);
    void arrival(const Event& event);
    void step(const Event& event);
    void invocation_timeout(const Event& event);

    // The pool's answers.
    void perform(const PoolEffect& effect, TimePoint now);
    // The server that it held has died.
    void server_lost(LambdaIndex lambda, TimePoint now);

    std::size_t flows() const { return flows_.size(); }
    FlowTally& tally(std::size_t flow) { return flows_[flow].tally; }
    // Server time is counted when it ends; this counts what has passed of leases that go on.
    void count_server_time(TimePoint now);
    // Transactions that are wanted and not settled.
    std::uint64_t under_way(std::size_t flow) const;

private:
    enum class Phase {
        gone,               // its place is free for a new one
        starting,
        idle,               // warm, without an invocation
        awaiting_welcome,   // logging in to a pool that has had no server yet
        waiting,            // in the pool's queue
        working,            // holds a server
        backing_off,
        thinking,           // between two transactions
    };
    struct Lambda {
        std::uint32_t flow = 0;
        std::uint32_t round = 0;        // of its steps: an event of an earlier one is void
        std::uint32_t invocation = 0;   // likewise of its timeouts
        Phase phase = Phase::gone;
        bool is_connected = false;
        bool has_invocation = false;
        int transactions_left = 0;
        int attempt = 0;                // at the transaction under way
        ServerId server{};
        TimePoint wished_at{};
        TimePoint asked_at{};
        TimePoint held_since{};         // as far as it is not counted yet
        Duration work{};
    };
    struct Flow {
        Flow(const config::FlowOptions& its_options, int seed, std::uint32_t number)
            : options(its_options), arrivals(seed, 2 * number), chance(seed, 2 * number + 1) {}

        const config::FlowOptions& options;
        Chance arrivals;                    // apart, so that they do not depend on what becomes of them
        Chance chance;
        int live = 0;                       // lambdas
        std::vector<LambdaIndex> idle;      // the one used last is used next
        FlowTally tally{};
    };

    Flow& flow_of(const Lambda& lambda) { return flows_[lambda.flow]; }
    bool is_over(const Flow& flow, TimePoint now) const;
    void enter(LambdaIndex index, Phase phase, TimePoint step_at);
    void wait(LambdaIndex index, Phase phase);

    void start_lambda(std::uint32_t flow, TimePoint now);
    void begin_invocation(LambdaIndex index, TimePoint now);
    void want_transaction(LambdaIndex index, TimePoint now);
    void attempt(LambdaIndex index, TimePoint now);
    void ask_for_server(LambdaIndex index, TimePoint now);
    void granted(LambdaIndex index, ServerId server, TimePoint now);
    void refused(LambdaIndex index, const PoolEffect& effect, TimePoint now);
    void commit(LambdaIndex index, TimePoint now);
    void pause_or_give_up(LambdaIndex index, Duration retry_after, TimePoint now);
    void end_invocation(LambdaIndex index, Duration pause, TimePoint now);
    void disconnect(LambdaIndex index);
    void count_lease(Lambda& lambda, TimePoint now);

    PoolPort& pool_;
    Servers& servers_;
    EventQueue& events_;
    const TimePoint start_;
    std::vector<Flow> flows_;
    std::vector<Lambda> lambdas_;
    std::vector<LambdaIndex> vacant_;   // places of lambdas that are gone
};

}  // namespace pgweir::proxy
