#include "proxy/top/figures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::proxy {

std::string short_time(std::chrono::milliseconds duration) {
    const std::int64_t ms = std::max<std::int64_t>(duration.count(), 0);
    const std::int64_t seconds = ms / 1000;
    if (ms < 1000) return fmt::format("{}ms", ms);
    if (seconds < 60) return fmt::format("{}.{}s", seconds, ms % 1000 / 100);
    if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

std::string short_number(double value) {
    if (value <= 0) return "0";
    if (value < 9.95) return fmt::format("{:.1f}", value);
    if (value < 99'999.5) return fmt::format("{:.0f}", value);
    if (value < 999'999.5) return fmt::format("{:.0f}k", value / 1e3);
    return value < 99'950'000 ? fmt::format("{:.1f}M", value / 1e6) : fmt::format("{:.0f}M", value / 1e6);
}

std::string usage_bar(std::int64_t used, std::optional<std::int64_t> threshold, std::size_t width) {
    if (width < 3) return std::string(width, ' ');
    const auto inside = static_cast<std::int64_t>(width) - 2;
    const auto place_of = [inside](std::int64_t percent) { return std::clamp<std::int64_t>(percent, 0, 100) * inside / 100; };
    const std::int64_t filled = used > 0 ? std::max<std::int64_t>(place_of(used), 1) : 0;
    std::string bar = "[" + std::string(static_cast<std::size_t>(filled), '#') + std::string(static_cast<std::size_t>(inside - filled), ' ') + "]";
    if (threshold) bar[1 + static_cast<std::size_t>(std::min(place_of(*threshold), inside - 1))] = '|';
    return bar;
}

}  // namespace pgweir::proxy
