#include "proxy/top/frame.hpp"

#include "proxy/top/columns.hpp"
#include "proxy/top/figures.hpp"
#include "proxy/top/pool_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

// Below so many lines none is spent on empty ones.
constexpr std::size_t roomy = 16;

std::string fact(const Sample& now, std::string_view key) {
    const std::optional<std::size_t> row = now.daemon.find("key", key);
    return row ? clean(now.daemon.cell(*row, "value")) : std::string();
}

std::chrono::milliseconds age(const ShowTable& table, std::size_t row, std::string_view column) {
    return std::chrono::milliseconds(table.number(row, column).value_or(0));
}

// As many as fit whole; the first in any case.
std::string join(const std::vector<std::string>& items, std::size_t width) {
    std::string line;
    for (const std::string& item : items) {
        if (line.empty()) line = item;
        else if (width_of(line) + 2 + width_of(item) <= width) line += "  " + item;
    }
    return cut(line, width);
}

Line first_line(const Sample& now, const std::vector<PoolLine>& pools, std::size_t width) {
    const std::optional<std::size_t> uptime = now.daemon.find("key", "uptime_ms");
    const std::chrono::milliseconds up = uptime ? age(now.daemon, *uptime, "value") : std::chrono::milliseconds();
    std::vector<std::string> items = {"pgweir " + fact(now, "version")};
    if (fact(now, "draining") == "yes") items.push_back("DRAINING");
    if (!pools.empty()) items.push_back("breaker " + pools.front().breaker);
    items.push_back(fmt::format("clients {}/{}", fact(now, "clients"), fact(now, "max_client_conn")));
    items.push_back("up " + short_time(up));
    items.push_back("generation " + fact(now, "config_generation"));
    const int worst = pools.empty() ? 0 : badness(pools.front());
    return {join(items, width), worst == 2 ? Look::alarm : worst == 1 ? Look::warning : Look::plain};
}

Line second_line(const std::vector<PoolLine>& pools, std::size_t width) {
    PoolLine all;
    for (const PoolLine& pool : pools) {
        all.in_use += pool.in_use;
        all.effective_size += pool.effective_size;
        all.waiting += pool.waiting;
        all.longest_wait = std::max(all.longest_wait, pool.longest_wait);
        all.queries_per_second += pool.queries_per_second;
        all.refused += pool.refused;
        all.newly_refused += pool.newly_refused;
    }
    const std::string longest = all.waiting > 0 ? fmt::format(" (longest {})", short_time(all.longest_wait)) : "";
    const std::string fresh = all.newly_refused > 0 ? fmt::format(" ({} just now)", all.newly_refused) : "";
    return {join({fmt::format("servers {}/{}", all.in_use, all.effective_size), fmt::format("waiting {}{}", all.waiting, longest),
                  fmt::format("{} queries/s", short_number(all.queries_per_second)), fmt::format("refused {}{}", all.refused, fresh)},
                 width),
            all.newly_refused > 0 ? Look::warning : Look::plain};
}

