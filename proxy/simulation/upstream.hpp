// The upstream of a simulation: how many connections it grants when, and when it is gone.
// Times count from the beginning.
#pragma once

#include "config/scenario.hpp"
#include "proxy/core/ids.hpp"

#include <optional>

namespace pgweir::proxy {

enum class UpstreamOutcome { ok, no_capacity, unreachable };

struct UpstreamAnswer {
    UpstreamOutcome outcome = UpstreamOutcome::ok;
    std::optional<int> ceiling;   // no_capacity, when the upstream names it
};

class Upstream {
public:
    // Lifetime: of the options.
    explicit Upstream(const config::UpstreamOptions& options) : options_(options) {}

    // What a login comes to that began at `begun` and ends at `now`; an accepted one is a connection from then on.
    UpstreamAnswer finish_login(Duration begun, Duration now);
    // A connection has ended.
    void disconnect() { --connections_; }

    int connections() const { return connections_; }
    Duration login_time() const { return options_.login_time; }
    // The most that it grants, at most `wanted`.
    int grants(int wanted, Duration at) const;

    // The server time that `wanted` servers could have had until `end`, logins being free.
    Duration possible_time(int wanted, Duration end) const;

private:
    bool is_out(Duration from, Duration to) const;

    const config::UpstreamOptions& options_;
    int connections_ = 0;
};

}  // namespace pgweir::proxy
