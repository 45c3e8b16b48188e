// One pool: the mutex around its core, the connections it owns, and the performing of
// what the core decides. Any thread may call any method; a decision is made under the
// mutex, everything slow happens after it.
#pragma once

#include "metrics/catalog.hpp"
#include "proxy/core/pool_core.hpp"
#include "proxy/core/refusal.hpp"
#include "proxy/core/sequence_users.hpp"
#include "proxy/core/shared_lease_limits.hpp"
#include "proxy/core/upstream_refusal.hpp"
#include "proxy/core/welcome.hpp"
#include "proxy/server/helper_threads.hpp"
#include "proxy/server/learning.hpp"
#include "proxy/server/listening.hpp"
#include "proxy/server/login.hpp"
#include "proxy/server/mailbox.hpp"
#include "proxy/server/server_connection.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// What acquiring came to. `server`, when granted, is held by the asking thread from now on.
struct PoolAnswer {
    Acquired::Kind kind;
    ServerConnection* server = nullptr;
    bool needs_check = false;
    WaiterId waiter{};
    Refusal refusal{};
    LeaseMark mark{};            // granted
};

struct PoolLimits {
    PoolCoreLimits core{};
    int max_prepared_statements = 500;   // on one server
    LeaseLimits lease{};
};

// What stays the same of a server from its login to its end.
struct ServerIdentity {
    std::string peer;        // "host:port"; empty before the first login
    int backend_pid = 0;
    int descriptor = -1;
    bool is_tls = false;
};

// Most servers a pool may be configured with. Chosen: far above any PostgreSQL's max_connections in use.
constexpr std::size_t max_pool_size = 10'000;

class Pool {
public:
    Pool(std::string name, const PoolLimits& limits, ServerTarget target, std::vector<Mailbox*> threads,
         HelperThreads& helpers);
    ~Pool();

    const std::string& name() const { return name_; }

    // For logins.

    // Asks the breaker. Nullopt: the login may go on.
    std::optional<Refusal> refuse_login();
    // What to tell a client that logs in; null while no server has ever logged in.
    std::shared_ptr<const Welcome> welcome() const;
    // For a pool without a welcome: dials if nobody does, and calls `wake` once, on any thread,
    // when a welcome is there or none is to be expected soon.
    void request_welcome(std::function<void()> wake);
    // Why servers cannot be had just now, in the upstream's own words; nullopt while nothing is known to be wrong.
    std::optional<std::string> upstream_failure() const;

    // What the last logins have taught; null while it is not known.
    std::shared_ptr<const KnownSettings> known_settings() const { return knowledge_.settings(); }
    std::shared_ptr<const WatchedNames> watched_names() const { return knowledge_.names(); }
    std::shared_ptr<const ArrayTypes> array_types() const { return knowledge_.array_types(); }
    // What a client is about to make is watched from now on.
    void watch(const NamesToWatch& made) { knowledge_.watch(made, Clock::now()); }

    // For relay threads. `server` is held by the calling thread.

    // A client of this pool, from its login to its end: where its servers and turns are counted.
    Membership join(std::string_view flow, std::string_view user, Priority priority);
    void leave(const Membership& membership);

