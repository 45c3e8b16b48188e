#include "proxy/log_limit.hpp"

#include <utility>

namespace pgweir::proxy {

bool LogLimit::admits(std::string_view event, TimePoint now) {
    Window& window = windows_[std::string(event)];
    if (window.is_over(now)) {
        window.began = now;
        window.written = 0;
    }
    if (window.written < max_event_lines) {
        ++window.written;
        return true;
    }
    ++window.held_back;
    return false;
}

std::vector<HeldBack> LogLimit::take_held_back(TimePoint now) {
    std::vector<HeldBack> all;
    for (auto& [event, window] : windows_) {
        if (window.held_back > 0 && window.is_over(now)) all.push_back({event, std::exchange(window.held_back, 0)});
    }
    return all;
}

}  // namespace pgweir::proxy
