// `key=value` strings, read by the rules of libpq's conninfo_parse.
#include "config/dsn_parts.hpp"

#include <utility>

namespace pgweir::config {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

void skip_blanks(std::string_view& text) {
    const std::size_t content = text.find_first_not_of(blanks);
    text.remove_prefix(content == std::string_view::npos ? text.size() : content);
}

// A value up to a blank, or up to the closing quote; a backslash takes the next
// character as it is. Nullopt when the quote is never closed.
std::optional<std::string> take_value(std::string_view& text) {
    const bool is_quoted = text.starts_with('\'');
    text.remove_prefix(is_quoted ? 1 : 0);
    std::string value;
    while (!text.empty()) {
        const char c = text.front();
        if (!is_quoted && blanks.find(c) != std::string_view::npos) {
            return value;
        }
        text.remove_prefix(1);
        if (is_quoted && c == '\'') {
            return value;
        }
        if (c != '\\') {
            value += c;
        } else if (!text.empty()) {
            value += text.front();
            text.remove_prefix(1);
        }
    }
    return is_quoted ? std::nullopt : std::optional<std::string>(std::move(value));
}

std::string unquoted_hint(std::size_t number) {
    return "has no = after word " + std::to_string(number) +
           ": a value with blanks needs single quotes, as in password='two words'";
}

}  // namespace

DsnParts split_pairs(std::string_view text) {
    DsnParts parts;
    skip_blanks(text);
    while (!text.empty()) {
        const std::size_t number = parts.parameters.size() + 1;
        const std::size_t name_end = text.find_first_of("= \t\r\n\f\v");
        DsnParameter parameter;
        parameter.is_unprintable = true;   // may be a piece of a value that lacks its quotes
        parameter.name = text.substr(0, name_end);
        text.remove_prefix(parameter.name.size());
        skip_blanks(text);
        if (!text.starts_with('=')) {
            parts.problem = unquoted_hint(number);
            return parts;
        }
        text.remove_prefix(1);
        skip_blanks(text);
        std::optional<std::string> value = take_value(text);
        if (!value) {
            parts.problem = "has a single quote that is never closed; inside quotes write \\' for a quote";
            return parts;
        }
        if (!value->empty()) {   // as good as left out, to libpq too
            parameter.value = std::move(*value);
            parts.parameters.push_back(std::move(parameter));
        }
        skip_blanks(text);
    }
    return parts;
}

}  // namespace pgweir::config
