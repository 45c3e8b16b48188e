#include "proxy/core/dial_pacer.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Chosen: fast enough that a restarted database is met within a second.
constexpr Duration transient_first = milliseconds(250);
constexpr Duration transient_most = seconds(1);
constexpr Duration capacity_first = seconds(1);
constexpr Duration capacity_most = seconds(15);
// Supavisor bans an address after 10 refused passwords in some 150 s (field facts). Two logins
// may fail at first and one after each pause, which jitter makes no shorter than 80 s: at most 3.
constexpr Duration credential_pause = seconds(100);
constexpr Duration settings_pause = seconds(15);
// Chosen: with the pauses above some three seconds, in which a restarted database is back.
constexpr int hopeless_failures = 5;
// Between two steps of a lowered ceiling back towards the configured size.
constexpr Duration probe_interval = seconds(30);

Duration doubled(Duration first, int failures, Duration most) {
    return std::min(first * (1 << std::min(failures - 1, 10)), most);
}

}  // namespace

void DialPacer::finished(DialOutcome outcome, int established, std::optional<int> upstream_limit, TimePoint now) {
    if (outcome == DialOutcome::ok) {
        outcome_ = outcome;
        failures_ = 0;
        not_before_ = now;
        return;
    }
    ++failures_;
    if (outcome == DialOutcome::capacity) {
        ceiling_ = std::max(1, std::min(established, upstream_limit.value_or(established)));
        ceiling_raised_at_ = now;
    }
    const TimePoint until = now + jittered_(pause_after(outcome));
    // Of two logins under way the one with the worse news has the say.
    if (until < not_before_) return;
    outcome_ = outcome;
    not_before_ = until;
}

Duration DialPacer::pause_after(DialOutcome outcome) const {
    switch (outcome) {
    case DialOutcome::ok: return Duration::zero();
    case DialOutcome::capacity: return doubled(capacity_first, failures_, capacity_most);
    case DialOutcome::credential: return credential_pause;
    case DialOutcome::transient: return doubled(transient_first, failures_, transient_most);
    case DialOutcome::settings: return settings_pause;
    }
    return Duration::zero();
}

bool DialPacer::is_hopeless() const {
    if (outcome_ == DialOutcome::transient) return failures_ >= hopeless_failures;
    return outcome_ == DialOutcome::credential || outcome_ == DialOutcome::settings;
}

void DialPacer::reset() {
    outcome_ = DialOutcome::ok;
    failures_ = 0;
    not_before_ = TimePoint{};
    ceiling_.reset();
}

int DialPacer::effective_size(int configured, TimePoint now) {
    if (!ceiling_) return configured;
    if (now - ceiling_raised_at_ >= probe_interval) {
        ++*ceiling_;
        ceiling_raised_at_ = now;
    }
    if (*ceiling_ >= configured) ceiling_.reset();
    return ceiling_.value_or(configured);
}

}  // namespace pgweir::proxy
