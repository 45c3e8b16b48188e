#include "proxy/core/session_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pgweir::proxy {
namespace {

struct WordRow {
    std::string_view word;   // in lower case
    std::string_view leaves;
};

// Transaction-level advisory locks end with their transaction and are not here.
constexpr std::array words = {
    WordRow{"set_config", "setting"},
    WordRow{"pg_advisory_lock", "advisory_lock"},
    WordRow{"pg_advisory_lock_shared", "advisory_lock"},
    WordRow{"pg_try_advisory_lock", "advisory_lock"},
    WordRow{"pg_try_advisory_lock_shared", "advisory_lock"},
    WordRow{"temp", "temporary_object"},
    WordRow{"temporary", "temporary_object"},
    WordRow{"pg_temp", "temporary_object"},
    WordRow{"hold", "holdable_cursor"},
};

constexpr bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_same(std::string_view lower, std::string_view text) {
    return lower.size() == text.size() &&
           std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b | 0x20) : b);
           });
}

// Whether any word of the table begins so: most words of a statement are done with after one look.
constexpr bool may_begin(char c) {
    switch (c | 0x20) {
    case 's':
    case 'p':
    case 't':
    case 'h': return true;
    default: return false;
    }
}

}  // namespace

std::optional<std::string_view> find_session_word(std::string_view sql) {
    std::size_t at = 0;
    while (at < sql.size()) {
        if (!is_word_character(sql[at])) {
            ++at;
            continue;
        }
        const std::size_t begin = at;
        while (at < sql.size() && is_word_character(sql[at])) ++at;
        if (!may_begin(sql[begin])) continue;
        const std::string_view word = sql.substr(begin, at - begin);
        const auto* row = std::find_if(words.begin(), words.end(), [&](const WordRow& candidate) { return is_same(candidate.word, word); });
        if (row != words.end()) return row->leaves;
    }
    return std::nullopt;
}

}  // namespace pgweir::proxy
