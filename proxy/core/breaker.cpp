#include "proxy/core/breaker.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// The default of `open_above`, used for the warning while the breaker is off.
constexpr double warning_share = 0.80;

// Sums of a year of fractions are off by less: 14 of 20 held are not below 70 %.
constexpr double rounding = 1e-6;

// How much more half open may let through in one window than in the one before: a few
// logins that asked for little say little about the next ones.
constexpr double steepest_growth = 4.0;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

const char* token(BreakerState state) {
    switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
    }
    return "unknown";
}

Breaker::Breaker(const BreakerLimits& limits, TimePoint now) : limits_(limits), entered_at_(now), changed_at_(now) {
    samples_.fill(Sample{now, 0});
}

void Breaker::set_limits(const BreakerLimits& limits) {
    limits_ = limits;
}

double Breaker::integral_at(TimePoint now) const {
    return integral_ + share_ * seconds(std::max(now - changed_at_, Duration::zero()));
}

void Breaker::usage_changed(int in_use, int size, TimePoint now) {
    integral_ = integral_at(now);
    changed_at_ = std::max(now, changed_at_);
    size_ = std::max(size, 1);
    share_ = static_cast<double>(in_use) / size_;
}

double Breaker::usage(TimePoint now) const {
    // The newest sample that is a whole window old, or the oldest there is.
    std::size_t back = newest_;
    for (std::size_t age = 1; age < samples_.size() && now - samples_[back].at < limits_.window; ++age)
        back = (newest_ + samples_.size() - age) % samples_.size();
    const double span = seconds(now - samples_[back].at);
    return span <= 0 ? share_ : (integral_at(now) - samples_[back].integral) / span;
}

double Breaker::threshold() const {
    const double share = limits_.open_above.value_or(1.0);
    return share + std::min(0.5 / size_, (1.0 - share) / 2);
}

bool Breaker::is_warning(TimePoint now) const {
    return usage(now) > limits_.open_above.value_or(warning_share) + rounding;
}

bool Breaker::tick(TimePoint now) {
    const Duration step = limits_.window / samples_per_window;
    if (now - samples_[newest_].at >= step) {
        newest_ = (newest_ + 1) % samples_.size();
        samples_[newest_] = Sample{now, integral_at(now)};
    }
    const BreakerState before = state_;
    const double mean = usage(now);
    const bool too_full = limits_.open_above && mean > threshold();
    switch (state_) {
    case BreakerState::closed:
        if (too_full) enter(BreakerState::open, now);
        break;
    case BreakerState::open:
        if (!limits_.open_above)
            enter(BreakerState::closed, now);
        else if (now - entered_at_ >= limits_.min_open && mean < limits_.close_below - rounding)
            enter(BreakerState::half_open, now);
        break;
    case BreakerState::half_open:
        if (too_full)
            enter(BreakerState::open, now);
        else if (now - trickle_.since >= limits_.window)
            next_window(mean, now);
        break;
    }
    return state_ != before;
}

// Who connects for every piece of work is all the load there is: closed, it would flood the
// pool at once, and open, it leaves the pool empty. So half open lasts while anybody is
// refused, and lets through what keeps usage at `close_below`.
void Breaker::next_window(double mean, TimePoint now) {
    if (!trickle_.has_refused) {
        enter(BreakerState::closed, now);
        return;
    }
    const double growth = mean > 0 ? std::min(limits_.close_below / mean, steepest_growth) : steepest_growth;
    trickle_ = Trickle{.since = now, .allowance = std::max(1.0, trickle_.allowance * growth)};
}

void Breaker::enter(BreakerState state, TimePoint now) {
    state_ = state;
    entered_at_ = now;
    trickle_ = Trickle{.since = now, .allowance = std::max(1.0, size_ / 10.0)};
}

bool Breaker::admits_login(TimePoint now) {
    switch (state_) {
    case BreakerState::closed: return true;
    case BreakerState::open: return false;
    case BreakerState::half_open: break;
    }
    const double windows = limits_.window > Duration::zero() ? seconds(now - trickle_.since) / seconds(limits_.window) : 1.0;
    const bool admitted = trickle_.admitted + 1 <= std::min(trickle_.allowance, 1 + trickle_.allowance * windows);
    if (admitted) ++trickle_.admitted;
    else trickle_.has_refused = true;
    return admitted;
}

Duration Breaker::retry_after(TimePoint now) const {
    const Duration left = limits_.min_open - (now - entered_at_);
    return std::max<Duration>(left, limits_.window);
}

}  // namespace pgweir::proxy
