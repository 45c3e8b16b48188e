#include "proxy/core/setting_values.hpp"

#include "proxy/core/sql_characters.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace pgweir::proxy {
namespace {

struct Unit {
    std::string_view name;
    double size;
};

// The largest first. In bytes, and in microseconds. PostgreSQL: memory_unit_conversion_table, time_...
constexpr std::array memory_units = {Unit{"TB", 1099511627776.0}, Unit{"GB", 1073741824.0}, Unit{"MB", 1048576.0}, Unit{"kB", 1024.0},
                                     Unit{"B", 1.0}};
constexpr std::array time_units = {Unit{"d", 86400e6}, Unit{"h", 3600e6}, Unit{"min", 60e6}, Unit{"s", 1e6}, Unit{"ms", 1e3}, Unit{"us", 1.0}};

bool is_space(char letter) { return letter == ' ' || (letter >= '\t' && letter <= '\r'); }

bool is_time(std::string_view base_unit) {
    return std::any_of(time_units.begin(), time_units.end(), [&](const Unit& unit) { return unit.name == base_unit; });
}

std::span<const Unit> units_for(std::string_view base_unit) {
    if (is_time(base_unit)) return time_units;
    return memory_units;
}

// Blocks are "8kB": a number and a unit.
std::optional<double> size_of(std::string_view base_unit) {
    double count = 0;
    while (!base_unit.empty() && base_unit.front() >= '0' && base_unit.front() <= '9') {
        count = count * 10 + (base_unit.front() - '0');
        base_unit.remove_prefix(1);
    }
    for (const Unit& unit : units_for(base_unit))
        if (unit.name == base_unit) return unit.size * (count > 0 ? count : 1);
    return std::nullopt;
}

// What is written after a number becomes part of the value. A fraction of a unit is rounded to whole
// ones of the next smaller unit.
std::variant<double, NumberProblem> in_base_unit(double value, std::string_view written, std::string_view base_unit) {
    while (!written.empty() && is_space(written.front())) written.remove_prefix(1);
    while (!written.empty() && is_space(written.back())) written.remove_suffix(1);
    if (written.empty()) return value;
    const std::span<const Unit> units = units_for(base_unit);
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& each) { return each.name == written; });
    const std::optional<double> base = size_of(base_unit);
    if (!base || unit == units.end()) return NumberProblem::unknown_unit;
    double converted = value * (unit->size / *base);
    if (const auto smaller = unit + 1; smaller != units.end()) {
        const double step = smaller->size / *base;
        converted = std::rint(converted / step) * step;
    }
    return converted;
}

// What strtod and strtol made of the beginning of a value, and the rest.
struct Beginning {
    double value = 0;
    const char* rest = nullptr;
    bool is_number = false;
};

Beginning read_real(const char* text) {
    char* rest = nullptr;
    errno = 0;
    const double value = std::strtod(text, &rest);
    return {value, rest, rest != text && errno != ERANGE && !std::isnan(value)};
}

// Hexadecimal and octal numbers too, and 1e3.
Beginning read_integer(const char* text) {
    char* rest = nullptr;
    errno = 0;
    const long value = std::strtol(text, &rest, 0);
    if (*rest == '.' || *rest == 'e' || *rest == 'E' || errno == ERANGE) return read_real(text);
    return {static_cast<double>(value), rest, rest != text};
}

// The parts of a list, without the white space around them, in lower case.
std::vector<std::string> split_list(std::string_view list) {
    std::vector<std::string> parts;
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = list.find(',');
        is_last = comma == std::string_view::npos;
        std::string_view part = list.substr(0, comma);
        while (!part.empty() && is_space(part.front())) part.remove_prefix(1);
        while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
        parts.push_back(lower_case(part));
        if (!is_last) list.remove_prefix(comma + 1);
    }
    return parts;
}

struct DateStyle {
    std::string_view style;
    std::string_view order;
};

