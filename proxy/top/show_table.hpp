// What the console has answered, as text, and all that one frame of `pgweir top` is made of. Values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct ShowTable {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;   // NULL: empty

    // Empty when there is no such column. Lifetime: the table.
    std::string_view cell(std::size_t row, std::string_view column) const;
    // Nullopt when it is none, NULL or not there.
    std::optional<std::int64_t> number(std::size_t row, std::string_view column) const;
    // The first row with that text in that column.
    std::optional<std::size_t> find(std::string_view column, std::string_view text) const;
};

struct Sample {
    ShowTable daemon;
    ShowTable pools;
    ShowTable breaker;
    ShowTable stats;
    ShowTable holders;
    ShowTable queue;
    std::chrono::steady_clock::time_point at;   // when the answer was complete
};

// What is asked, in the order of asking.
struct Question {
    const char* sql;
    ShowTable Sample::*table;
};
inline constexpr Question questions[] = {
    {"SHOW DAEMON", &Sample::daemon}, {"SHOW POOLS", &Sample::pools},     {"SHOW BREAKER", &Sample::breaker},
    {"SHOW STATS", &Sample::stats},   {"SHOW HOLDERS", &Sample::holders}, {"SHOW QUEUE", &Sample::queue},
};

}  // namespace pgweir::proxy
