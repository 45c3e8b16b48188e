#include "proxy/core/upstream_ceiling.hpp"

namespace pgweir::proxy {
namespace {

// Field facts: the first try for more after 30 s, then twice as late each time, at most 10 minutes.
constexpr Duration probe_interval = std::chrono::seconds(30);
constexpr Duration longest_hold_off = std::chrono::minutes(10);

// After a probe that succeeded. Chosen: where there was one slot there are mostly more, so that a pool of 20
// comes from 12 to its size within ten seconds; and a step a second leaves other clients of the upstream their turn.
constexpr Duration next_step = std::chrono::seconds(1);

// How long a slot of ours may stay taken after its connection has ended. Supavisor gives DISCARD ALL 5 s
// before a slot is free; PostgreSQL's is free milliseconds after the EOF.
constexpr Duration late_slot = std::chrono::seconds(5);

}  // namespace

// A slot of our own that is not free yet looks like a lower ceiling. So what was held a moment ago counts as
// held: the login that takes the place of a server we have closed is repeated by the pacer and, when the
// refusals outlast `late_slot`, somebody else has taken the slot and the ceiling falls after all.
void UpstreamCeiling::refused(int held, std::optional<int> limit, bool was_probe, TimePoint now) {
    const int proved = held_recently(held, now);
    ceiling_ = std::max(1, std::min(proved, limit.value_or(proved)));
    if (was_probe) {
        hold_off_ = hold_off_ == Duration::zero() ? probe_interval * 2 : std::min(hold_off_ * 2, longest_hold_off);
        next_probe_at_ = now + hold_off_;
    } else if (proved > 0) {
        next_probe_at_ = std::max(next_probe_at_, now + probe_interval);
    }
    // With nothing held a ceiling of one is a guess, and no reason to wait with the second server once there is a first.
}

void UpstreamCeiling::succeeded(int held, bool was_probe, TimePoint now) {
    if (ceiling_ && held > *ceiling_) ceiling_ = held;
    if (was_probe) {
        hold_off_ = Duration::zero();
        next_probe_at_ = now + next_step;
    } else {
        next_probe_at_ = std::max(next_probe_at_, now + next_step);
    }
}

void UpstreamCeiling::ended(int held, TimePoint now) {
    while (!peaks_.empty() && peaks_.back().held <= held) peaks_.pop_back();
    peaks_.push_back(Peak{now + late_slot, held});
}

int UpstreamCeiling::held_recently(int held, TimePoint now) {
    while (!peaks_.empty() && peaks_.front().until <= now) peaks_.pop_front();
    return peaks_.empty() ? held : std::max(held, peaks_.front().held);
}

void UpstreamCeiling::forget() {
    ceiling_.reset();
    next_probe_at_ = TimePoint{};
    hold_off_ = Duration::zero();
}

}  // namespace pgweir::proxy
