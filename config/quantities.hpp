// Whole numbers, durations, amounts of memory and percentages: from the text of the file, and back to text.
#pragma once

#include "config/schema.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::config {

// Each returns what is wrong with `text` by its form or by the option's range, and
// leaves the result alone then.
std::optional<std::string> read_whole_number(const Facts& facts, std::string_view text, std::int64_t& value);
std::optional<std::string> read_duration(const Facts& facts, std::string_view text, std::chrono::milliseconds& value);

std::optional<std::string> read_byte_size(const Facts& facts, std::string_view text, ByteSize& value);

// `percent` is the number before the sign.
std::optional<std::string> read_share(const Facts& facts, std::string_view text, double& percent);

// A percentage when there is a percent sign, else a plain count.
std::optional<std::string> read_portion(const Facts& facts, std::string_view text, Portion& value);

// The option's range for people: `1 to 64, or auto`, `100ms to 10m`, `1MB to 4GB`, `1% to 100%, or off`, `0% to 100%, or 1 to 64`.
std::string whole_number_range(const Facts& facts);
std::string duration_range(const Facts& facts);
std::string byte_size_range(const Facts& facts);
std::string share_range(const Facts& facts);
std::string portion_range(const Facts& facts);

// The largest unit that needs no fraction: 1500ms, 90s, 5m, 1h; 0s.
std::string text_of(std::chrono::milliseconds value);

// The same with kB, MB and GB.
std::string text_of(ByteSize value);

// 25% or 5.
std::string text_of(const Portion& value);

}  // namespace pgweir::config
