// The state of a pool in words: the worst first.
#include "proxy/admin/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pgweir::proxy {
namespace {

std::string seconds_text(Duration duration) {
    return fmt::format("{:.1f} s", std::max(std::chrono::duration<double>(duration).count(), 0.0));
}

std::string percent_text(double share) { return fmt::format("{:.0f} %", share * 100); }

void add_upstream(std::vector<std::string>& sentences, const PoolShot& pool) {
    const PoolFacts& facts = pool.facts;
    if (facts.upstream != UpstreamState::closed) {
        const std::string why = pool.upstream_failure.empty() ? std::string() : fmt::format(" It says: {}.", pool.upstream_failure);
        sentences.push_back(fmt::format("PostgreSQL cannot be had, and clients are told so.{} The next login is tried in {}.", why,
                                        seconds_text(facts.upstream_retry_after)));
    } else if (!pool.upstream_failure.empty()) {
        sentences.push_back(fmt::format("The last server login failed: {}.", pool.upstream_failure));
    }
    if (facts.effective_size < facts.pool_size)
        sentences.push_back(fmt::format("The upstream lets pgweir have {} of the {} servers configured; one more is tried now and then.",
                                        facts.effective_size, facts.pool_size));
}

void add_breaker(std::vector<std::string>& sentences, const PoolFacts& facts) {
    const char* const by_hand = facts.is_breaker_forced ? " An operator has set it so." : "";
    switch (facts.breaker) {
    case BreakerState::open:
        sentences.push_back(fmt::format("New logins are refused: usage is {}, above {} the breaker opens. Clients inside go on.{}",
                                        percent_text(facts.usage), percent_text(facts.warning_share), by_hand));
        return;
    case BreakerState::half_open:
        sentences.push_back(fmt::format("New logins are let through in measure, until nobody has to be refused any more.{}", by_hand));
        return;
    case BreakerState::closed: break;
    }
    if (facts.warning)
        sentences.push_back(fmt::format("Usage is {}, above the mark of {}; new logins are let in.{}", percent_text(facts.usage),
                                        percent_text(facts.warning_share), by_hand));
}

void add_queue(std::vector<std::string>& sentences, const PoolFacts& facts) {
    if (facts.waiting > 0)
        sentences.push_back(fmt::format("{} client{} for a server, one for {}.", facts.waiting, facts.waiting == 1 ? " waits" : "s wait",
                                        seconds_text(facts.longest_wait)));
    if (facts.pinned > 0 && facts.pinned >= facts.max_pinned)
        sentences.push_back("As many servers are pinned as may be; whoever needs one more waits.");
}

}  // namespace

std::string explain(const PoolShot& pool) {
    std::vector<std::string> sentences;
    if (pool.is_disabled) sentences.emplace_back("Disabled by an operator: new logins are refused.");
    if (pool.facts.is_paused) sentences.emplace_back("Paused by an operator: no server is given out until it is resumed.");
    add_upstream(sentences, pool);
    add_breaker(sentences, pool.facts);
    add_queue(sentences, pool.facts);
    if (sentences.empty()) return "All is well: new clients are let in and nobody waits.";
    return fmt::format("{}", fmt::join(sentences, " "));
}

}  // namespace pgweir::proxy
