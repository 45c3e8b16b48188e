#include "config/quantities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pgweir::config {

namespace {

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr std::array<Unit, 4> units = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

// As PostgreSQL has them: 1kB is 1024 bytes.
struct MemoryUnit {
    std::string_view name;
    std::int64_t bytes;
};
constexpr std::array<MemoryUnit, 3> memory_units = {{{"GB", 1'073'741'824}, {"MB", 1'048'576}, {"kB", 1024}}};

// Digits as a number; too many of them are larger than any range.
std::int64_t number_of(std::string_view digits) {
    constexpr std::int64_t huge = 1'000'000'000'000;
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return ec != std::errc() || value > huge ? huge : value;
}

bool is_within(const Facts& facts, std::int64_t value) {
    return value >= facts.min && value <= facts.max;
}

// The percentages that a portion may be.
constexpr Facts portion_percent{.key = {}, .min = 0, .max = 100};

std::string or_word(const Facts& facts) {
    return facts.word.empty() ? std::string() : fmt::format(", or {}", facts.word);
}

}  // namespace

std::string whole_number_range(const Facts& facts) {
    return fmt::format("{} to {}{}", facts.min, facts.max, or_word(facts));
}

std::string duration_range(const Facts& facts) {
    return fmt::format("{} to {}", text_of(std::chrono::milliseconds(facts.min)),
                       text_of(std::chrono::milliseconds(facts.max)));
}

std::string byte_size_range(const Facts& facts) {
    return fmt::format("{} to {}", text_of(ByteSize{static_cast<std::size_t>(facts.min)}),
                       text_of(ByteSize{static_cast<std::size_t>(facts.max)}));
}

std::string share_range(const Facts& facts) {
    return fmt::format("{}% to {}%{}", facts.min, facts.max, or_word(facts));
}

std::string portion_range(const Facts& facts) {
    return fmt::format("{}, or {}", share_range(portion_percent), whole_number_range(facts));
}

std::optional<std::string> read_whole_number(const Facts& facts, std::string_view text, std::int64_t& value) {
    if (!facts.word.empty() && text == facts.word) {
        value = 0;
        return std::nullopt;
    }
    const bool is_negative = text.starts_with('-') && is_digits(text.substr(1));
    if (!is_digits(text) && !is_negative) {
        return fmt::format("is not a whole number ({})", whole_number_range(facts));
    }
    const std::int64_t number = is_negative ? -1 : number_of(text);
    if (!is_within(facts, number)) {
        return fmt::format("is out of range: {}", whole_number_range(facts));
    }
    value = number;
    return std::nullopt;
}

std::optional<std::string> read_duration(const Facts& facts, std::string_view text, std::chrono::milliseconds& value) {
    const std::size_t digits_end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view digits = text.substr(0, digits_end);
    const std::string_view unit_name = text.substr(digits_end);
    if (digits.empty()) {
        return std::string("is not a duration: write 250ms, 30s, 5m or 1h");
    }
    if (unit_name.empty()) {
        return fmt::format("needs a unit: write {}s", digits.size() > 12 ? "30" : digits);
    }
    for (const Unit& unit : units) {
        if (unit.name != unit_name) {
            continue;
        }
        const std::int64_t count = number_of(digits) * unit.milliseconds;
        if (!is_within(facts, count)) {
            return fmt::format("is out of range: {}", duration_range(facts));
        }
        value = std::chrono::milliseconds(count);
        return std::nullopt;
    }
    return std::string("is not a duration: the units are ms, s, m and h, after a whole number without a blank");
}

std::optional<std::string> read_byte_size(const Facts& facts, std::string_view text, ByteSize& value) {
    const std::size_t digits_end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view digits = text.substr(0, digits_end);
    const std::string_view unit_name = text.substr(digits_end);
    if (digits.empty()) {
        return std::string("is not an amount of memory: write 256kB, 64MB or 1GB");
    }
    if (unit_name.empty()) {
        return fmt::format("needs a unit: write {}MB", digits.size() > 6 ? "64" : digits);
    }
    for (const MemoryUnit& unit : memory_units) {
        if (unit.name != unit_name) {
            continue;
        }
        const std::int64_t count = number_of(digits);
        if (count > facts.max / unit.bytes || count * unit.bytes < facts.min) {
            return fmt::format("is out of range: {}", byte_size_range(facts));
        }
        value = ByteSize{static_cast<std::size_t>(count * unit.bytes)};
        return std::nullopt;
    }
    return std::string("is not an amount of memory: the units are kB, MB and GB, after a whole number without a blank");
}

std::optional<std::string> read_share(const Facts& facts, std::string_view text, double& percent) {
    const bool has_sign = text.ends_with('%');
    const std::string_view number = has_sign ? text.substr(0, text.size() - 1) : text;
    const std::size_t dot = number.find('.');
    const bool is_number = is_digits(number.substr(0, dot)) && number.size() <= 12 &&
                           (dot == std::string_view::npos || is_digits(number.substr(dot + 1)));
    if (!is_number) {
        return fmt::format("is not a percentage ({})", share_range(facts));
    }
    std::from_chars(number.data(), number.data() + number.size(), percent);
    if (!has_sign) {
        // 0.8 is how code writes it, 80 how people do.
        const double meant = dot != std::string_view::npos && percent <= 1.0 ? percent * 100.0 : percent;
        return fmt::format("needs a percent sign: write {:.4g}%", meant);
    }
    if (percent < static_cast<double>(facts.min) || percent > static_cast<double>(facts.max)) {
        return fmt::format("is out of range: {}", share_range(facts));
    }
    return std::nullopt;
}

std::optional<std::string> read_portion(const Facts& facts, std::string_view text, Portion& value) {
    if (text.ends_with('%')) {
        double percent = 0;
        std::optional<std::string> complaint = read_share(portion_percent, text, percent);
        if (!complaint) {
            value = Portion::of_percent(percent);
        }
        return complaint;
    }
    if (text.find('.') != std::string_view::npos || !is_digits(text.substr(text.starts_with('-') ? 1 : 0))) {
        return fmt::format("is neither a percentage nor a whole number ({})", portion_range(facts));
    }
    std::int64_t count = 0;
    if (read_whole_number(facts, text, count)) {
        return fmt::format("is out of range: {}", portion_range(facts));
    }
    value = Portion::of_count(static_cast<int>(count));
    return std::nullopt;
}

std::string text_of(std::chrono::milliseconds value) {
    for (const Unit& unit : units) {
        if (value.count() != 0 && value.count() % unit.milliseconds == 0) {
            return fmt::format("{}{}", value.count() / unit.milliseconds, unit.name);
        }
    }
    return "0s";
}

std::string text_of(ByteSize value) {
    for (const MemoryUnit& unit : memory_units) {
        const auto size = static_cast<std::size_t>(unit.bytes);
        if (value.bytes != 0 && value.bytes % size == 0) {
            return fmt::format("{}{}", value.bytes / size, unit.name);
        }
    }
    return fmt::format("{}kB", value.bytes / 1024);
}

std::string text_of(const Portion& value) {
    return value.percent() ? fmt::format("{:.4g}%", *value.percent()) : std::to_string(value.count());
}

}  // namespace pgweir::config
