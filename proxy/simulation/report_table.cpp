#include "proxy/simulation/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pgweir::proxy {
namespace {

// Chosen: enough to see when something began and ended.
constexpr std::size_t most_timeline_rows = 15;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Three digits, and the unit that makes them few: 0ms, 4.2ms, 87ms, 1.25s, 30.0s.
std::string short_time(Duration duration) {
    const double ms = seconds(duration) * 1000;
    if (ms < 0.05) return "0ms";
    if (ms < 9.95) return fmt::format("{:.1f}ms", ms);
    if (ms < 999.5) return fmt::format("{:.0f}ms", ms);
    return ms < 9'995 ? fmt::format("{:.2f}s", ms / 1000) : fmt::format("{:.1f}s", ms / 1000);
}

std::string percent(double part, double whole) { return whole > 0 ? fmt::format("{:.1f}%", part / whole * 100) : "-"; }

class Table {
public:
    Table(const config::Scenario& scenario, const SimulationResult& result) : scenario_(scenario), result_(result) {}

    std::string text() && {
        head();
        flows();
        waits();
        refusals();
        pool();
        timeline();
        return std::move(out_);
    }

private:
    template <class... Values>
    void line(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
        out_ += '\n';
    }

    void head() {
        line("{:.0f}s of virtual time, seed {}, pool_size {}", seconds(result_.duration), scenario_.seed,
             scenario_.pool.limits.pool_size);
    }

    void flows() {
        double server_time = 0;
        for (const FlowFigures& flow : result_.flows) server_time += seconds(flow.counts.server_time);
        line("\n{:<16} {:>9} {:>9} {:>9} {:>9} {:>10} {:>7} {:>9} {:>9}", "flow", "invoked", "attempts", "admitted",
             "done", "done/s", "share", "retries", "given up");
        for (std::size_t i = 0; i < result_.flows.size(); ++i) {
            const FlowCounts& counts = result_.flows[i].counts;
            line("{:<16} {:>9} {:>9} {:>9} {:>9} {:>10.1f} {:>7} {:>9} {:>9}", scenario_.flows[i].name,
                 counts.invocations, counts.attempts, counts.admitted, counts.done,
                 static_cast<double>(counts.done) / seconds(result_.duration),
                 percent(seconds(counts.server_time), server_time), counts.retries, counts.given_up);
        }
    }

    void waits() {
        line("\n{:<16} {:>44}  {:>35}", "", "wait for a server", "from the wish to the commit");
        line("{:<16} {:>14} {:>9} {:>9} {:>9}  {:>14} {:>9} {:>10}", "flow", "mean", "p50", "p99", "max", "mean", "p50",
             "p99");
        for (std::size_t i = 0; i < result_.flows.size(); ++i) {
            const TimeFigures& wait = result_.flows[i].wait;
            const TimeFigures& latency = result_.flows[i].latency;
            line("{:<16} {:>14} {:>9} {:>9} {:>9}  {:>14} {:>9} {:>10}", scenario_.flows[i].name, short_time(wait.mean),
                 short_time(wait.p50), short_time(wait.p99), short_time(wait.max), short_time(latency.mean),
                 short_time(latency.p50), short_time(latency.p99));
        }
    }

    // What went otherwise than wished, by flow; nothing for what did not happen.
    void refusals() {
        std::string rows;
        const auto row = [&](std::size_t flow, std::string_view what, std::uint64_t times) {
            if (times > 0)
                fmt::format_to(std::back_inserter(rows), "{:<16} {:<44} {:>12}\n", scenario_.flows[flow].name, what, times);
        };
        for (std::size_t i = 0; i < result_.flows.size(); ++i) {
            const FlowCounts& counts = result_.flows[i].counts;
            for (std::size_t reason = 0; reason < refusal_reason_count; ++reason)
                row(i, token(static_cast<RefusalReason>(reason)), counts.refused[reason]);
            row(i, "(no lambda was free)", counts.no_lambda);
            row(i, "(the platform's timeout)", counts.timeouts);
            row(i, "(broken: server died or timeout)", counts.broken);
            row(i, "(frozen)", counts.frozen);
        }
        if (!rows.empty()) line("\n{:<16} {:<44} {:>12}\n{}", "flow", "refused because of", "times", rows.substr(0, rows.size() - 1));
    }

    void pool() {
        const PoolFigures& pool = result_.pool;
        double useful = 0;
        double done = 0;
        for (const FlowFigures& flow : result_.flows) {
            useful += seconds(flow.counts.useful_time);
            done += static_cast<double>(flow.counts.done);
        }
        const double span = seconds(result_.duration);
        line("\n{:<16} peak {}, mean {:.2f}; in use: peak {}, mean {:.2f}", "servers", pool.peak_servers, pool.mean_servers,
             pool.peak_in_use, pool.mean_in_use);
        line("{:<16} {} of the server time to be had was in use, {} in work that was committed", "utilisation",
             percent(pool.mean_in_use * span, pool.possible_seconds), percent(useful, pool.possible_seconds));
        // With the mix of transactions that was played, at no loss.
        const double possible = useful > 0 ? done * pool.possible_seconds / useful / span : 0;
        line("{:<16} {:.1f} transactions/s of {:.1f} possible", "throughput", done / span, possible);
        line("{:<16} opened {}x, closed {}x; open for {} in all", "breaker", pool.standing.breaker_openings,
             pool.standing.breaker_closings, short_time(pool.breaker_open));
        line("{:<16} {} ok, {} refused for lack of capacity, {} failed; {} servers died", "server logins", pool.logins.ok,
             pool.logins.refused, pool.logins.failed, pool.lost);
        line("{:<16} {:.3f} (Jain's index of server time by weight; 1 is even)", "fairness", result_.jain);
    }

    void timeline() {
        const std::size_t intervals = result_.intervals.size();
        const std::size_t step = (intervals + most_timeline_rows - 1) / most_timeline_rows;
        if (intervals < 2) return;
        line("\n{:>10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}  {}", "from", "done/s", "refused", "servers", "in use",
             "size", "waiting", "worst wait", "breaker");
        for (std::size_t first = 0; first < intervals; first += step) timeline_row(first, std::min(first + step, intervals));
    }

    void timeline_row(std::size_t first, std::size_t end) {
        const Interval& last = result_.intervals[end - 1];
        double done = 0;
        double servers = 0;
        double in_use = 0;
        std::uint64_t refused = 0;
        Duration worst{};
        for (std::size_t i = first; i < end; ++i) {
            const Interval& interval = result_.intervals[i];
            const double span = seconds(interval.to - interval.from);
            servers += interval.pool.mean_servers * span;
            in_use += interval.pool.mean_in_use * span;
            for (const FlowFigures& flow : interval.flows) {
                done += static_cast<double>(flow.counts.done);
                refused += flow.counts.refusals();
                worst = std::max(worst, flow.wait.max);
            }
        }
        const Duration from = result_.intervals[first].from;
        const double span = seconds(last.to - from);
        line("{:>9.1f}s {:>10.1f} {:>9} {:>9.1f} {:>9.1f} {:>9} {:>9} {:>10}  {}", seconds(from), done / span, refused,
             servers / span, in_use / span, last.pool.standing.effective_size, last.pool.standing.waiting, short_time(worst),
             token(last.pool.standing.breaker));
    }

    const config::Scenario& scenario_;
    const SimulationResult& result_;
    std::string out_;
};

}  // namespace

std::string report_table(const config::Scenario& scenario, const SimulationResult& result) {
    return Table(scenario, result).text();
}

}  // namespace pgweir::proxy
