#include "config/statement_set.hpp"

#include <algorithm>

namespace pgweir::config {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const auto end = std::find_if_not(text.begin(), text.end(), is_word_character);
    const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(word.size());
    return word;
}

std::string lowered(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

// A standard text literal, without escapes but the doubled quote.
std::optional<std::string> take_literal(std::string_view& text) {
    std::string out;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] != '\'') {
            out += text[at];
        } else if (text.substr(at).starts_with("''")) {
            out += text[at++];
        } else {
            text.remove_prefix(at + 1);
            return out;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<SetStatement> read_set_statement(std::string_view sql) {
    if (lowered(take_word(sql)) != "set") {
        return std::nullopt;
    }
    std::string name = lowered(take_word(sql));
    if (name == "session") {
        name = lowered(take_word(sql));
    }
    const bool is_other = name.empty() || name.find('-') != std::string::npos || name == "local" || name == "time" || name == "role" || name == "transaction" ||
                          name == "constraints" || name == "authorization" || name == "characteristics";
    sql.remove_prefix(std::min(sql.find_first_not_of(blanks), sql.size()));
    if (sql.starts_with('=')) {
        sql.remove_prefix(1);
    } else if (lowered(take_word(sql)) != "to") {
        return std::nullopt;
    }
    sql.remove_prefix(std::min(sql.find_first_not_of(blanks), sql.size()));
    const std::optional<std::string> value = sql.starts_with('\'') ? take_literal(sql) : std::string(take_word(sql));
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n\f\v;"), sql.size()));
    const bool is_default = value && lowered(*value) == "default";
    if (is_other || !value || value->empty() || is_default || !sql.empty()) {
        return std::nullopt;
    }
    return SetStatement{std::move(name), *value};
}

}  // namespace pgweir::config
