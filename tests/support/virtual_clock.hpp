// Time as a test tells it. Starts away from zero, so that code which takes zero for
// "never" or "long ago" is found out.
#pragma once

#include "proxy/core/ids.hpp"

namespace pgweir::test {

struct VirtualClock {
    proxy::TimePoint now = proxy::TimePoint{} + std::chrono::hours(1000);

    proxy::TimePoint advance(proxy::Duration step) { return now += step; }
};

}  // namespace pgweir::test
