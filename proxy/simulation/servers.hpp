// The servers of a simulation: logins under way, connections, their ends. Performs what
// the pool decides about them, and tells the pool what the upstream did.
#pragma once

#include "proxy/simulation/event_queue.hpp"
#include "proxy/simulation/pool_port.hpp"
#include "proxy/simulation/time_mean.hpp"
#include "proxy/simulation/upstream.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pgweir::proxy {

struct LoginCounts {
    std::uint64_t ok = 0;
    std::uint64_t refused = 0;   // for lack of capacity
    std::uint64_t failed = 0;    // nobody there
};

class Servers {
public:
    // Lifetime: all must outlive it.
    Servers(const config::UpstreamOptions& options, PoolPort& pool, EventQueue& events, TimePoint start);

    // The pool's wishes.
    void dial(ServerId server, TimePoint now);
    void close(ServerId server, TimePoint now);

    // A lambda's doings with the server it holds.
    void granted(ServerId server, LambdaIndex lambda, TimePoint now);
    void release(ServerId server, TimePoint now);
    void abandon(ServerId server, TimePoint now);

    // Events.
    void login_ends(const Event& event);
    void recovered(const Event& event);
    void closed(const Event& event);
    // Every connection dies. Returns the lambdas that held one.
    std::vector<LambdaIndex> die(TimePoint now);

    const LoginCounts& logins() const { return logins_; }
    std::uint64_t lost() const { return lost_; }
    const TimeMean& open() const { return open_; }       // from the first packet of the login to the EOF
    const TimeMean& in_use() const { return in_use_; }   // held by a lambda, or being recovered from one
    const Upstream& upstream() const { return upstream_; }

private:
    enum class State { vacant, connecting, open, recovering, closing };
    struct Place {
        State state = State::vacant;
        std::uint32_t round = 0;   // of its connection
        TimePoint dialled_at{};
        std::optional<LambdaIndex> holder;
    };

    Place& place_of(ServerId server);
    void begin_to_close(ServerId server, TimePoint now);
    void let_go(Place& place, TimePoint now);

    Upstream upstream_;
    PoolPort& pool_;
    EventQueue& events_;
    const TimePoint start_;
    std::vector<Place> places_;
    LoginCounts logins_;
    std::uint64_t lost_ = 0;
    TimeMean open_;
    TimeMean in_use_;
};

}  // namespace pgweir::proxy
