#include "proxy/server/pool.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

namespace pgweir::proxy {

Pool::Pool(std::string name, const PoolLimits& limits, ServerTarget target, std::vector<Mailbox*> threads,
           HelperThreads& helpers)
    : name_(std::move(name)),
      threads_(std::move(threads)),
      helpers_(helpers),
      listening_(*this, threads_),
      max_prepared_statements_(limits.max_prepared_statements),
      lease_limits_(limits.lease),
      core_(limits.core, threads_.size(), static_cast<std::uint32_t>(std::hash<std::string>{}(name_)), Clock::now()),
      target_(std::move(target)),
      baseline_(std::make_shared<const BaselineSettings>(target_.server_settings)) {
    connections_.reserve(max_pool_size);
    for (std::size_t i = 0; i < threads_.size(); ++i) cells_.push_back(std::make_unique<metrics::RelayCells>());
}

Pool::~Pool() = default;

std::optional<Refusal> Pool::refuse_login() {
    const std::lock_guard lock(mutex_);
    const TimePoint now = Clock::now();
    if (core_.admits_login(now)) return std::nullopt;
    return refusal_of(RefusalReason::breaker_open, {}, now);
}

bool Pool::is_wanted() const {
    const std::lock_guard lock(mutex_);
    return core_.is_wanted(Clock::now());
}

Membership Pool::join(std::string_view flow, std::string_view user, Priority priority) {
    const std::lock_guard lock(mutex_);
    return core_.join(flow, user, priority);
}

void Pool::leave(const Membership& membership) {
    const std::lock_guard lock(mutex_);
    core_.leave(membership);
}

PoolAnswer Pool::acquire(const Claimant& claimant, Wish wish, std::optional<LeaseMark> wanted) {
    PoolActions actions;
    PoolAnswer answer{};
    {
        const std::lock_guard lock(mutex_);
        const TimePoint now = Clock::now();
        const Acquired acquired = core_.acquire(claimant, wish, wanted, now, actions);
        answer.kind = acquired.kind;
        answer.waiter = acquired.waiter;
        answer.needs_check = acquired.needs_check;
        answer.mark = acquired.mark;
        if (acquired.kind == Acquired::Kind::granted) {
            answer.server = connections_[index_of(acquired.server)].get();
            answer.server->holder.store(static_cast<std::uint32_t>(claimant.client.thread), std::memory_order_release);
        } else if (acquired.kind == Acquired::Kind::refused) {
            answer.refusal = refusal_of(acquired.reason, {}, now);
        }
    }
    perform(actions);
    return answer;
}

bool Pool::leave_queue(WaiterId waiter, const ClientId& client) {
    const std::lock_guard lock(mutex_);
    return core_.leave_queue(waiter, client);
}

void Pool::release(ServerConnection& server, ThreadIndex thread) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        server.holder.store(ServerConnection::nobody, std::memory_order_release);
        core_.release(server.id, thread, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::abandon(ServerConnection& server) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.abandon(server.id, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::recovered(ServerConnection& server, ThreadIndex thread) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        server.holder.store(ServerConnection::nobody, std::memory_order_release);
        core_.recovered(server.id, thread, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::pin(ServerConnection& server, PinReason reason) {
    const std::lock_guard lock(mutex_);
    core_.pin(server.id, reason, Clock::now());
}

void Pool::unpin(ServerConnection& server) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.unpin(server.id, Clock::now(), actions);
    }
    perform(actions);
}

LeaseMark Pool::mark_of(const ServerConnection& server) const {
    const std::lock_guard lock(mutex_);
    return core_.mark_of(server.id);
}

bool Pool::begin_inspection(ServerConnection& server, ThreadIndex thread) {
    const std::lock_guard lock(mutex_);
    if (!core_.begin_inspection(server.id, thread, Clock::now())) return false;
    server.holder.store(static_cast<std::uint32_t>(thread), std::memory_order_release);
    return true;
}

void Pool::end_inspection(ServerConnection& server) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        server.holder.store(ServerConnection::nobody, std::memory_order_release);
        core_.end_inspection(server.id, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::close(ServerConnection& server) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        if (core_.state_of(server.id) != ServerState::closing) core_.close(server.id, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::closed(ServerConnection& server) {
    server.holder.store(ServerConnection::nobody, std::memory_order_release);
    std::shared_ptr<PostgresHandle> handle = std::move(server.handle);
    helpers_.run([this, handle = std::move(handle), id = server.id]() mutable {
        handle.reset();
        PoolActions actions;
        {
            const std::lock_guard lock(mutex_);
            core_.closed(id, Clock::now(), actions);
        }
        perform(actions);
    });
}

void Pool::cancel(ServerConnection& server, ThreadIndex thread, std::function<void()> done) {
    ++server.cancels_in_flight;
    server.quarantine.sent();
    // The handle stays while a cancel is in flight: `closed` is called only after it has ended.
    helpers_.run_cancel([this, &server, handle = server.handle.get(), mailbox = threads_[index_of(thread)],
                         done = std::move(done)] {
        if (const std::optional<std::string> error = handle->cancel())
            spdlog::warn("event=cancel_failed pool={} server={} error={:?}", name_, index_of(server.id), *error);
        mailbox->post(Letter{.kind = Letter::Kind::cancel_ended, .server = &server});
        if (done) done();
    });
}

Refusal Pool::make_refusal(RefusalReason reason, Duration waited) {
    const std::lock_guard lock(mutex_);
    return refusal_of(reason, waited, Clock::now());
}

Refusal Pool::refusal_of(RefusalReason reason, Duration waited, TimePoint now) {
    Refusal refusal = core_.refusal(reason, waited, now);
    refusal.pool = name_;
    if (reason == RefusalReason::upstream_unavailable) refusal.upstream_text = upstream_failure_.value_or("");
    return refusal;
}

void Pool::perform(PoolActions& actions) {
    for (const PoolAction& action : actions) {
        switch (action.kind) {
        case PoolAction::Kind::grant: grant(action); break;
        case PoolAction::Kind::refuse: {
            Letter letter{.kind = Letter::Kind::refused, .client = action.client, .waited = action.waited};
            letter.refusal = make_refusal(action.reason, action.waited);
            if (Listening::is_meant(action.client)) letter.listening = &listening_;
            threads_[index_of(action.client.thread)]->post(std::move(letter));
            break;
        }
        case PoolAction::Kind::dial: dial(action.server); break;
        case PoolAction::Kind::close:
            threads_[index_of(action.from)]->post(
                Letter{.kind = Letter::Kind::close_server, .server = connections_[index_of(action.server)].get()});
            break;
        case PoolAction::Kind::tell_upstream:
        case PoolAction::Kind::tell_ceiling: tell(action); break;
        }
    }
}

void Pool::grant(const PoolAction& action) {
    ServerConnection* server = connections_[index_of(action.server)].get();
    // Nobody holds it and its state is `leased`: only this thread knows for whom, until the letter is read.
    server->holder.store(static_cast<std::uint32_t>(action.client.thread), std::memory_order_release);
    threads_[index_of(action.client.thread)]->post(Letter{.kind = Letter::Kind::server_granted,
                                                          .client = action.client,
                                                          .server = server,
                                                          .waited = action.waited});
}

void Pool::tick() {
    PoolActions actions;
    bool changed = false;
    bool is_hopeless = false;
    PoolFacts facts;
    {
        const std::lock_guard lock(mutex_);
        const TimePoint now = Clock::now();
        changed = core_.tick(now, actions);
        if (changed) facts = core_.facts(now);
        is_hopeless = core_.is_hopeless(now);
    }
    perform(actions);
    if (is_hopeless) wake_logins();
    if (changed)
        spdlog::warn("event=breaker_changed pool={} state={} usage={:.1f}% in_use={} effective_size={}", name_,
                     token(facts.breaker), facts.usage * 100, facts.in_use, facts.effective_size);
}

void Pool::set_limits(const PoolLimits& limits) {
    max_prepared_statements_.store(limits.max_prepared_statements, std::memory_order_relaxed);
    lease_limits_.store(limits.lease);
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.set_limits(limits.core, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::retire() {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        upstream_failure_ = "pgweir is shutting down";
        core_.retire(Clock::now(), actions);
    }
    perform(actions);
    wake_logins();
}

bool Pool::is_vacant() const {
    const std::lock_guard lock(mutex_);
    return core_.is_vacant();
}

PoolFacts Pool::facts() const {
    const std::lock_guard lock(mutex_);
    return core_.facts(Clock::now());
}

std::uint64_t Pool::unknown_refusals() const {
    const std::lock_guard lock(mutex_);
    return unknown_refusals_.count();
}

std::vector<const metrics::RelayCells*> Pool::all_cells() const {
    std::vector<const metrics::RelayCells*> cells;
    for (const auto& one : cells_) cells.push_back(one.get());
    return cells;
}

}  // namespace pgweir::proxy
