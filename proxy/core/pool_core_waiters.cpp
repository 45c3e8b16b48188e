// Who waits, and what those are told who wait in vain.
#include "proxy/core/pool_core.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// What a client is told when a login may begin at any moment, or has begun. Chosen: it takes about as long.
constexpr Duration soonest_retry = std::chrono::milliseconds(250);

}  // namespace

// An idle server is there only beside those who may not have it.
void PoolCore::serve_waiters(TimePoint now, PoolActions& actions) {
    while (const std::optional<WaiterId> waiter = is_paused_ ? std::nullopt : waiters_.next(who_may_go())) {
        const std::uint32_t index = newest_idle(waiters_[*waiter].client.thread);
        if (index == none) {
            dial_if_needed(now, actions);
            return;
        }
        grant(index, *waiter, now, actions);
    }
}

// One more server helps those only who may go.
int PoolCore::waiting_for_servers() const {
    const auto waiting = [this](Priority priority, Wish wish) { return static_cast<int>(waiters_.size(priority, wish)); };
    const int may_pin_yet = std::max(limits_.max_pinned - pinned_, 0);
    const int high = waiting(Priority::high, Wish::server) + std::min(waiting(Priority::high, Wish::pin), may_pin_yet);
    const int normal = waiting(Priority::normal, Wish::server) + std::min(waiting(Priority::normal, Wish::pin), may_pin_yet);
    return high + (reserve() == 0 ? normal : std::min(normal, std::max(room_for_normal(), 0)));
}

// When trying again is worth while.
Duration PoolCore::retry_after(RefusalReason reason, TimePoint now) const {
    switch (reason) {
    case RefusalReason::upstream_unavailable: return std::max<Duration>(pacer_.next_dial_at() - now, soonest_retry);
    case RefusalReason::queue_full:
    case RefusalReason::queue_timeout:
    case RefusalReason::pin_limit: return releases_.expected_wait(waiters_.size() + 1, now);
    case RefusalReason::breaker_open:
    case RefusalReason::max_client_conn:
    case RefusalReason::max_user_client_connections:
    case RefusalReason::draining: return breaker_.retry_after(now);
    }
    return breaker_.retry_after(now);
}

Refusal PoolCore::refusal(RefusalReason reason, Duration waited, TimePoint now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    Refusal refusal{.reason = reason};
    refusal.in_use = in_use();
    refusal.size = size_now_;
    refusal.pinned = pinned_;
    refusal.max_pinned = limits_.max_pinned;
    refusal.retry_after = duration_cast<milliseconds>(jitter_.around(retry_after(reason, now)));
    refusal.waited = duration_cast<milliseconds>(waited);
    return refusal;
}

}  // namespace pgweir::proxy
