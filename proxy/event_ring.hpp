// The last events of the daemon, as the log has them: for SHOW EVENTS. What repeats itself is counted
// in one line, so that a storm of refusals does not push out what came before it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct EventLine {
    std::chrono::system_clock::time_point at;   // of the last one
    std::string level;
    std::string event;    // `breaker_changed`
    std::string text;     // what stands behind it: `pool=app state=open ...`
    std::uint64_t count = 1;
};

// Chosen: some screens, and less than a megabyte.
constexpr std::size_t max_events = 500;
constexpr std::size_t max_event_text = 400;

// Any thread may use it.
class EventRing {
public:
    // `line`: `event=<name> key=value ...`; others are not kept.
    void note(std::chrono::system_clock::time_point at, std::string_view level, std::string_view line);

    // The oldest first.
    std::vector<EventLine> lines() const;

private:
    mutable std::mutex mutex_;
    std::deque<EventLine> lines_;
};

}  // namespace pgweir::proxy
