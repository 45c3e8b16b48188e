#include "proxy/event_ring.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

constexpr std::string_view prefix = "event=";

// How far back a repetition is looked for: several kinds of refusals come in turns.
constexpr std::size_t looked_at = 16;

// The value of one key, up to the next blank; empty when it is not there.
std::string_view value_of(std::string_view text, std::string_view key) {
    for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
        const bool is_key = at == 0 || text[at - 1] == ' ';
        if (!is_key) continue;
        const std::string_view value = text.substr(at + key.size());
        return value.substr(0, value.find(' '));
    }
    return {};
}

// Two refusals are the same event when they are of the same pool and for the same reason. What has no reason
// is the same only in the same words.
bool is_repetition(const EventLine& known, std::string_view event, std::string_view text) {
    if (known.event != event) return false;
    const std::string_view reason = value_of(text, "reason=");
    if (reason.empty()) return known.text == text;
    return value_of(known.text, "reason=") == reason && value_of(known.text, "pool=") == value_of(text, "pool=");
}

}  // namespace

void EventRing::note(std::chrono::system_clock::time_point at, std::string_view level, std::string_view line) {
    if (!line.starts_with(prefix)) return;
    line.remove_prefix(prefix.size());
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view event = line.substr(0, end);
    const std::string_view text = line.substr(std::min(end + 1, line.size())).substr(0, max_event_text);
    const std::lock_guard lock(mutex_);
    const auto back = lines_.rbegin();
    const auto last = back + static_cast<std::ptrdiff_t>(std::min(lines_.size(), looked_at));
    const auto known = std::find_if(back, last, [&](const EventLine& one) { return is_repetition(one, event, text); });
    if (known != last) {
        known->at = at;
        known->text = text;
        ++known->count;
        return;
    }
    lines_.push_back(EventLine{at, std::string(level), std::string(event), std::string(text)});
    if (lines_.size() > max_events) lines_.pop_front();
}

std::vector<EventLine> EventRing::lines() const {
    const std::lock_guard lock(mutex_);
    return {lines_.begin(), lines_.end()};
}

}  // namespace pgweir::proxy
