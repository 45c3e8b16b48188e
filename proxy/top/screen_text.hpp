// Text that anybody may have chosen, made fit for columns on a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgweir::proxy {

// UTF-8 of which every code point takes one cell of a terminal, or two. Everything else becomes a question mark: control
// bytes, what is no UTF-8, marks that join others, writing from right to left, and what terminals measure differently (emoji).
std::string clean(std::string_view text);

// Cells that it takes. A byte that is no UTF-8 counts as one.
std::size_t width_of(std::string_view text);

// At most so many cells; a tilde ends what was longer. Requires: clean text.
std::string cut(std::string_view text, std::size_t cells);

enum class Side { left, right };

// Exactly so many cells. Requires: clean text.
std::string fit(std::string_view text, std::size_t cells, Side side);

}  // namespace pgweir::proxy
