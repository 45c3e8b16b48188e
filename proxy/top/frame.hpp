// One frame of `pgweir top`, made from what the console has answered. Pure: it knows neither terminal nor clock.
#pragma once

#include "proxy/top/show_table.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::proxy {

struct ScreenSize {
    std::size_t rows = 24;
    std::size_t columns = 80;
};

enum class Look { plain, title, warning, alarm };

struct Line {
    std::string text;   // clean, no wider than the screen
    Look look = Look::plain;
};

struct FrameInput {
    const Sample* now = nullptr;      // null: nothing has been answered yet
    const Sample* before = nullptr;   // of the same run of the daemon; null: rates are the daemon's own averages
    std::string footer{};               // empty: none
    Look footer_look = Look::plain;
};

// At most as many lines as the screen has; the footer is the last. Above it what fits: the daemon, its pools (the worst
// first), who holds their servers (the oldest transactions first), who has waited longest.
std::vector<Line> make_frame(const FrameInput& input, ScreenSize size);

}  // namespace pgweir::proxy
