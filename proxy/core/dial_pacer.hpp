// When the next server login may begin, after those that have ended. No clock, no lock: its
// pool calls it under the pool's mutex with `now`.
#pragma once

#include "proxy/core/dial_outcome.hpp"
#include "proxy/core/ids.hpp"
#include "proxy/core/jitter.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace pgweir::proxy {

class DialPacer {
public:
    // `seed` feeds the jitter, so that many pgweirs do not dial in step.
    explicit DialPacer(std::uint32_t seed) : jitter_(seed) {}

    // A login has ended. Not to be told of a probe that was refused for lack of capacity: that says nothing
    // against logins below the ceiling.
    void finished(DialOutcome outcome, TimePoint now);

    // Forgets failures: the configuration has changed.
    void reset();

    // Whether a login may begin while `in_flight` others are under way.
    bool may_dial(int in_flight, TimePoint now) const;

    // The last login that had something to say failed.
    bool is_failing() const { return outcome_ != DialOutcome::ok; }

    // When a login may begin as far as is known; in the past: now.
    TimePoint next_dial_at() const;

private:
    // Logins that may be refused for their credentials within `lockout_window`.
    static constexpr std::size_t max_refused_credentials = 3;

    int refused_credentials(TimePoint now) const;

    DialOutcome outcome_ = DialOutcome::ok;
    int failures_ = 0;   // in a row, of one outcome
    TimePoint not_before_{};
    std::array<std::optional<TimePoint>, max_refused_credentials> refused_at_{};   // a ring
    std::size_t oldest_refused_ = 0;
    Jitter jitter_;
};

}  // namespace pgweir::proxy
