// Delays by chance, so that many that wait for the same do not come back in step.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstdint>

namespace pgweir::proxy {

class Jitter {
public:
    explicit Jitter(std::uint32_t seed) : random_(seed | 1U) {}

    Duration between(Duration shortest, Duration longest) {
        // xorshift32: good enough to keep instances out of step.
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        random_ ^= random_ << 5;
        return shortest + (longest - shortest) * (random_ % 1001) / 1000;
    }

    // By up to 20 % either way.
    Duration around(Duration delay) { return between(delay * 80 / 100, delay * 120 / 100); }

private:
    std::uint32_t random_;
};

}  // namespace pgweir::proxy
