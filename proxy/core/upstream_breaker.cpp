#include "proxy/core/upstream_breaker.hpp"

namespace pgweir::proxy {
namespace {

// Chosen: with the pacer's pauses five failures take some three seconds, in which a restarted database is back and
// those who wait are served. A login that takes as long until it fails, because nobody answers at all, counts for five.
constexpr int most_failures = 5;
constexpr Duration longest_failure = std::chrono::seconds(3);

// Failures with a longer pause between them are two hiccups, not one outage. Chosen: far above the pacer's longest
// pause after a transient failure.
constexpr Duration same_outage = std::chrono::seconds(15);

// How long clients wait for a login that is to show whether the outage has ended. Chosen: a login through TLS to
// another continent takes less; where nobody answers it takes until server_connect_timeout.
constexpr Duration probe_patience = std::chrono::seconds(1);

}  // namespace

bool UpstreamBreaker::login_began(TimePoint now) { return on(UpstreamEvent::probe, now); }

bool UpstreamBreaker::login_succeeded(TimePoint now) {
    failures_ = 0;
    has_failed_long_ = false;
    reason_ = DialOutcome::ok;
    return on(UpstreamEvent::recover, now);
}

bool UpstreamBreaker::login_failed(DialOutcome outcome, Duration took, bool is_any_live, TimePoint now) {
    if (outcome == DialOutcome::capacity) {
        // Full is not down: who waits may be served. But poolers look at the limit before they look at the password.
        const bool shows_it_at_work = !is_for_good(reason_);
        return shows_it_at_work ? login_succeeded(now) : on(UpstreamEvent::fail, now);
    }
    const bool is_same_outage = outcome == DialOutcome::transient && now - took - last_failed_at_ <= same_outage;
    failures_ = is_same_outage ? failures_ + 1 : 1;
    has_failed_long_ = outcome == DialOutcome::transient && took >= longest_failure;
    last_failed_at_ = now;
    reason_ = outcome;
    if (state_ == UpstreamState::closed) return !is_any_live && servers_gone(now);
    return on(UpstreamEvent::fail, now);
}

bool UpstreamBreaker::servers_gone(TimePoint now) { return is_given_up() && on(UpstreamEvent::give_up, now); }

bool UpstreamBreaker::forget(TimePoint now) {
    failures_ = 0;
    has_failed_long_ = false;
    reason_ = DialOutcome::ok;
    return on(UpstreamEvent::forget, now);
}

bool UpstreamBreaker::is_refusing(TimePoint now) const {
    return state_ == UpstreamState::open ||
           (state_ == UpstreamState::half_open && now - entered_at_ >= probe_patience);
}

bool UpstreamBreaker::is_given_up() const {
    return is_for_good(reason_) || failures_ >= most_failures || has_failed_long_;
}

bool UpstreamBreaker::on(UpstreamEvent event, TimePoint now) {
    const std::optional<UpstreamState> to = next(state_, event);
    if (!to) return false;
    state_ = *to;
    entered_at_ = now;
    ++entered_[static_cast<std::size_t>(*to)];
    return true;
}

}  // namespace pgweir::proxy
