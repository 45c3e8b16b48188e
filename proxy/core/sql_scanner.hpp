// Cuts SQL text into tokens by PostgreSQL's lexical rules (manual, "Lexical Structure";
// flex rules in scan.l), without allocating and in one pass. Where versions or settings of
// the server would cut otherwise, it goes on by the default and remembers the doubt.
// Right for texts whose bytes below 0x80 are always ASCII: not the opaque ones (client_session.cpp).
#pragma once

#include "proxy/core/sql_characters.hpp"
#include "proxy/core/word_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::proxy {

enum class SqlTokenKind : std::uint8_t {
    end,            // of the text
    word,           // an identifier or keyword without quotes
    quoted_word,    // "..." or U&"..."
    string,         // '...', by itself
    other_string,   // E'...', B'...', X'...', N'...', U&'...' or $tag$...$tag$
    number,
    parameter,      // $1
    symbol,         // any other byte; operators come as their characters
};

struct SqlToken {
    SqlTokenKind kind = SqlTokenKind::end;
    std::string_view text = {};   // as it stands, quotes and prefix included. Lifetime: the text scanned

    bool is(char symbol) const { return kind == SqlTokenKind::symbol && text.front() == symbol; }
    // Whether it is this keyword, given in lower case: a word in any case, never in quotes.
    bool is(std::string_view keyword) const { return kind == SqlTokenKind::word && is_same_folded(text, keyword); }
};

// A value: a copy looks ahead without moving the original.
class SqlScanner {
public:
    // Lifetime: `sql` must outlive the scanner and its tokens.
    explicit SqlScanner(std::string_view sql) : at_(sql.data()), end_(sql.data() + sql.size()) {}

    // The next token behind white space and comments; `end` for ever at the end.
    SqlToken next();

    // False once the borders of a token passed so far were in doubt: something unterminated,
    // a backslash before a quote in '...' (standard_conforming_strings), U&"..." (UESCAPE may
    // follow), a letter right behind a number (versions differ).
    bool is_certain() const { return is_certain_; }

private:
    bool is_followed_by(char c) const { return end_ - at_ > 1 && at_[1] == c; }
    SqlToken since(const char* begin, SqlTokenKind kind) const {
        return {kind, std::string_view(begin, static_cast<std::size_t>(at_ - begin))};
    }
    const char* find(char c) const;   // the end when there is none
    const char* behind_digits(const char* at) const;
    SqlToken word();
    // A string or quoted word behind a prefix of one letter; `end` when it is none.
    SqlToken prefixed(const char* begin);
    // What begins with a byte of this kind. False: it was a comment.
    bool rare(SqlCharacter kind, SqlToken& token);
    void line_comment();
    void block_comment();
    void quoted_word();
    void plain_string();
    void escape_string();
    bool finds_continuation();
    SqlTokenKind number();
    SqlTokenKind dollar();

    const char* at_;
    const char* end_;
    bool is_certain_ = true;
};

// What PostgreSQL makes of an identifier as it stands in a text, or of several with dots
// between them: without quotes, the rest in lower case. nullopt when only the server can know: letters
// beyond ASCII without quotes, U&"...", a part of 64 bytes or more; and for what is no name.
std::optional<std::string> plain_name(std::string_view as_it_stands);
// Whether it would be other than nullopt.
bool has_plain_name(std::string_view as_it_stands);

// Inline, because every byte of every statement passes through these two.

inline SqlToken SqlScanner::word() {
    const char* begin = at_;
    const char* at = begin + 1;
    while (at != end_ && is_in_word(*at)) ++at;
    at_ = at;
    if (at - begin == 1 && at != end_ && (*at == '\'' || *at == '&')) {
        const SqlToken token = prefixed(begin);
        if (token.kind != SqlTokenKind::end) return token;
    }
    return since(begin, SqlTokenKind::word);
}

inline SqlToken SqlScanner::next() {
    while (at_ != end_) {
        const SqlCharacter kind = kind_of(*at_);
        if (kind == SqlCharacter::letter) return word();
        if (kind == SqlCharacter::blank) {
            ++at_;
            continue;
        }
        if (kind == SqlCharacter::other) {
            ++at_;
            return {SqlTokenKind::symbol, std::string_view(at_ - 1, 1)};
        }
        SqlToken token;
        if (rare(kind, token)) return token;
    }
    return {SqlTokenKind::end, std::string_view(end_, 0)};
}

}  // namespace pgweir::proxy
