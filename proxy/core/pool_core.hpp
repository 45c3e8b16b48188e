// Every decision of one pool: who gets a server, when to dial, when to close, whom to
// refuse. A value under its Pool's mutex: no I/O, no clock, no lock, no log. Each call
// appends what the driver must do afterwards, outside the mutex, to `actions`.
#pragma once

#include "proxy/core/breaker.hpp"
#include "proxy/core/dial_pacer.hpp"
#include "proxy/core/ids.hpp"
#include "proxy/core/jitter.hpp"
#include "proxy/core/pins.hpp"
#include "proxy/core/pool_facts.hpp"
#include "proxy/core/pool_view.hpp"
#include "proxy/core/refusal.hpp"
#include "proxy/core/release_rate.hpp"
#include "proxy/core/server_state.hpp"
#include "proxy/core/upstream_breaker.hpp"
#include "proxy/core/upstream_ceiling.hpp"
#include "proxy/core/waiter_queue.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct PoolCoreLimits {
    int pool_size = 20;
    int min_pool_size = 0;
    int max_waiting = 1000;
    int max_pinned = 5;
    int reserved_for_high = 0;   // servers that those without high priority leave free; at most half of the effective size is
    ShareLimits shares{};
    Duration query_wait_timeout = std::chrono::seconds(30);   // 0: for ever
    Duration server_idle_timeout = std::chrono::minutes(5);   // 0: never
    Duration server_lifetime = std::chrono::minutes(30);      // 0: for ever
    Duration server_check_delay = std::chrono::seconds(15);
    BreakerLimits breaker{};
};

// Servers that are reserved in a pool which users of high priority may enter. Chosen: a tenth, at the default size two,
// which is what a burst of short statements needs while logins for more are under way.
constexpr int reserve_for_high(int pool_size) { return (pool_size + 9) / 10; }

struct PoolAction {
    enum class Kind {
        grant,    // `server` is `client`'s now; `from` is the thread whose set it is still in, if any
        refuse,   // `client` has left the queue for `reason`
        dial,     // log in for the place `server`
        close,    // `server` is to be closed by the thread `from`
        tell_upstream,   // the upstream breaker is `upstream` now, because of `outcome`
        tell_ceiling,    // of `configured_size` servers `size` are thought to be possible now
    };
    Kind kind;
    ServerId server{};
    ClientId client{};
    ThreadIndex from{};
    RefusalReason reason{};
    Duration waited{};   // grant and refuse: time in the queue
    UpstreamState upstream{};
    DialOutcome outcome{};
    int size = 0;
    int configured_size = 0;
};

// A release or grant makes one action; room for a few more without allocating.
using PoolActions = boost::container::small_vector<PoolAction, 4>;

// Names one lease: of a place's leases, logins and recoveries, the how manieth it was.
struct LeaseMark {
    ServerId server{};
    std::uint32_t number = 0;

    friend bool operator==(const LeaseMark&, const LeaseMark&) = default;
};

// Whether a lease follows on another one of the same session, with nobody in between: what
// the first has left in the server is still as it was.
constexpr bool follows(const LeaseMark& later, const LeaseMark& earlier) {
    return later.server == earlier.server && later.number == earlier.number + 1;
}

// Who asks for a server, and where it is counted.
struct Claimant {
    ClientId client;
    Membership membership{};
};

struct Acquired {
    enum class Kind { granted, waiting, refused };
    Kind kind;
    ServerId server{};               // granted
    ThreadIndex from{};              // granted: whose set the server is in
    bool needs_check = false;        // granted: idle for longer than server_check_delay
    WaiterId waiter{};               // waiting
    RefusalReason reason{};          // refused
    LeaseMark mark{};                // granted
    bool is_untouched = false;       // granted: the server wanted, and nobody has used it since
};

class PoolCore {
public:
    PoolCore(const PoolCoreLimits& limits, std::size_t threads, std::uint32_t seed, TimePoint now);

    void set_limits(const PoolCoreLimits& limits, TimePoint now, PoolActions& actions);

    // A client belongs to a flow and a user from its login until it leaves.
    Membership join(std::string_view flow, std::string_view user, Priority priority) { return waiters_.join(flow, user, priority); }
    void leave(const Membership& membership) { waiters_.leave(membership); }

    // A client wants a server; with Wish::pin it waits while max_pinned servers are pinned, and
    // what it gets counts as pinned from the grant on. `wanted`, a lease it had, is preferred when
    // its server is idle and untouched since.
    Acquired acquire(const Claimant& claimant, Wish wish, const std::optional<LeaseMark>& wanted, TimePoint now,
                     PoolActions& actions);
    // The client does not want it any more. False when it is not in the queue: a grant or refusal is on its way.
    bool leave_queue(WaiterId waiter, const ClientId& client);

