#include "proxy/top/show_table.hpp"

#include <algorithm>
#include <charconv>

namespace pgweir::proxy {

std::string_view ShowTable::cell(std::size_t row, std::string_view column) const {
    const auto place = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) - columns.begin());
    return row < rows.size() && place < rows[row].size() ? std::string_view(rows[row][place]) : std::string_view();
}

std::optional<std::int64_t> ShowTable::number(std::size_t row, std::string_view column) const {
    const std::string_view digits = cell(row, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::optional<std::size_t> ShowTable::find(std::string_view column, std::string_view text) const {
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (cell(row, column) == text) return row;
    return std::nullopt;
}

}  // namespace pgweir::proxy
