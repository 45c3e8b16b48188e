#include "proxy/top/pool_lines.hpp"

#include "proxy/top/columns.hpp"
#include "proxy/top/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace pgweir::proxy {
namespace {

std::int64_t difference(const ShowTable& now, std::size_t row, const ShowTable& before, std::string_view key, std::string_view column) {
    const std::optional<std::size_t> old = before.find(key, now.cell(row, key));
    if (!old) return 0;
    return std::max<std::int64_t>(now.number(row, column).value_or(0) - before.number(*old, column).value_or(0), 0);
}

double queries_per_second(const Sample& now, const Sample* before, std::string_view database) {
    const std::optional<std::size_t> row = now.stats.find("database", database);
    if (!row) return 0;
    const std::chrono::duration<double> passed = before == nullptr ? std::chrono::duration<double>() : now.at - before->at;
    if (before == nullptr || passed.count() <= 0 || !before->stats.find("database", database))
        return static_cast<double>(now.stats.number(*row, "avg_query_count").value_or(0));
    return static_cast<double>(difference(now.stats, *row, before->stats, "database", "total_query_count")) / passed.count();
}

PoolLine read_pool(const Sample& now, const Sample* before, std::size_t row) {
    const ShowTable& breaker = now.breaker;
    PoolLine pool;
    const std::string_view database = breaker.cell(row, "database");
    pool.database = clean(database);
    pool.breaker = clean(breaker.cell(row, "state"));
    if (breaker.cell(row, "forced") == "yes") pool.breaker += '*';
    pool.in_use = breaker.number(row, "in_use").value_or(0);
    pool.effective_size = breaker.number(row, "effective_size").value_or(0);
    pool.usage = breaker.number(row, "usage_pct").value_or(0);
    pool.threshold = breaker.number(row, "open_above_pct");
    pool.refused = breaker.number(row, "refused").value_or(0);
    if (before != nullptr) pool.newly_refused = difference(breaker, row, before->breaker, "database", "refused");
    if (const std::optional<std::size_t> place = now.pools.find("database", database)) {
        pool.waiting = now.pools.number(*place, "cl_waiting").value_or(0);
        pool.longest_wait = std::chrono::milliseconds(now.pools.number(*place, "maxwait").value_or(0) * 1000 +
                                                      now.pools.number(*place, "maxwait_us").value_or(0) / 1000);
    }
    pool.queries_per_second = queries_per_second(now, before, database);
    return pool;
}

Look look_of(const PoolLine& pool) {
    if (badness(pool) == 2) return Look::alarm;
    const bool is_above = pool.threshold && pool.usage > *pool.threshold;
    return badness(pool) == 1 || is_above || pool.newly_refused > 0 ? Look::warning : Look::plain;
}

// Chosen: fits beside the other columns on 80.
std::size_t bar_width(std::size_t width) { return width >= 120 ? 34 : width >= 70 ? 14 : 10; }

Cells cells_of(const PoolLine& pool, std::size_t bar) {
    return {pool.database,
            fmt::format("{}/{}", pool.in_use, pool.effective_size),
            fmt::format("{}%", pool.usage),
            usage_bar(pool.usage, pool.threshold, bar),
            pool.breaker,
            std::to_string(pool.waiting),
            pool.waiting > 0 ? short_time(pool.longest_wait) : "-",
            short_number(pool.queries_per_second),
            pool.newly_refused > 0 ? fmt::format("{}+{}", pool.refused - pool.newly_refused, pool.newly_refused) : std::to_string(pool.refused)};
}

}  // namespace

int badness(const PoolLine& pool) { return pool.breaker.starts_with("open") ? 2 : pool.breaker.starts_with("half_open") ? 1 : 0; }

std::vector<PoolLine> read_pools(const Sample& now, const Sample* before) {
    std::vector<PoolLine> pools;
    for (std::size_t row = 0; row < now.breaker.rows.size(); ++row) pools.push_back(read_pool(now, before, row));
    const auto rank = [](const PoolLine& pool) { return std::tuple(badness(pool), pool.usage, pool.waiting); };
    std::stable_sort(pools.begin(), pools.end(), [&](const PoolLine& a, const PoolLine& b) { return rank(a) > rank(b); });
    return pools;
}

std::vector<Line> lay_out_pools(const std::vector<PoolLine>& pools, std::size_t width) {
    const std::size_t bar = bar_width(width);
    const std::vector<ScreenColumn> columns = {
        {"POOL", 7, 40, Side::left, 0},      {"SERVERS", 7, 11, Side::right, 0}, {"USAGE", 5, 5, Side::right, 5},
        {"", bar, bar, Side::left, 1},       {"BREAKER", 10, 10, Side::left, 3}, {"WAIT", 4, 7, Side::right, 1},
        {"LONGEST", 7, 7, Side::right, 6},   {"QUERY/S", 7, 7, Side::right, 2},  {"REFUSED", 7, 13, Side::right, 4},
    };
    std::vector<Cells> rows;
    for (const PoolLine& pool : pools) rows.push_back(cells_of(pool, bar));
    std::vector<std::string> texts = lay_out(columns, rows, width);
    std::vector<Line> lines = {{std::move(texts.front()), Look::title}};
    for (std::size_t i = 0; i < pools.size(); ++i) lines.push_back({std::move(texts[i + 1]), look_of(pools[i])});
    return lines;
}

}  // namespace pgweir::proxy
