// Chance, seeded, and the same on every machine: the standard fixes what
// the generator gives, and what is made of it is made here.
#pragma once

#include "config/scenario.hpp"
#include "proxy/core/ids.hpp"

#include <cmath>
#include <cstdint>
#include <random>

namespace pgweir::proxy {

class Chance {
public:
    // Streams of one seed have nothing to do with each other.
    Chance(int seed, std::uint32_t stream)
        : generator_((static_cast<std::uint64_t>(stream) + 1) << 32U | static_cast<std::uint32_t>(seed)) {}

    // From 0 up to but without 1.
    double share() { return static_cast<double>(generator_() >> 11U) * 0x1p-53; }

    // A time with this mean.
    Duration spread(Duration mean, config::Distribution distribution) {
        if (distribution == config::Distribution::constant) return mean;
        return times(mean, -std::log1p(-share()));
    }

    static Duration times(Duration duration, double factor) {
        return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
    }

private:
    std::mt19937_64 generator_;
};

}  // namespace pgweir::proxy
