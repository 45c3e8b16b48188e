// Values of the console's tables, made from the daemon's own.
#pragma once

#include "proxy/admin/snapshot.hpp"
#include "proxy/admin/table.hpp"

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace pgweir::proxy {

inline Cell text(std::string_view value) { return std::string(value); }
// NULL when there is none.
inline Cell text_or_null(std::string_view value) { return value.empty() ? Cell() : Cell(std::string(value)); }

template <std::integral Number>
Cell number(Number value) {
    return static_cast<std::int64_t>(value);
}

inline Cell milliseconds(Duration duration) { return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()); }
inline Cell whole_seconds(Duration duration) { return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count()); }
// What is left of the last second.
Cell rest_microseconds(Duration duration);

inline Cell percent(double share) { return static_cast<std::int64_t>(share * 100 + 0.5); }
inline Cell yes_or_no(bool value) { return std::string(value ? "yes" : "no"); }

// `2026-01-31 12:00:00 UTC`, as PgBouncer writes it.
std::string time_text(std::chrono::system_clock::time_point at);

// "10.0.0.7" and "51234" of "10.0.0.7:51234"; of "unix", "unix" and nothing.
std::pair<std::string, std::int64_t> split_address(std::string_view address);

// A server's number in SHOW: of its pool among the others, and its place.
std::int64_t number_of_server(std::size_t pool, ServerId id);

}  // namespace pgweir::proxy
