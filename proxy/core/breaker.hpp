// The usage breaker of one pool: refuses new logins while the pool is too full.
// Usage is the time-weighted mean of servers in use over the effective pool size,
// taken over a sliding window, so that one short burst is not usage. No clock, no
// lock: its pool calls it under the pool's mutex with `now`.
#pragma once

#include "proxy/core/ids.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace pgweir::proxy {

enum class BreakerState { closed, open, half_open };

// As logs, metrics and SHOW spell it. Lifetime: static.
const char* token(BreakerState state);

struct BreakerLimits {
    std::optional<double> open_above = 0.80;   // share of the size; nullopt: never opens
    double close_below = 0.70;
    Duration window = std::chrono::seconds(1);
    Duration min_open = std::chrono::seconds(2);
};

class Breaker {
public:
    Breaker(const BreakerLimits& limits, TimePoint now);

    void set_limits(const BreakerLimits& limits);

    // From `now` on, `in_use` of `size` servers are in use. Call at every change.
    void usage_changed(int in_use, int size, TimePoint now);

    // Moves between states; call about ten times per window. True when the state has changed.
    bool tick(TimePoint now);

    // Whether a login may go on now. While half open it counts them: in the first window up to a
    // tenth of the size (at least 1) may, in later ones as many as brought usage to `close_below`.
    bool admits_login(TimePoint now);

    BreakerState state() const { return state_; }

    // Mean share in use over the last window; above 1 while the size has just shrunk.
    double usage(TimePoint now) const;

    // The share above which it opens: open_above and a margin of half a server's share,
    // at most half of what is left to 100 %, so that a pool of one can open too.
    double threshold() const;

    // Usage stands above `open_above`, whether or not the breaker is enabled.
    bool is_warning(TimePoint now) const;

    Duration retry_after(TimePoint now) const;

private:
    static constexpr std::size_t samples_per_window = 10;

    struct Sample {
        TimePoint at{};
        double integral = 0;   // of usage over time, in seconds, since the start
    };

    // What half open lets through in one window, spread over it.
    struct Trickle {
        TimePoint since{};
        double allowance = 0;
        int admitted = 0;
        bool has_refused = false;
    };

    double integral_at(TimePoint now) const;
    void enter(BreakerState state, TimePoint now);
    void next_window(double mean, TimePoint now);

    BreakerLimits limits_;
    BreakerState state_ = BreakerState::closed;
    TimePoint entered_at_;
    double share_ = 0;        // in use now
    int size_ = 1;
    TimePoint changed_at_;
    double integral_ = 0;     // up to changed_at_
    std::array<Sample, samples_per_window + 1> samples_{};   // a ring; the oldest is one window back
    std::size_t newest_ = 0;
    Trickle trickle_;
};

}  // namespace pgweir::proxy
