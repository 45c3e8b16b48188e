// A table within a given width: which columns it keeps, and how wide each is. Pure.
#pragma once

#include "proxy/top/screen_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct ScreenColumn {
    std::string_view title;    // Lifetime: static
    std::size_t least;         // cells; its text and title may need fewer
    std::size_t most;
    Side side;
    int rank;                  // those of the highest rank are left out first; 0: never
};

using Cells = std::vector<std::string>;   // clean text, one for each column

// The title and one line for each row, none wider than `width`.
std::vector<std::string> lay_out(const std::vector<ScreenColumn>& columns, const std::vector<Cells>& rows, std::size_t width);

}  // namespace pgweir::proxy
