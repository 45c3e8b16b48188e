#include "proxy/simulation/retry.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::proxy {
namespace {

// The longest that exponential backoff comes to. Chosen: what the AWS SDKs have (max_backoff).
constexpr Duration longest_pause = std::chrono::seconds(20);

Duration backed_off(const config::RetryOptions& retry, int made) {
    switch (retry.backoff) {
    case config::Backoff::none: return Duration::zero();
    case config::Backoff::constant: return retry.base;
    case config::Backoff::exponential: {
        const Duration first = retry.base;
        return std::min<Duration>(first * (1 << std::min(made - 1, 20)), std::max(longest_pause, first));
    }
    }
    return Duration::zero();
}

}  // namespace

Duration pause_before_retry(const config::RetryOptions& retry, int made, Duration retry_after, Chance& chance) {
    assert(made >= 1);
    // Both draws are made always, so that an option changes what it says and not all later chance.
    const double backoff_share = chance.share();
    const double hint_share = chance.share();
    Duration pause = Chance::times(backed_off(retry, made), 0.5 + backoff_share);
    // What the README asks of clients: retry_after, and a random part of the same length.
    if (retry.honours_hint) pause = std::max(pause, Chance::times(retry_after, 1.0 + hint_share));
    return std::max(pause, client_round_trip);
}

}  // namespace pgweir::proxy