    // A leased server comes back clean, on `thread`.
    void release(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions);
    // A leased server comes back dirty and stays with its thread until `recovered` or `close`.
    void abandon(ServerId server, TimePoint now, PoolActions& actions);
    void recovered(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions);

    // A leased server keeps its client until `unpin` or the end of the lease. Never refused: what
    // shows itself too late to wait is counted. Again, with another reason: the start stays.
    void pin(ServerId server, PinReason reason, TimePoint now);
    void unpin(ServerId server, TimePoint now, PoolActions& actions);

    // Something came from an idle server. False when it was granted or closed meanwhile: then it is not `thread`'s.
    bool begin_inspection(ServerId server, ThreadIndex thread, TimePoint now);
    void end_inspection(ServerId server, TimePoint now, PoolActions& actions);

    // Its thread is closing this server. It counts until `closed`.
    void close(ServerId server, TimePoint now, PoolActions& actions);
    // The server's EOF was seen.
    void closed(ServerId server, TimePoint now, PoolActions& actions);

    void logged_in(ServerId server, ThreadIndex thread, TimePoint now, PoolActions& actions);
    void login_failed(ServerId server, DialOutcome outcome, std::optional<int> upstream_limit, TimePoint now,
                      PoolActions& actions);

    // Somebody needs a server to exist although nobody waits for one (the first welcome).
    void want_welcome(TimePoint now, PoolActions& actions);
    // No server can be had, and none is about to be: whoever waits should be told.
    bool is_hopeless(TimePoint now) const;

    // The breaker's word on a new login.
    bool admits_login(TimePoint now);
    // Somebody would be helped by a server that comes free: waits for one and none is on its way, or was refused for
    // want of one within the breaker's last window.
    bool is_wanted(TimePoint now) const;
    // All there is to say to whom it refuses, apart from names and the upstream's words.
    Refusal refusal(RefusalReason reason, Duration waited, TimePoint now);

    // Deadlines, rotation, the breaker. True when the breaker changed state. Call every 100 ms.
    bool tick(TimePoint now, PoolActions& actions);

    // No more dials; idle servers are closed, others when they come back.
    void retire(TimePoint now, PoolActions& actions);
    bool is_vacant() const { return total() == 0; }

    // A new connection string or new server_settings: servers that exist are closed when idle.
    void rotate_all(TimePoint now, PoolActions& actions);

    // Its login began with settings that are no longer in force; what it taught is void.
    bool is_outdated(ServerId server) const { return places_[index_of(server)].is_outdated; }

    // What an operator may say (pool_core_operator.cpp).

    // Nobody is given a server until `resume`, and servers are closed as they come free; clients wait as long as they may.
    void pause(TimePoint now, PoolActions& actions);
    void resume(TimePoint now, PoolActions& actions);
    bool is_paused() const { return is_paused_; }
    // Whether a client still holds a server, or one is being made clean.
    bool has_busy_servers() const;
    // Whether a server of before the last `rotate_all` is still there.
    bool has_outdated_servers() const;
    // What the breaker says to logins, whatever the usage; nullopt: it is itself again.
    void force_breaker(std::optional<BreakerState> state);
    // Whatever was learned about the upstream is void, and one login is tried at once.
    void probe_upstream(TimePoint now, PoolActions& actions);
    // O(places) and O(flows).
    PoolView view(TimePoint now) const;

    // The thread on which a new server is needed first.
    ThreadIndex thread_for_new_server();

    // O(places).
    PoolFacts facts(TimePoint now) const;
    ServerState state_of(ServerId server) const { return places_[index_of(server)].state; }
    LeaseMark mark_of(ServerId server) const { return {server, places_[index_of(server)].lease_number}; }
    std::size_t places() const { return places_.size(); }

private:
    static constexpr std::uint32_t none = 0xffffffff;

    struct Pin {
        std::optional<PinReason> reason;   // none yet: granted to a client that is about to pin
        TimePoint since;
    };
    struct Place {
        ServerState state = ServerState::vacant;
        ThreadIndex thread{};            // idle: in whose set it is
        TimePoint idle_since{};
        TimePoint opened_at{};
        TimePoint dialled_at{};
        std::uint32_t ordinal = 0;       // its jitter's: which of the pool's servers it is, ever
        std::uint32_t lease_number = 0;
        std::optional<Pin> pin;
        Membership membership;           // leased: the lessee's
        ClientId lessee{};               // leased
        bool is_outdated = false;        // dialled before the last rotation: to be closed instead of becoming idle
        bool is_probe = false;           // was dialled above the learned ceiling
        std::uint32_t before = none;     // in the idle list of its thread
        std::uint32_t after = none;
    };

