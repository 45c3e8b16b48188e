// Small value types of the configuration.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pgweir::config {

// Text that must never be printed. It has no conversion to text but `reveal`, so a
// log line cannot take it by accident.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

    friend bool operator==(const Secret&, const Secret&) = default;

private:
    std::string text_;
};

// An amount of memory.
struct ByteSize {
    std::size_t bytes = 0;

    friend bool operator==(const ByteSize&, const ByteSize&) = default;
};

// How many of a number that another option tells: a plain count, or a percentage of it.
class Portion {
public:
    static constexpr Portion of_count(int count) { return Portion(count, std::nullopt); }
    static constexpr Portion of_percent(double percent) { return Portion(0, percent); }

    // Nullopt: a plain count.
    constexpr std::optional<double> percent() const { return percent_; }
    constexpr int count() const { return count_; }

    // Percentages are rounded up; at least 1 and at most the whole. Requires: whole >= 1.
    int of(int whole) const;

    friend bool operator==(const Portion&, const Portion&) = default;

private:
    constexpr Portion(int count, std::optional<double> percent) : count_(count), percent_(percent) {}

    int count_;   // 0 beside a percentage
    std::optional<double> percent_;
};

// Name of a flow, or of one of its parts -> turns in a row.
using Weights = std::map<std::string, int, std::less<>>;

// What clients can be told apart by into flows.
inline constexpr std::array<std::string_view, 3> flow_parts = {"user", "application_name", "address"};

}  // namespace pgweir::config
