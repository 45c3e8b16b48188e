// What YAML parsers let pass or explain badly: size, encoding, control characters, tabs
// and quotes that are never closed.
#pragma once

#include "config/problems.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// Larger files are refused unread, in bytes. Chosen: a thousand databases fit ten times.
inline constexpr std::size_t max_file_size = 1'048'576;

// False, and one problem more, when the text is not worth parsing.
bool is_acceptable_text(std::string_view text, Problems& problems);

// The text with control characters, and bytes that are not UTF-8, as \xNN.
std::string printable(std::string_view text);

// Finds places in a text. Lifetime: the text's.
class Lines {
public:
    explicit Lines(std::string_view text);

    // Everything from `place` to the end of the text.
    std::string_view from(Place place) const;

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

// True when the line begins with white space that has a tab in it.
bool is_indented_by_tab(std::string_view line);

// False when `value` begins a quoted YAML value whose closing quote never comes.
bool is_closed_quote(std::string_view value);

}  // namespace pgweir::config
