#include "proxy/core/sql_scanner.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pgweir::proxy {
namespace {

bool is_newline(char c) { return c == '\n' || c == '\r'; }

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Appends what the identifier is, to nothing if null is given. False as plain_name says.
bool take_part(const SqlToken& token, std::string* name) {
    std::size_t size = 0;
    const auto take = [&](char c) {
        ++size;
        if (name) *name += c;
    };
    if (token.kind == SqlTokenKind::word && is_ascii(token.text)) {
        for (const char c : token.text) take(folded(c));
    } else if (token.kind == SqlTokenKind::quoted_word && token.text.front() == '"') {
        for (std::size_t i = 1; i + 1 < token.text.size(); ++i) {
            take(token.text[i]);
            if (token.text[i] == '"') ++i;   // doubled
        }
    }
    return size > 0 && size <= max_identifier;
}

bool take_name(std::string_view as_it_stands, std::string* name) {
    SqlScanner scanner(as_it_stands);
    for (;;) {
        if (!take_part(scanner.next(), name)) return false;
        const SqlToken behind = scanner.next();
        if (behind.kind == SqlTokenKind::end) return scanner.is_certain();
        if (!behind.is('.')) return false;
        if (name) *name += '.';
    }
}

}  // namespace

bool SqlScanner::rare(SqlCharacter kind, SqlToken& token) {
    const char* begin = at_;
    SqlTokenKind found = SqlTokenKind::symbol;
    switch (kind) {
    case SqlCharacter::digit: found = number(); break;
    case SqlCharacter::dollar: found = dollar(); break;
    case SqlCharacter::quote:
        plain_string();
        found = SqlTokenKind::string;
        break;
    case SqlCharacter::double_quote:
        quoted_word();
        found = SqlTokenKind::quoted_word;
        break;
    case SqlCharacter::dash:
        if (is_followed_by('-')) {
            line_comment();
            return false;
        }
        ++at_;
        break;
    case SqlCharacter::slash:
        if (is_followed_by('*')) {
            block_comment();
            return false;
        }
        ++at_;
        break;
    case SqlCharacter::letter:
    case SqlCharacter::blank:
    case SqlCharacter::other: ++at_; break;
    }
    token = since(begin, found);
    return true;
}

void SqlScanner::line_comment() { at_ = std::find_if(at_, end_, is_newline); }

void SqlScanner::block_comment() {
    std::size_t depth = 0;
    while (end_ - at_ > 1) {
        if (at_[0] == '/' && at_[1] == '*') {
            ++depth;
            at_ += 2;
        } else if (at_[0] == '*' && at_[1] == '/') {
            at_ += 2;
            if (--depth == 0) return;
        } else {
            ++at_;
        }
    }
    at_ = end_;
    is_certain_ = false;
}

SqlToken SqlScanner::prefixed(const char* begin) {
    const char prefix = folded(*begin);
    if (*at_ == '&') {
        if (prefix != 'u' || !(is_followed_by('\'') || is_followed_by('"'))) return {};
        ++at_;
        if (*at_ == '\'') {
            plain_string();
            return since(begin, SqlTokenKind::other_string);
        }
        quoted_word();
        is_certain_ = false;
        return since(begin, SqlTokenKind::quoted_word);
    }
    if (prefix == 'e')
        escape_string();
    else if (prefix == 'b' || prefix == 'x' || prefix == 'n')
        plain_string();   // in B'...' and X'...' a backslash is ordinary, in N'...' if it is in '...'
    else
        return {};
    return since(begin, SqlTokenKind::other_string);
}

const char* SqlScanner::behind_digits(const char* at) const {
    while (at != end_ && is_digit(*at)) ++at;
    return at;
}

