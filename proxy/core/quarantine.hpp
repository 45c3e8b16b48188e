// Until when a cancel that was sent may still hit whatever its server runs. PostgreSQL has acted on a cancel before it
// closes the connection of the request; a pooler closes that at once and passes the cancel on when it comes to it.
#pragma once

#include "protocol/sqlstate.hpp"
#include "proxy/core/ids.hpp"

#include <chrono>
#include <string_view>

namespace pgweir::proxy {

// From the end of the last request, behind a pooler. Supavisor has been seen to take 250 ms (field facts).
constexpr Duration cancel_settle = std::chrono::milliseconds(300);

class Quarantine {
public:
    void sent() { ++unanswered_; }
    // The connection of a request was closed, or could not be made. `settle`: zero where no pooler is between.
    void ended(TimePoint now, Duration settle = cancel_settle) { over_at_ = now + settle; }
    // An error came from the server. One that reads as cancels do, and as neither a timeout's nor, for want
    // of certainty, a translated one, answers one cancel.
    void failed(std::string_view sqlstate, std::string_view message) {
        const bool is_landing = sqlstate == protocol::sqlstate::query_canceled && message == "canceling statement due to user request";
        if (is_landing && unanswered_ > 0) --unanswered_;
    }

    // Every cancel has landed, or has come to nothing. Requires: each request has ended.
    bool is_over(TimePoint now) const { return unanswered_ == 0 || now >= over_at_; }

private:
    int unanswered_ = 0;
    TimePoint over_at_{};
};

}  // namespace pgweir::proxy
