// A number that changes now and then: its mean over time and its peak.
#pragma once

#include "proxy/core/ids.hpp"

#include <algorithm>

namespace pgweir::proxy {

class TimeMean {
public:
    explicit TimeMean(TimePoint start) : start_(start), changed_at_(start) {}

    void add(int step, TimePoint now) {
        integral_ += std::chrono::duration<double>(now - changed_at_).count() * value_;
        changed_at_ = now;
        value_ += step;
        peak_ = std::max(peak_, value_);
    }

    int value() const { return value_; }
    int peak() const { return peak_; }
    // In seconds times the number, since the start.
    double integral(TimePoint now) const {
        return integral_ + std::chrono::duration<double>(now - changed_at_).count() * value_;
    }
    double mean(TimePoint now) const {
        const double span = std::chrono::duration<double>(now - start_).count();
        return span > 0 ? integral(now) / span : value_;
    }

private:
    TimePoint start_;
    TimePoint changed_at_;
    int value_ = 0;
    int peak_ = 0;
    double integral_ = 0;
};

}  // namespace pgweir::proxy
