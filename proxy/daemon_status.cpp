// What the status page sees of the daemon. On the first login thread.
#include "proxy/daemon.hpp"

#include "proxy/admin/status.hpp"

#include <utility>

namespace pgweir::proxy {

boost::asio::awaitable<std::string> Daemon::status(std::string database) {
    std::optional<ConsoleSnapshot> snapshot = co_await take_snapshot(console_services_, Gathering::holders);
    StatusFacts facts;
    // A relay thread that is silent for seconds is no reason to show nothing.
    facts.snapshot = snapshot ? *std::move(snapshot) : console_snapshot();
    facts.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_at_);
    facts.config_generation = generation_;
    std::string json = describe_status(facts, usage_history_, database);
    co_return json;
}

void Daemon::sample_usage() {
    const TimePoint now = Clock::now();
    if (!usage_history_.is_due(now)) return;
    UsageHistory::Sample sample;
    for (const auto& [name, pool] : pools()) sample.emplace(name, pool->facts().usage);
    usage_history_.sample(sample, now);
}

}  // namespace pgweir::proxy
