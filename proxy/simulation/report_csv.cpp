#include "proxy/simulation/report.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pgweir::proxy {
namespace {

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

// The columns of one flow, each with what stands in it.
struct Column {
    const char* name;
    double (*value)(const FlowFigures& flow);
};

double number(std::uint64_t count) { return static_cast<double>(count); }

constexpr Column columns[] = {
    {"invocations", [](const FlowFigures& flow) { return number(flow.counts.invocations); }},
    {"no_lambda", [](const FlowFigures& flow) { return number(flow.counts.no_lambda); }},
    {"transactions", [](const FlowFigures& flow) { return number(flow.counts.transactions); }},
    {"attempts", [](const FlowFigures& flow) { return number(flow.counts.attempts); }},
    {"retries", [](const FlowFigures& flow) { return number(flow.counts.retries); }},
    {"admitted", [](const FlowFigures& flow) { return number(flow.counts.admitted); }},
    {"done", [](const FlowFigures& flow) { return number(flow.counts.done); }},
    {"given_up", [](const FlowFigures& flow) { return number(flow.counts.given_up); }},
    {"broken", [](const FlowFigures& flow) { return number(flow.counts.broken); }},
    {"timeouts", [](const FlowFigures& flow) { return number(flow.counts.timeouts); }},
    {"frozen", [](const FlowFigures& flow) { return number(flow.counts.frozen); }},
    {"under_way", [](const FlowFigures& flow) { return number(flow.under_way); }},
    {"server_ms", [](const FlowFigures& flow) { return milliseconds(flow.counts.server_time); }},
    {"useful_ms", [](const FlowFigures& flow) { return milliseconds(flow.counts.useful_time); }},
    {"wait_mean_ms", [](const FlowFigures& flow) { return milliseconds(flow.wait.mean); }},
    {"wait_p50_ms", [](const FlowFigures& flow) { return milliseconds(flow.wait.p50); }},
    {"wait_p99_ms", [](const FlowFigures& flow) { return milliseconds(flow.wait.p99); }},
    {"wait_max_ms", [](const FlowFigures& flow) { return milliseconds(flow.wait.max); }},
    {"latency_p50_ms", [](const FlowFigures& flow) { return milliseconds(flow.latency.p50); }},
    {"latency_p99_ms", [](const FlowFigures& flow) { return milliseconds(flow.latency.p99); }},
};

// Counts as they are, times to the microsecond, and no zeros behind them.
std::string plain(double value) {
    std::string text = fmt::format("{:.3f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

std::string header() {
    std::string out = "from_s,to_s,flow";
    for (const Column& column : columns) fmt::format_to(std::back_inserter(out), ",{}", column.name);
    for (std::size_t reason = 0; reason < refusal_reason_count; ++reason)
        fmt::format_to(std::back_inserter(out), ",refused_{}", token(static_cast<RefusalReason>(reason)));
    return out + ",pool_servers,pool_in_use,pool_possible,pool_effective_size,pool_waiting,pool_breaker\n";
}

}  // namespace

std::string report_csv(const config::Scenario& scenario, const SimulationResult& result) {
    std::string out = header();
    for (const Interval& interval : result.intervals) {
        const PoolFigures& pool = interval.pool;
        const double span = milliseconds(interval.to - interval.from) / 1000;
        for (std::size_t i = 0; i < interval.flows.size(); ++i) {
            const FlowFigures& flow = interval.flows[i];
            out += fmt::format("{},{},{}", plain(milliseconds(interval.from) / 1000), plain(milliseconds(interval.to) / 1000),
                               scenario.flows[i].name);
            for (const Column& column : columns) out += ',' + plain(column.value(flow));
            for (const std::uint64_t times : flow.counts.refused) fmt::format_to(std::back_inserter(out), ",{}", times);
            out += fmt::format(",{},{},{},{},{},{}\n", plain(pool.mean_servers), plain(pool.mean_in_use),
                               plain(pool.possible_seconds / span), pool.standing.effective_size, pool.standing.waiting,
                               token(pool.standing.breaker));
        }
    }
    return out;
}

}  // namespace pgweir::proxy
