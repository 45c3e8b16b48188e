// A delay, spread by up to 20 % either way, so that many that wait for the same do not come back in step.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstdint>

namespace pgweir::proxy {

class Jitter {
public:
    explicit Jitter(std::uint32_t seed) : random_(seed | 1U) {}

    Duration operator()(Duration delay) {
        // xorshift32: good enough to keep instances out of step.
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        random_ ^= random_ << 5;
        const int percent = 80 + static_cast<int>(random_ % 41);
        return delay * percent / 100;
    }

private:
    std::uint32_t random_;
};

}  // namespace pgweir::proxy
