// Kinds of bytes in SQL text, as PostgreSQL's scan.l tells them apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::proxy {

enum class SqlCharacter : std::uint8_t {
    letter,         // what may begin an identifier: letters, _, and every byte of 0x80 and more
    digit,
    dollar,
    last_of_word = dollar,
    blank,
    quote,
    double_quote,
    dash,           // may begin a comment, as a slash may
    slash,
    other,
};

// White space is PostgreSQL 16's, which has the vertical tab as well; before, that was a syntax error.
constexpr SqlCharacter sql_character_of(unsigned char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) return SqlCharacter::letter;
    if (c >= '0' && c <= '9') return SqlCharacter::digit;
    if (c >= '\t' && c <= '\r') return SqlCharacter::blank;
    switch (c) {
    case '$': return SqlCharacter::dollar;
    case ' ': return SqlCharacter::blank;
    case '\'': return SqlCharacter::quote;
    case '"': return SqlCharacter::double_quote;
    case '-': return SqlCharacter::dash;
    case '/': return SqlCharacter::slash;
    default: return SqlCharacter::other;
    }
}

inline constexpr std::array<SqlCharacter, 256> sql_characters = [] {
    std::array<SqlCharacter, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) table[c] = sql_character_of(static_cast<unsigned char>(c));
    return table;
}();

inline SqlCharacter kind_of(char c) { return sql_characters[static_cast<unsigned char>(c)]; }
inline bool is_letter(char c) { return kind_of(c) == SqlCharacter::letter; }
inline bool is_digit(char c) { return kind_of(c) == SqlCharacter::digit; }
inline bool is_in_word(char c) { return kind_of(c) <= SqlCharacter::last_of_word; }

// PostgreSQL folds ASCII letters only, but for servers with an encoding of single bytes.
constexpr char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = folded(c);
    return lower;
}

// PostgreSQL: NAMEDATALEN - 1. Longer identifiers are cut; where, in a text, depends on the encoding.
constexpr std::size_t max_identifier = 63;

}  // namespace pgweir::proxy
