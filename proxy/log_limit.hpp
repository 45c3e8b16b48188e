// How much of a storm reaches the log: of each event so many lines per second, and then one that counts the rest.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// Chosen: more than anybody reads, and less than a disk notices.
constexpr std::uint64_t max_event_lines = 100;
constexpr std::chrono::seconds log_window{1};

// Lines that were not written.
struct HeldBack {
    std::string event;
    std::uint64_t lines = 0;
};

// Not for several threads at once.
class LogLimit {
public:
    using TimePoint = std::chrono::system_clock::time_point;   // the clock of log lines; it may be set back

    // Whether a line of that event is to be written. `event`: one of the program's own names, so there are few.
    bool admits(std::string_view event, TimePoint now);

    // What was held back in windows that are over by now: each is told once.
    std::vector<HeldBack> take_held_back(TimePoint now);

private:
    struct Window {
        TimePoint began{};
        std::uint64_t written = 0;
        std::uint64_t held_back = 0;

        bool is_over(TimePoint now) const { return now < began || now - began >= log_window; }
    };

    std::unordered_map<std::string, Window> windows_;   // by event
};

}  // namespace pgweir::proxy
