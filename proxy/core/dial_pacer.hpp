// When the next server login may begin, and how many places the upstream really has.
// Learns from each login's outcome; no clock, no lock (its pool holds one).
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/jitter.hpp"

#include <cstdint>
#include <optional>

namespace pgweir::proxy {

// What a finished login meant.
enum class DialOutcome { ok, capacity, credential, transient, settings };
constexpr std::size_t dial_outcome_count = 5;

class DialPacer {
public:
    // `seed` feeds the jitter, so that many pgweirs do not dial in step.
    explicit DialPacer(std::uint32_t seed) : jittered_(seed) {}

    // `established`: servers that exist apart from the one that was refused;
    // `upstream_limit`: the upstream's own figure when it gave one.
    void finished(DialOutcome outcome, int established, std::optional<int> upstream_limit, TimePoint now);

    // Forgets failures and the learned ceiling: the configuration has changed.
    void reset();

    bool may_dial(TimePoint now) const { return now >= not_before_; }

    // Servers that are worth trying for, given the configured number. Rises by one per
    // probe interval after a capacity refusal lowered it.
    int effective_size(int configured, TimePoint now);

    // Waiting clients had better hear about it than wait: the last login failed for a
    // reason that time alone does not cure, or several in a row have failed.
    bool is_hopeless() const;
    bool is_failing() const { return outcome_ != DialOutcome::ok; }
    TimePoint not_before() const { return not_before_; }

private:
    Duration pause_after(DialOutcome outcome) const;

    DialOutcome outcome_ = DialOutcome::ok;
    int failures_ = 0;   // in a row
    TimePoint not_before_{};
    std::optional<int> ceiling_;
    TimePoint ceiling_raised_at_{};
    Jitter jittered_;
};

}  // namespace pgweir::proxy
