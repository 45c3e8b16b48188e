#include "proxy/admin/table.hpp"

#include "protocol/message_type.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// PostgreSQL's pg_type.
constexpr std::int32_t int8_oid = 20;
constexpr std::int32_t text_oid = 25;

std::int16_t format_of(const Formats& formats, std::size_t column) {
    if (formats.empty()) return 0;
    return formats.size() == 1 ? formats.front() : formats[column];
}

// What ends a string on the wire cannot be part of a value.
std::string without_nul(std::string text) {
    text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
    return text;
}

void write_text(protocol::Writer& writer, const std::string& text) {
    const std::string value = without_nul(text);
    writer.i32(static_cast<std::int32_t>(value.size())).bytes(protocol::as_bytes(value));
}

void write_number(protocol::Writer& writer, std::int64_t number, bool is_binary) {
    if (!is_binary) {
        write_text(writer, std::to_string(number));
        return;
    }
    const auto bits = static_cast<std::uint64_t>(number);
    writer.i32(8).i32(static_cast<std::int32_t>(bits >> 32)).i32(static_cast<std::int32_t>(bits & 0xffffffffU));
}

}  // namespace

bool are_formats_for(const Formats& formats, std::size_t columns) {
    const bool are_known = std::all_of(formats.begin(), formats.end(), [](std::int16_t format) { return format == 0 || format == 1; });
    return are_known && (formats.size() <= 1 || formats.size() == columns);
}

void write_row_description(std::vector<std::byte>& out, std::span<const Column> columns, const Formats& formats) {
    protocol::Writer writer(out);
    writer.begin(static_cast<char>(protocol::BackendType::row_description)).i16(static_cast<std::int16_t>(columns.size()));
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool is_number = columns[i].type == ColumnType::number;
        const std::int16_t size = is_number ? std::int16_t{8} : std::int16_t{-1};
        writer.cstring(columns[i].name).i32(0).i16(0).i32(is_number ? int8_oid : text_oid).i16(size).i32(-1).i16(format_of(formats, i));
    }
    writer.end();
}

void write_data_row(std::vector<std::byte>& out, const Row& row, const Formats& formats) {
    protocol::Writer writer(out);
    writer.begin(static_cast<char>(protocol::BackendType::data_row)).i16(static_cast<std::int16_t>(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (const auto* number = std::get_if<std::int64_t>(&row[i])) write_number(writer, *number, format_of(formats, i) == 1);
        else if (const auto* text = std::get_if<std::string>(&row[i])) write_text(writer, *text);
        else writer.i32(-1);
    }
    writer.end();
}

}  // namespace pgweir::proxy
