#include "proxy/core/watched_names.hpp"

#include <algorithm>
#include <cstddef>

namespace pgweir::proxy {
namespace {

// PostgreSQL: NAMEDATALEN - 1.
constexpr std::size_t max_name = 63;

bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The bit of a word in the filter: its first letter, without its case, and the last three bits of its length.
std::size_t bit_of(std::string_view word) {
    return (static_cast<unsigned char>(word.front()) & 31U) * 8U + (word.size() & 7U);
}

}  // namespace

WatchedNames::WatchedNames(std::vector<std::string> names) {
    for (std::string& name : names) {
        if (name.empty()) continue;
        has_beyond_ascii_ |= std::ranges::any_of(name, is_beyond_ascii);
        std::ranges::transform(name, name.begin(), folded);
        const std::size_t bit = bit_of(name);
        first_and_length_[bit / 64] |= std::uint64_t{1} << bit % 64;
        names_.insert(std::move(name));
    }
}

bool WatchedNames::holds(std::string_view word) const {
    if (word.empty() || names_.empty()) return false;
    if (word.size() > max_name) return true;
    if (has_beyond_ascii_ && std::ranges::any_of(word, is_beyond_ascii)) return true;
    const std::size_t bit = bit_of(word);
    if ((first_and_length_[bit / 64] >> bit % 64 & 1U) == 0) return false;
    std::array<char, max_name> lower;
    std::ranges::transform(word, lower.begin(), folded);
    return names_.contains(std::string_view(lower.data(), word.size()));
}

}  // namespace pgweir::proxy
