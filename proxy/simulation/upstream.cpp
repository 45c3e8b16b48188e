#include "proxy/simulation/upstream.hpp"

#include <algorithm>
#include <vector>

namespace pgweir::proxy {

bool Upstream::is_out(Duration from, Duration to) const {
    return std::any_of(options_.outages.begin(), options_.outages.end(), [&](const config::Outage& outage) {
        return to >= outage.from && from < outage.from + outage.duration;
    });
}

int Upstream::grants(int wanted, Duration at) const {
    int ceiling = options_.ceiling;
    for (const config::CeilingChange& change : options_.ceiling_changes)
        if (change.at <= at) ceiling = change.to;
    return ceiling == 0 ? wanted : std::min(ceiling, wanted);
}

UpstreamAnswer Upstream::finish_login(Duration begun, Duration now) {
    if (is_out(begun, now)) return {UpstreamOutcome::unreachable, std::nullopt};
    const int granted = grants(connections_ + 1, now);
    if (connections_ < granted) {
        ++connections_;
        return {UpstreamOutcome::ok, std::nullopt};
    }
    return {UpstreamOutcome::no_capacity, options_.tells_ceiling ? std::optional<int>(granted) : std::nullopt};
}

Duration Upstream::possible_time(int wanted, Duration end) const {
    // Between two of these instants nothing changes.
    std::vector<Duration> instants = {Duration::zero(), end};
    for (const config::CeilingChange& change : options_.ceiling_changes) instants.emplace_back(change.at);
    for (const config::Outage& outage : options_.outages) {
        instants.emplace_back(outage.from);
        instants.emplace_back(outage.from + outage.duration);
    }
    for (Duration& instant : instants) instant = std::min(instant, end);
    std::sort(instants.begin(), instants.end());
    Duration time{};
    for (std::size_t i = 1; i < instants.size(); ++i) {
        const Duration from = instants[i - 1];
        if (!is_out(from, from)) time += (instants[i] - from) * grants(wanted, from);
    }
    return time;
}

}  // namespace pgweir::proxy
