// Figures as a narrow column shows them. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pgweir::proxy {

// 350ms, 12.3s, 3m05s, 2h14m, 5d03h.
std::string short_time(std::chrono::milliseconds duration);

// 0, 3.4, 12345, 123k, 45.6M.
std::string short_number(double value);

// What share of its width, in cells with the brackets, is used, in ASCII; `|` where the threshold lies. Shares in percent.
std::string usage_bar(std::int64_t used, std::optional<std::int64_t> threshold, std::size_t width);

}  // namespace pgweir::proxy
