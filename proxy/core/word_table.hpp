// A fixed set of words, made for asking about very many words of which few are in it.
#pragma once

#include "proxy/core/sql_characters.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

// `text` is `lower` when ASCII letters are folded.
inline bool is_same_folded(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (folded(text[i]) != lower[i]) return false;
    return true;
}

// `Row` has a `word`: in lower case, of 1 to 63 characters. The rows are in alphabetical order.
template <typename Row, std::size_t count>
class WordTable {
public:
    consteval explicit WordTable(const std::array<Row, count>& rows) : rows_(rows) {
        for (std::size_t i = 0; i < count; ++i) {
            Initial& initial = initials_[initial_of(rows[i].word)];
            if (initial.lengths == 0) initial.begin = static_cast<std::uint16_t>(i);
            initial.end = static_cast<std::uint16_t>(i + 1);
            if (rows[i].word.size() > 63 || (i > 0 && rows[i].word <= rows[i - 1].word)) throw "rows out of order";
            initial.lengths |= std::uint64_t{1} << rows[i].word.size();
        }
    }

    // Lifetime: the table's. nullptr for most words after one look. Requires: not empty.
    const Row* find(std::string_view word) const {
        if (!may_hold(word)) return nullptr;
        const Initial& initial = initials_[initial_of(word)];
        for (std::size_t i = initial.begin; i < initial.end; ++i)
            if (is_same_folded(word, rows_[i].word)) return &rows_[i];
        return nullptr;
    }

private:
    // The rows of one first letter, and a bit for each of their lengths.
    struct Initial {
        std::uint64_t lengths = 0;
        std::uint16_t begin = 0;
        std::uint16_t end = 0;
    };

    // The lower five bits of a letter, which are the same in both cases.
    static constexpr std::size_t initial_of(std::string_view word) {
        return static_cast<unsigned char>(word.front()) & 31U;
    }

    bool may_hold(std::string_view word) const {
        return word.size() < 64 && (initials_[initial_of(word)].lengths >> word.size() & 1U) != 0;
    }

    std::array<Row, count> rows_;
    std::array<Initial, 32> initials_{};
};

}  // namespace pgweir::proxy
