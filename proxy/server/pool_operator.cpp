// What an operator tells a pool to do, and what he sees of it.
#include "proxy/server/pool.hpp"

namespace pgweir::proxy {

void Pool::pause() {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.pause(Clock::now(), actions);
    }
    perform(actions);
}

void Pool::resume() {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.resume(Clock::now(), actions);
    }
    perform(actions);
}

bool Pool::has_busy_servers() const {
    const std::lock_guard lock(mutex_);
    return core_.has_busy_servers();
}

void Pool::reconnect() {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.rotate_all(Clock::now(), actions);
    }
    perform(actions);
}

bool Pool::has_outdated_servers() const {
    const std::lock_guard lock(mutex_);
    return core_.has_outdated_servers();
}

void Pool::force_breaker(std::optional<BreakerState> state) {
    const std::lock_guard lock(mutex_);
    core_.force_breaker(state);
}

void Pool::probe_upstream() {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.probe_upstream(Clock::now(), actions);
    }
    perform(actions);
}

PoolView Pool::view() const {
    const std::lock_guard lock(mutex_);
    return core_.view(Clock::now());
}

std::vector<ServerIdentity> Pool::identities() const {
    const std::lock_guard lock(mutex_);
    return identities_;
}

}  // namespace pgweir::proxy
