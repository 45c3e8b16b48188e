#include "proxy/core/dial_pacer.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Logins of one pool under way at once. Chosen: a login costs the upstream a fork and us 6 ms of PBKDF2;
// more at once only makes each slower (design: at most 2). After a failure one login feels the way. That is
// ramp enough after an outage too: the first success allows two, and each login that ends makes room for one.
constexpr int max_logins_in_flight = 2;
constexpr int max_logins_after_failure = 1;

// Supavisor locks an address out for everybody after 10 refused logins in 300 s, for 600 s, and before 2.9 after
// 10 in some 150 s (field facts). Three in any 150 s leave room for other daemons that have the same password.
constexpr Duration lockout_window = seconds(150);

// Pauses double with each failure of the same kind, and vary by up to 20 % either way between first and most.
struct Pause {
    Duration first;
    Duration most;
};

constexpr Pause pause_of(DialOutcome outcome) {
    switch (outcome) {
    case DialOutcome::ok: return {Duration::zero(), Duration::zero()};
    // Chosen: fast enough that a restarted database is met within a second.
    case DialOutcome::transient: return {milliseconds(250), seconds(1)};
    // Somebody else has the slots; he may give one back at any moment.
    case DialOutcome::capacity: return {seconds(1), seconds(15)};
    // Somebody has to act, and reloads when he acts here.
    case DialOutcome::config: return {seconds(15), minutes(2)};
    case DialOutcome::credential: return {seconds(80), minutes(5)};
    // Field facts: 120 s and more.
    case DialOutcome::locked_out: return {seconds(120), minutes(10)};
    }
    return {Duration::zero(), Duration::zero()};
}

constexpr bool endangers(DialOutcome outcome) {
    return outcome == DialOutcome::credential || outcome == DialOutcome::locked_out;
}

}  // namespace

void DialPacer::finished(DialOutcome outcome, TimePoint now) {
    if (endangers(outcome)) {
        refused_at_[oldest_refused_] = now;
        oldest_refused_ = (oldest_refused_ + 1) % refused_at_.size();
    }
    if (outcome == DialOutcome::ok) {
        outcome_ = outcome;
        failures_ = 0;
        not_before_ = now;
        return;
    }
    // Two that fail together are one failure.
    const bool is_pausing = now < not_before_;
    const int failures = outcome == outcome_ ? failures_ + (is_pausing ? 0 : 1) : 1;
    const Pause pause = pause_of(outcome);
    const Duration doubled = std::min(pause.first * (1 << std::min(failures - 1, 10)), pause.most);
    const TimePoint until =
        now + jitter_.between(std::max(doubled * 80 / 100, pause.first), std::min(doubled * 120 / 100, pause.most));
    // Of two logins under way the one with the worse news has the say.
    if (until < not_before_) return;
    failures_ = failures;
    outcome_ = outcome;
    not_before_ = until;
}

void DialPacer::reset() {
    outcome_ = DialOutcome::ok;
    failures_ = 0;
    not_before_ = TimePoint{};
    refused_at_ = {};
}

// Each login under way may still be refused.
bool DialPacer::may_dial(int in_flight, TimePoint now) const {
    return now >= not_before_ && in_flight < (is_failing() ? max_logins_after_failure : max_logins_in_flight) &&
           refused_credentials(now) + in_flight < static_cast<int>(max_refused_credentials);
}

TimePoint DialPacer::next_dial_at() const {
    const std::optional<TimePoint>& oldest = refused_at_[oldest_refused_];
    return oldest ? std::max(not_before_, *oldest + lockout_window) : not_before_;
}

int DialPacer::refused_credentials(TimePoint now) const {
    return static_cast<int>(std::count_if(refused_at_.begin(), refused_at_.end(), [now](const auto& at) {
        return at && now - *at <= lockout_window;
    }));
}

}  // namespace pgweir::proxy