    void grow(int size);
    void transition(std::uint32_t index, ServerEvent event, TimePoint now);
    void change_pin(std::uint32_t index, const std::optional<Pin>& pin);
    void link_idle(std::uint32_t index);
    void unlink_idle(std::uint32_t index);
    // A server has become clean and free on its thread: the next waiter's, idle, or closed.
    void hand_on(std::uint32_t index, ThreadIndex thread, ServerEvent event, TimePoint now, PoolActions& actions);
    std::uint32_t newest_idle(ThreadIndex preferred) const;
    std::uint32_t find_idle(const ClientId& client, const std::optional<LeaseMark>& wanted) const;
    void grant(std::uint32_t index, WaiterId waiter, TimePoint now, PoolActions& actions);
    void lease(std::uint32_t index, const Claimant& claimant, Wish wish, TimePoint now);
    // Somebody who was passed over may go now: a pin has ended, the reserve is larger than it must be.
    void serve_waiters(TimePoint now, PoolActions& actions);
    // Makes room in a full queue for a newcomer whose flow has fewer waiters than another.
    bool make_room(const Membership& newcomer, TimePoint now, PoolActions& actions);
    bool may_pin() const { return pinned_ < limits_.max_pinned; }
    int reserve() const { return std::min(limits_.reserved_for_high, size_now_ / 2); }
    int room_for_normal() const { return size_now_ - reserve() - in_use(); }
    Eligible who_may_go() const { return {.pins = may_pin(), .normal = reserve() == 0 || room_for_normal() > 0}; }
    bool may_go(const Membership& membership, Wish wish) const;
    int waiting_for_servers() const;
    Duration retry_after(RefusalReason reason, TimePoint now) const;
    Duration longest_pin(TimePoint now) const;
    void close_idle(std::uint32_t index, TimePoint now, PoolActions& actions);
    void dial_if_needed(TimePoint now, PoolActions& actions);
    int wanted_logins() const;
    bool may_probe(TimePoint now) const;
    void judge_upstream(TimePoint now, PoolActions& actions);
    void refuse_if_hopeless(TimePoint now, PoolActions& actions);
    void update_size(TimePoint now, PoolActions& actions);
    BreakerState breaker_state() const { return forced_breaker_.value_or(breaker_.state()); }
    void tell_upstream(PoolActions& actions) const;
    void forget_upstream(TimePoint now, PoolActions& actions);
    void refuse_waiter(const Waiter& waiter, RefusalReason reason, TimePoint now, PoolActions& actions);
    void refuse_waiters(RefusalReason reason, TimePoint now, PoolActions& actions);
    void retire_idle(TimePoint now, PoolActions& actions);
    bool is_surplus(const Place& place, TimePoint now) const;
    bool is_old(const Place& place, TimePoint now) const;
    RefusalReason wait_ended_reason(const Waiter& waiter) const;

    int count(ServerState state) const { return counts_[static_cast<std::size_t>(state)]; }
    int total() const;
    int live() const;   // those that serve somebody or can
    int in_use() const;

    PoolCoreLimits limits_;
    std::vector<Place> places_;
    std::array<int, server_state_count> counts_{};
    std::vector<std::uint32_t> idle_;   // by thread: head of its list, newest first
    WaiterQueue waiters_;
    ReleaseRate releases_;
    Jitter jitter_;
    DialPacer pacer_;
    UpstreamCeiling ceiling_;
    UpstreamBreaker upstream_;
    Breaker breaker_;
    int pinned_ = 0;
    std::array<int, pin_reason_count> pins_{};
    std::array<std::uint64_t, pin_reason_count> pins_started_{};
    std::uint64_t pins_over_limit_ = 0;
    int size_now_ = 0;                  // effective size as last computed
    bool is_lowered_ = false;           // it is below the configured one
    std::optional<TimePoint> refused_at_;   // when somebody was last refused for want of a server
    bool wants_welcome_ = false;
    bool is_retired_ = false;
    bool is_paused_ = false;
    std::optional<BreakerState> forced_breaker_;
    std::uint32_t lifetimes_ = 0;       // counts servers, for their jitter
    std::uint32_t next_thread_ = 0;
    std::array<std::uint64_t, 3> breaker_entered_{};
    std::array<std::uint64_t, refusal_reason_count> refusals_{};
    std::array<std::uint64_t, dial_outcome_count> dials_{};
};

}  // namespace pgweir::proxy
