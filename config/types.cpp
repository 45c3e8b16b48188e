#include "config/types.hpp"

#include <algorithm>
#include <cmath>

namespace pgweir::config {

int Portion::of(int whole) const {
    if (!percent_) {
        return std::clamp(count_, 1, whole);
    }
    // What the multiplication adds beyond the last digit must not become a whole one more.
    constexpr double slack = 1e-9;
    return std::clamp(static_cast<int>(std::ceil(*percent_ * whole / 100.0 - slack)), 1, whole);
}

}  // namespace pgweir::config
