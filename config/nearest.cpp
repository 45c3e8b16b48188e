#include "config/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>

namespace pgweir::config {

namespace {

// Longer words are not compared: no key is that long, and the comparison is quadratic.
constexpr std::size_t max_word_size = 64;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : (c == '-' ? '_' : c);
}

std::string lowered(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

// How many characters must be inserted, removed, replaced or swapped with their
// neighbour to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> now(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = std::min(now[j], before[j - 2] + 1);
            }
        }
        before.swap(last);
        last.swap(now);
    }
    return last[b.size()];
}

// How far `candidate` is from `word`, or nullopt when too far to be meant.
std::optional<std::size_t> closeness(std::string_view word, std::string_view candidate) {
    const std::size_t distance = edit_distance(word, lowered(candidate));
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    if (distance <= allowed) {
        return distance;
    }
    const std::size_t dot = candidate.rfind('.');
    if (dot != std::string_view::npos) {
        return candidate.substr(dot + 1) == word ? std::optional<std::size_t>(1) : std::nullopt;
    }
    // `default_pool_size` for `pool_size`: one word inside the other, and further than any misspelling.
    const bool one_in_the_other = candidate.size() >= 4 && word.size() >= 4 &&
                                  (word.find(candidate) != std::string_view::npos ||
                                   candidate.find(word) != std::string_view::npos);
    return one_in_the_other ? std::optional<std::size_t>(max_word_size + distance) : std::nullopt;
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    if (word.empty() || word.size() > max_word_size) {
        return {};
    }
    const std::string wanted = lowered(word);
    std::string best;
    std::optional<std::size_t> best_distance;
    for (const std::string& candidate : candidates) {
        const std::optional<std::size_t> distance = closeness(wanted, candidate);
        if (distance && (!best_distance || *distance < *best_distance)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
    const std::string found = nearest(word, candidates);
    return found.empty() ? std::string() : fmt::format(" (did you mean {}?)", found);
}

}  // namespace pgweir::config
