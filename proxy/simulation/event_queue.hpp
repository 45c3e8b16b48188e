// What is to happen in virtual time, in order; of what happens at one instant, what was
// said first happens first.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstdint>
#include <queue>
#include <vector>

namespace pgweir::proxy {

enum class EventKind {
    tick,               // the daemon's, every 100 ms
    report,             // an interval of the report ends
    flow_begins,        // subject: the flow
    arrival,            // an invocation of the flow
    lambda,             // a lambda's next step
    invocation_timeout, // the platform's patience with a lambda ends
    login_ends,         // subject: the server's place
    server_recovered,
    server_closed,
    outage,             // begins now
};

struct Event {
    TimePoint at;
    std::uint64_t order;
    EventKind kind;
    std::uint32_t subject;
    std::uint32_t round;   // of the subject: when that has gone on, the event is void
};

class EventQueue {
public:
    void push(TimePoint at, EventKind kind, std::uint32_t subject = 0, std::uint32_t round = 0) {
        events_.push(Event{at, pushed_++, kind, subject, round});
    }

    bool empty() const { return events_.empty(); }

    // Requires: not empty.
    Event pop() {
        const Event event = events_.top();
        events_.pop();
        return event;
    }

private:
    struct Later {
        bool operator()(const Event& a, const Event& b) const {
            return a.at == b.at ? a.order > b.order : a.at > b.at;
        }
    };
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::uint64_t pushed_ = 0;
};

}  // namespace pgweir::proxy