    // With Wish::pin the client waits while max_pinned servers are pinned, and what it gets is
    // pinned from then on. `wanted`: a lease whose server it would like to have back, if nobody had it since.
    PoolAnswer acquire(const Claimant& claimant, Wish wish = Wish::server, std::optional<LeaseMark> wanted = std::nullopt);
    bool leave_queue(WaiterId waiter, const ClientId& client);
    void release(ServerConnection& server, ThreadIndex thread);
    void abandon(ServerConnection& server);
    void recovered(ServerConnection& server, ThreadIndex thread);
    // A leased server keeps its client until `unpin` or the end of the lease. Never refused;
    // called again with another reason it keeps its start.
    void pin(ServerConnection& server, PinReason reason);
    void unpin(ServerConnection& server);
    // The lease that the calling thread has: also of one that was waited for, which no PoolAnswer tells.
    LeaseMark mark_of(const ServerConnection& server) const;
    const SharedLeaseLimits& lease_limits() const { return lease_limits_; }
    // Whether somebody would be helped by a server that comes free.
    bool is_wanted() const;
    int max_prepared_statements() const { return max_prepared_statements_.load(std::memory_order_relaxed); }
    // False when it is not idle on this thread any more. True: the thread holds it.
    bool begin_inspection(ServerConnection& server, ThreadIndex thread);
    void end_inspection(ServerConnection& server);
    void close(ServerConnection& server);
    // Its socket is closed and its EOF was seen. Frees the handle on a helper thread, then the place.
    void closed(ServerConnection& server);
    void arrived(ServerConnection& server, ThreadIndex thread);
    // Asks PostgreSQL to cancel what `server` does; its thread gets a letter when that has
    // ended, and `done`, which may be empty, is called on a helper thread.
    void cancel(ServerConnection& server, ThreadIndex thread, std::function<void()> done);
    Refusal make_refusal(RefusalReason reason, Duration waited);

    // For the daemon.

    void tick();
    void set_limits(const PoolLimits& limits);
    // How servers are logged in to from now on. Those that exist are replaced as they come
    // free when the DSN or the server_settings are others.
    void set_target(ServerTarget target);
    void retire();
    bool is_vacant() const;

    // For an operator (pool_operator.cpp).

    // No client is given a server until `resume`; servers are closed as they come free.
    void pause();
    void resume();
    bool has_busy_servers() const;
    // Logins are refused; those inside go on.
    void set_disabled(bool is_disabled) { is_disabled_.store(is_disabled, std::memory_order_relaxed); }
    bool is_disabled() const { return is_disabled_.load(std::memory_order_relaxed); }
    // Every server there is now is replaced as it comes free.
    void reconnect();
    bool has_outdated_servers() const;
    void force_breaker(std::optional<BreakerState> state);
    void probe_upstream();
    PoolView view() const;
    // By ServerId.
    std::vector<ServerIdentity> identities() const;
    PoolFacts facts() const;
    // Server logins refused for a reason that the classifier does not know, since start.
    std::uint64_t unknown_refusals() const;
    Listening& listening() { return listening_; }
    SequenceUsers& sequence_users() { return sequence_users_; }
    metrics::RelayCells& cells(ThreadIndex thread) { return *cells_[index_of(thread)]; }
    std::vector<const metrics::RelayCells*> all_cells() const;

private:
    void perform(PoolActions& actions);
    void grant(const PoolAction& action);
    void dial(ServerId place);
    void learned(const Knowledge& knowledge);
    void welcome_changed(ServerId place, const Welcome& welcome);
    void login_failed(ServerId place, const LoginFailure& failure);
    void tell(const PoolAction& change) const;
    void wake_logins();
    Refusal refusal_of(RefusalReason reason, Duration waited, TimePoint now);   // Requires: mutex_ held

    const std::string name_;
    const std::vector<Mailbox*> threads_;
    HelperThreads& helpers_;
    std::vector<std::unique_ptr<metrics::RelayCells>> cells_;   // by thread
    Listening listening_;
    SequenceUsers sequence_users_;

    KnowledgeShelf knowledge_;

    std::atomic<int> max_prepared_statements_;
    std::atomic<bool> is_disabled_{false};
    SharedLeaseLimits lease_limits_;

    mutable std::mutex mutex_;
    PoolCore core_;
    // By ServerId. Grows under the mutex and never moves, so that a connection named by an action is found without it.
    std::vector<std::unique_ptr<ServerConnection>> connections_;
    std::vector<ServerIdentity> identities_;   // by ServerId, of the last login
    ServerTarget target_;
    std::shared_ptr<const BaselineSettings> baseline_;
    std::shared_ptr<const Welcome> welcome_;
    std::optional<std::string> upstream_failure_;
    UnknownRefusals unknown_refusals_;
    std::vector<std::function<void()>> waiting_logins_;
};

}  // namespace pgweir::proxy