bool take_in(DateStyle& date_style, std::string_view word) {
    std::string_view style;
    std::string_view order;
    if (word == "iso") style = "ISO";
    else if (word == "sql") style = "SQL";
    else if (word.starts_with("postgres")) style = "Postgres";
    else if (word == "german") style = "German";
    else if (word == "ymd") order = "YMD";
    else if (word == "dmy" || word.starts_with("euro")) order = "DMY";
    else if (word == "mdy" || word == "us" || word.starts_with("noneuro")) order = "MDY";
    else return false;
    const bool contradicts = (!style.empty() && !date_style.style.empty() && style != date_style.style) ||
                             (!order.empty() && !date_style.order.empty() && order != date_style.order);
    if (!style.empty()) date_style.style = style;
    if (!order.empty()) date_style.order = order;
    return !contradicts;
}

// PostgreSQL: valid_custom_variable_name.
bool is_custom_letter(char c, bool is_first) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    return is_letter || (!is_first && ((c >= '0' && c <= '9') || c == '$'));
}

}  // namespace

std::optional<bool> parse_bool(std::string_view value) {
    const std::string lower = lower_case(value);
    const auto abbreviates = [&lower](std::string_view word, std::size_t least) {
        return lower.size() >= least && word.starts_with(lower);
    };
    if (abbreviates("true", 1) || abbreviates("yes", 1) || abbreviates("on", 2) || lower == "1") return true;
    if (abbreviates("false", 1) || abbreviates("no", 1) || abbreviates("off", 2) || lower == "0") return false;
    return std::nullopt;
}

std::variant<int, NumberProblem> parse_integer(const std::string& value, std::string_view base_unit) {
    const Beginning number = read_integer(value.c_str());
    if (!number.is_number) return NumberProblem::no_number;
    const auto converted = in_base_unit(number.value, number.rest, base_unit);
    if (const auto* problem = std::get_if<NumberProblem>(&converted)) return *problem;
    const double rounded = std::rint(std::get<double>(converted));
    if (!(rounded >= INT_MIN && rounded <= INT_MAX)) return NumberProblem::too_large;
    return static_cast<int>(rounded);
}

std::variant<double, NumberProblem> parse_real(const std::string& value, std::string_view base_unit) {
    const Beginning number = read_real(value.c_str());
    if (!number.is_number) return NumberProblem::no_number;
    return in_base_unit(number.value, number.rest, base_unit);
}

std::string_view units_hint(std::string_view base_unit) {
    if (base_unit.empty()) return {};
    if (is_time(base_unit)) return R"(Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".)";
    return R"(Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".)";
}

std::string real_text(double value) {
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%g", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::string> spell_date_style(std::string_view value, std::string_view standing) {
    DateStyle wanted;
    for (const std::string& word : split_list(value))
        if (!take_in(wanted, word)) return std::nullopt;
    if (wanted.style == "German" && wanted.order.empty()) wanted.order = "DMY";
    DateStyle before;
    for (const std::string& word : split_list(standing))
        if (!take_in(before, word)) return std::nullopt;
    if (wanted.style.empty()) wanted.style = before.style;
    if (wanted.order.empty()) wanted.order = before.order;
    if (wanted.style.empty() || wanted.order.empty()) return std::nullopt;
    return std::string(wanted.style) + ", " + std::string(wanted.order);
}

std::string spell_application_name(std::string_view value, int server_version) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) name += c;
        else if (server_version < 160000) name += '?';
        else name += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
    }
    return name;
}

bool is_custom_name(std::string_view name) {
    bool is_first = true;
    bool has_dot = false;
    for (const char c : name) {
        if (c == '.') {
            if (is_first) return false;
            has_dot = is_first = true;
        } else {
            if (!is_custom_letter(c, is_first)) return false;
            is_first = false;
        }
    }
    return has_dot && !is_first;
}

}  // namespace pgweir::proxy
