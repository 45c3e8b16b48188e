// How often servers of a pool come free, and so when somebody who was refused may expect one.
#pragma once

#include "proxy/core/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace pgweir::proxy {

class ReleaseRate {
public:
    void released(TimePoint now) {
        // Chosen: some sixteen releases make the mean, so that a pool of 20 shows what it does now.
        constexpr int memory = 16;
        if (last_) interval_ = interval_ ? *interval_ + (now - *last_ - *interval_) / memory : now - *last_;
        last_ = now;
    }

    // Until whoever stands at `position`, from 1, will have got a server.
    Duration expected_wait(std::size_t position, TimePoint now) const {
        // Shorter makes clients knock too often, longer makes them give up (field facts: 100 ms to 5 s).
        constexpr Duration shortest = std::chrono::milliseconds(100);
        constexpr Duration longest = std::chrono::seconds(5);
        if (!interval_) return std::chrono::seconds(1);
        const Duration interval = std::max(*interval_, now - *last_);
        if (interval >= longest) return longest;
        const auto places = static_cast<Duration::rep>(std::min<std::size_t>(position, 1'000'000));
        return std::clamp<Duration>(interval * places, shortest, longest);
    }

private:
    std::optional<TimePoint> last_;
    std::optional<Duration> interval_;
};

}  // namespace pgweir::proxy
