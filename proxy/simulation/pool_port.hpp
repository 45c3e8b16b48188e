// Where the simulation meets the daemon's cores: gate, breaker, pool. The only file that
// knows them; it asks them as proxy/client and proxy/server do, in the same order, and
// turns what they decide into effects, which the simulation then performs.
#pragma once

#include "proxy/core/gate.hpp"
#include "proxy/core/pool_core.hpp"
#include "proxy/simulation/upstream.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::proxy {

// A lambda of the simulation, by its place in the list of all.
using LambdaIndex = std::uint32_t;

// What the queue may want to know of whoever asks.
struct SimulatedFlow {
    std::string name;
    std::string user;
    Priority priority = Priority::normal;
    int weight = 1;
};

struct PoolEffect {
    enum class Kind {
        grant,     // `server` is `lambda`'s now
        refuse,    // `lambda` does not get what it asked for, a login or a server
        welcome,   // `lambda` waited for the pool's first server, and may go on
        dial,      // log in for the place `server`
        close,     // close `server`
    };
    Kind kind;
    ServerId server{};
    LambdaIndex lambda = 0;
    RefusalReason reason{};
    Duration retry_after{};
};

// What there is to say of the pool at one moment.
struct PoolStanding {
    int effective_size = 0;
    int waiting = 0;
    BreakerState breaker = BreakerState::closed;
    std::uint64_t breaker_openings = 0;
    std::uint64_t breaker_closings = 0;
};

class PoolPort {
public:
    // `flows`: whoever asks, by the number that `acquire` gets.
    PoolPort(const PoolCoreLimits& limits, const config::ClientLimits& client_limits, std::vector<SimulatedFlow> flows,
             int seed, TimePoint now);

    // For lambdas. Each is answered by an effect, at once or later.

    // Gate, breaker, the user's limit. False: refused. The lambda's seat is kept until `log_out`.
    bool log_in(LambdaIndex lambda, std::uint32_t flow, TimePoint now);
    void log_out(LambdaIndex lambda);
    // A login ends only when there has been a server to learn from. True: there has.
    bool is_welcome(LambdaIndex lambda, TimePoint now);
    void acquire(LambdaIndex lambda, std::uint32_t flow, TimePoint now);
    // Requires: the lambda waits.
    void leave_queue(LambdaIndex lambda);

    // For servers.

    void release(ServerId server, TimePoint now);
    void abandon(ServerId server, TimePoint now);
    void recovered(ServerId server, TimePoint now);
    // Its connection died. The place counts until `closed`.
    void lost(ServerId server, TimePoint now);
    void closed(ServerId server, TimePoint now);
    void login_ended(ServerId server, const UpstreamAnswer& answer, TimePoint now);

    void tick(TimePoint now);

    PoolStanding standing(TimePoint now) const;

    // What was decided since the last call. Lifetime: until the next call.
    const std::vector<PoolEffect>& take_effects();

private:
    static ClientId client(LambdaIndex lambda) { return ClientId{ThreadIndex{0}, lambda, 1}; }
    void translate(const PoolActions& actions, TimePoint now);
    Duration retry_after(RefusalReason reason, TimePoint now);
    void refuse(LambdaIndex lambda, RefusalReason reason, Duration retry_after);
    void wake_logins();

    PoolCore core_;
    Gate gate_;
    const config::ClientLimits client_limits_;
    const std::vector<SimulatedFlow> flows_;
    std::vector<Membership> memberships_;   // by flow
    std::vector<Ticket> tickets_;      // by lambda
    std::vector<WaiterId> waiters_;    // by lambda; of those that wait
    std::vector<LambdaIndex> waiting_logins_;
    bool has_welcome_ = false;
    std::vector<PoolEffect> effects_;
    std::vector<PoolEffect> taken_;
};

}  // namespace pgweir::proxy
