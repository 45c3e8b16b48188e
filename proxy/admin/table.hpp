// A result of the console: columns, rows, and both as messages of the protocol.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgweir::proxy {

enum class ColumnType { text, number };   // in PostgreSQL: text, bigint

struct Column {
    std::string_view name;   // Lifetime: static
    ColumnType type = ColumnType::text;
};

// monostate: NULL, for what does not exist or is not known.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Cell>;

struct Table {
    std::span<const Column> columns;   // Lifetime: static
    std::vector<Row> rows;
};

// As in Bind: one for all columns or one for each; none means text.
using Formats = std::vector<std::int16_t>;

// Whether these formats can be for a result of so many columns.
bool are_formats_for(const Formats& formats, std::size_t columns);

// Requires of both: are_formats_for.
void write_row_description(std::vector<std::byte>& out, std::span<const Column> columns, const Formats& formats);
void write_data_row(std::vector<std::byte>& out, const Row& row, const Formats& formats);

}  // namespace pgweir::proxy
