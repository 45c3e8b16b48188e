#include "proxy/core/watched_names.hpp"

#include "proxy/core/sql_characters.hpp"

#include <algorithm>
#include <cstddef>

namespace pgweir::proxy {
namespace {

bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// The bit of a word in the filter: its first letter, without its case, and the last three bits of its length.
std::size_t bit_of(std::string_view word) {
    return (static_cast<unsigned char>(word.front()) & 31U) * 8U + (word.size() & 7U);
}

}  // namespace

void NamesToWatch::add(const NamesToWatch& more) {
    for (const WatchedName& one : more.names) {
        const auto known = std::find_if(names.begin(), names.end(), [&](const WatchedName& other) { return other.name == one.name; });
        if (known == names.end()) names.push_back(one);
        else known->trace = std::max(known->trace, one.trace);
    }
    for (const std::string& setting : more.custom_settings)
        if (std::find(custom_settings.begin(), custom_settings.end(), setting) == custom_settings.end()) custom_settings.push_back(setting);
}

WatchedNames::WatchedNames(const NamesToWatch& watched) : custom_settings_(watched.custom_settings) {
    for (const WatchedName& one : watched.names) add(one.name, one.trace);
}

void WatchedNames::add(std::string name, SessionTrace trace) {
    if (name.empty()) return;
    if (std::ranges::any_of(name, is_beyond_ascii)) beyond_ascii_ = std::max(beyond_ascii_, trace);
    most_ = std::max(most_, trace);
    std::ranges::transform(name, name.begin(), folded);
    const std::size_t bit = bit_of(name);
    first_and_length_[bit / 64] |= std::uint64_t{1} << bit % 64;
    SessionTrace& known = names_[std::move(name)];
    known = std::max(known, trace);
}

SessionTrace WatchedNames::trace_of(std::string_view word) const {
    if (word.empty() || names_.empty()) return SessionTrace::none;
    if (word.size() > max_identifier) return most_;
    if (beyond_ascii_ != SessionTrace::none && std::ranges::any_of(word, is_beyond_ascii)) return beyond_ascii_;
    const std::size_t bit = bit_of(word);
    if ((first_and_length_[bit / 64] >> bit % 64 & 1U) == 0) return SessionTrace::none;
    std::array<char, max_identifier> lower;
    std::ranges::transform(word, lower.begin(), folded);
    const auto found = names_.find(std::string_view(lower.data(), word.size()));
    return found == names_.end() ? SessionTrace::none : found->second;
}

}  // namespace pgweir::proxy