SqlTokenKind SqlScanner::number() {
    at_ = behind_digits(at_);
    // 1..10 is a range, and of 1e+ the e is a word.
    if (end_ - at_ > 0 && *at_ == '.' && (end_ - at_ == 1 || at_[1] != '.')) at_ = behind_digits(at_ + 1);
    if (end_ - at_ > 1 && (*at_ == 'e' || *at_ == 'E')) {
        const char* digits = at_ + (at_[1] == '+' || at_[1] == '-' ? 2 : 1);
        if (digits < end_ && is_digit(*digits)) at_ = behind_digits(digits);
    }
    // 0x1f$a$: a number and a string since PostgreSQL 16, an error in 15, two words before.
    if (at_ < end_ && is_letter(*at_)) is_certain_ = false;
    return SqlTokenKind::number;
}

SqlTokenKind SqlScanner::dollar() {
    const char* begin = at_;
    ++at_;
    if (at_ < end_ && is_digit(*at_)) {
        at_ = behind_digits(at_);
        if (at_ < end_ && is_letter(*at_)) is_certain_ = false;
        return SqlTokenKind::parameter;
    }
    const char* tag_end = std::find_if_not(at_, end_, [](char c) { return is_letter(c) || is_digit(c); });
    if (tag_end == end_ || *tag_end != '$') return SqlTokenKind::symbol;
    const std::string_view tag(begin, static_cast<std::size_t>(tag_end + 1 - begin));
    const std::string_view rest(tag_end + 1, static_cast<std::size_t>(end_ - tag_end - 1));
    const std::size_t close = rest.find(tag);
    if (close == std::string_view::npos) {
        is_certain_ = false;
        at_ = end_;
    } else {
        at_ = rest.data() + close + tag.size();
    }
    return SqlTokenKind::other_string;
}

const char* SqlScanner::find(char c) const {
    const void* found = at_ == end_ ? nullptr : std::memchr(at_, c, static_cast<std::size_t>(end_ - at_));
    return found ? static_cast<const char*>(found) : end_;
}

void SqlScanner::quoted_word() {
    const char* at = at_ + 1;
    for (; at != end_; ++at) {   // mostly short
        if (*at != '"') continue;
        if (end_ - at == 1 || at[1] != '"') {
            at_ = at + 1;
            return;
        }
        ++at;
    }
    at_ = end_;
    is_certain_ = false;
}

void SqlScanner::plain_string() {
    const char* run = ++at_;   // behind the last quote
    while ((at_ = find('\'')) != end_) {
        const char* backslashes = at_;
        while (backslashes > run && backslashes[-1] == '\\') --backslashes;
        // An even number of them escape each other or are ordinary: the quote is one either way.
        if ((at_ - backslashes) % 2 != 0) is_certain_ = false;
        ++at_;
        if (at_ == end_ || *at_ != '\'') return;
        run = ++at_;
    }
    is_certain_ = false;
}

void SqlScanner::escape_string() {
    do {
        ++at_;   // the opening quote
        while (at_ < end_ && *at_ != '\'') at_ += *at_ == '\\' && end_ - at_ > 1 ? 2 : 1;
        if (at_ == end_) {
            is_certain_ = false;
            return;
        }
        ++at_;
        // A doubled quote, or the next line goes on with the string: both open it again.
    } while ((at_ < end_ && *at_ == '\'') || finds_continuation());
}

// Whether behind a string, with a line break between, its next piece begins: it has the rules of the
// first. Moves to the piece then. Only for E'...' do the rules of a piece differ from those of '...'.
bool SqlScanner::finds_continuation() {
    const char* at = at_;
    bool has_newline = false;
    while (at < end_) {
        if (kind_of(*at) == SqlCharacter::blank) {
            has_newline |= is_newline(*at);
            ++at;
        } else if (*at == '-' && end_ - at > 1 && at[1] == '-') {
            at = std::find_if(at, end_, is_newline);
        } else {
            break;
        }
    }
    if (!has_newline || at == end_ || *at != '\'') return false;
    at_ = at;
    return true;
}

std::optional<std::string> plain_name(std::string_view as_it_stands) {
    std::string name;
    return take_name(as_it_stands, &name) ? std::optional(std::move(name)) : std::nullopt;
}

bool has_plain_name(std::string_view as_it_stands) { return take_name(as_it_stands, nullptr); }

}  // namespace pgweir::proxy