// Rows in the order of an age, the highest first; without one last.
std::vector<std::size_t> oldest_first(const ShowTable& table, std::string_view column) {
    std::vector<std::pair<std::int64_t, std::size_t>> ages;
    for (std::size_t row = 0; row < table.rows.size(); ++row) ages.emplace_back(table.number(row, column).value_or(-1), row);
    std::stable_sort(ages.begin(), ages.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::size_t> rows;
    for (const auto& [ignored, row] : ages) rows.push_back(row);
    return rows;
}

// Of pg_stat_activity's words the short ones.
std::string_view short_state(std::string_view state) {
    if (state == "idle in transaction") return "in xact";
    return state == "failed transaction" ? "failed" : state;
}

struct Field {
    ScreenColumn column;
    std::string_view name;   // of the table; an age in milliseconds when it ends so
};

std::vector<Line> lay_out_clients(const ShowTable& table, const std::vector<Field>& fields, std::size_t shown, std::size_t width) {
    std::vector<ScreenColumn> columns;
    for (const Field& field : fields) columns.push_back(field.column);
    std::vector<Cells> cells;
    std::vector<std::size_t> rows = oldest_first(table, fields.front().name);
    rows.resize(std::min(rows.size(), shown));
    for (const std::size_t row : rows) {
        Cells& line = cells.emplace_back();
        for (const Field& field : fields) {
            const bool is_age = field.name.ends_with("_ms") && table.number(row, field.name);
            line.push_back(is_age ? short_time(age(table, row, field.name)) : clean(field.name == "state" ? short_state(table.cell(row, field.name)) : table.cell(row, field.name)));
            if (line.back().empty()) line.back() = "-";
        }
    }
    std::vector<Line> lines;
    for (std::string& text : lay_out(columns, cells, width)) lines.push_back({std::move(text), lines.empty() ? Look::title : Look::plain});
    return lines;
}

bool has_any(const ShowTable& table, std::string_view column) {
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        if (!table.cell(row, column).empty()) return true;
    return false;
}

std::vector<Line> holders(const ShowTable& table, std::size_t shown, std::size_t width) {
    const bool is_wide = width >= 70;
    std::vector<Field> fields = {{{"HELD FOR", 8, 8, Side::right, 0}, "transaction_age_ms"},
                                 {{"POOL", 6, 24, Side::left, 4}, "database"},
                                 {{"USER", 6, 24, Side::left, 5}, "user"},
                                 {{"APPLICATION", is_wide ? std::size_t{16} : 8, 32, Side::left, 1}, "application_name"},
                                 {{"STATE", 7, 19, Side::left, 2}, "state"},
                                 {{"CLIENT", 10, 20, Side::right, 6}, "client_id"},
                                 {{"ADDRESS", 15, 47, Side::left, 7}, "address"},
                                 {{"PID", 5, 7, Side::right, 8}, "backend_pid"},
                                 {{"STATEMENT", is_wide ? std::size_t{24} : 10, 1000, Side::left, 3}, "statement"}};
    if (has_any(table, "pinned")) fields.insert(fields.end() - 1, {{"PINNED", 8, 16, Side::left, 3}, "pinned"});
    return lay_out_clients(table, fields, shown, width);
}

std::vector<Line> queue(const ShowTable& table, std::size_t shown, std::size_t width) {
    return lay_out_clients(table,
                           {{{"WAITS", 8, 8, Side::right, 0}, "waiting_ms"},
                            {{"OF", 6, 7, Side::right, 4}, "query_wait_timeout_ms"},
                            {{"POOL", 4, 24, Side::left, 2}, "database"},
                            {{"USER", 6, 24, Side::left, 3}, "user"},
                            {{"APPLICATION", 12, 32, Side::left, 1}, "application_name"},
                            {{"CLIENT", 10, 20, Side::right, 5}, "client_id"},
                            {{"ADDRESS", 15, 47, Side::left, 6}, "address"}},
                           shown, width);
}

void append(std::vector<Line>& lines, std::vector<Line> more) {
    lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::size_t most(std::size_t from, std::size_t taken) { return from - std::min(from, taken); }

// `rows`: lines for all of it.
std::vector<Line> make_body(const FrameInput& input, std::size_t rows, std::size_t width) {
    const Sample& now = *input.now;
    std::vector<PoolLine> pools = read_pools(now, input.before);
    std::vector<Line> lines = {first_line(now, pools, width), second_line(pools, width)};
    const std::size_t gap = rows >= roomy ? 1 : 0;
    const std::size_t room = most(rows, 2 + 2 * (gap + 1));   // for pools and holders
    const std::size_t held = std::max<std::size_t>(now.holders.rows.size(), 1);

    // Pools may have half of it, or what the holders leave. The last line says what is not shown.
    const std::size_t pool_room = std::max<std::size_t>({room / 2, most(room, held), 1});
    const std::size_t all_pools = pools.size();
    if (all_pools > pool_room) pools.resize(pool_room - 1);
    lines.resize(lines.size() + gap);
    append(lines, lay_out_pools(pools, width));
    if (all_pools == 0) lines.push_back({"no pools"});
    else if (pools.size() < all_pools) lines.push_back({cut(fmt::format("and {} more pools", all_pools - pools.size()), width)});

    const std::size_t holder_room = std::max<std::size_t>(most(rows, lines.size() + gap + 1), 1);
    const bool are_cut = now.holders.rows.size() > holder_room;
    lines.resize(lines.size() + gap);
    append(lines, holders(now.holders, are_cut ? holder_room - 1 : holder_room, width));
    if (now.holders.rows.empty()) lines.push_back({cut("nobody holds a server", width)});
    else if (are_cut) lines.push_back({cut(fmt::format("and {} more", now.holders.rows.size() - (holder_room - 1)), width)});

    const std::size_t queue_room = most(rows, lines.size() + gap + 1);
    if (now.queue.rows.empty() || queue_room == 0) return lines;
    lines.resize(lines.size() + gap);
    append(lines, queue(now.queue, queue_room, width));
    return lines;
}

}  // namespace

std::vector<Line> make_frame(const FrameInput& input, ScreenSize size) {
    const std::size_t rows = most(size.rows, input.footer.empty() ? 0 : 1);
    std::vector<Line> lines;
    if (input.now != nullptr) lines = make_body(input, rows, size.columns);
    lines.resize(std::min(lines.size(), rows));
    if (input.footer.empty() || size.rows == 0) return lines;
    lines.resize(rows);
    lines.push_back({cut(clean(input.footer), size.columns), input.footer_look});
    return lines;
}

}  // namespace pgweir::proxy
