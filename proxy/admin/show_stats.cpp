// SHOW STATS, STATS_TOTALS, STATS_AVERAGES, TOTALS. Times in microseconds.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"

#include <array>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

// Of each figure PgBouncer's names, in its order. A null member is something that is not counted by database.
struct Figure {
    std::string_view total;
    std::string_view average;
    std::string_view plain;
    std::uint64_t PoolSums::*member;
};

// The time of a statement is not kept apart from that of its transaction: both are the time that a server was held.
constexpr std::array figures = {
    Figure{"total_server_assignment_count", "avg_server_assignment_count", "server_assignment_count", &PoolSums::assignments},
    Figure{"total_xact_count", "avg_xact_count", "xact_count", &PoolSums::transactions},
    Figure{"total_query_count", "avg_query_count", "query_count", &PoolSums::statements},
    Figure{"total_received", "avg_recv", "bytes_received", &PoolSums::received},
    Figure{"total_sent", "avg_sent", "bytes_sent", &PoolSums::sent},
    Figure{"total_xact_time", "avg_xact_time", "xact_time", &PoolSums::transaction_time},
    Figure{"total_query_time", "avg_query_time", "query_time", &PoolSums::transaction_time},
    Figure{"total_wait_time", "avg_wait_time", "wait_time", &PoolSums::wait_time},
    Figure{"total_client_parse_count", "avg_client_parse_count", "client_parse_count", &PoolSums::client_parses},
    Figure{"total_server_parse_count", "avg_server_parse_count", "server_parse_count", &PoolSums::server_parses},
    Figure{"total_bind_count", "avg_bind_count", "bind_count", nullptr},
    Figure{"total_client_login_count", "avg_client_login_count", "client_login_count", nullptr},
};

constexpr std::size_t count = figures.size();

constexpr auto stats_columns = [] {
    std::array<Column, 1 + 2 * count> columns{};
    columns[0] = {"database"};
    for (std::size_t i = 0; i < count; ++i) {
        columns[1 + i] = {figures[i].total, number_type};
        columns[1 + count + i] = {figures[i].average, number_type};
    }
    return columns;
}();

constexpr auto columns_of(std::string_view Figure::*name) {
    std::array<Column, 1 + count> columns{};
    columns[0] = {"database"};
    for (std::size_t i = 0; i < count; ++i) columns[1 + i] = {figures[i].*name, number_type};
    return columns;
}

constexpr auto totals_columns = columns_of(&Figure::plain);
constexpr auto averages_columns = columns_of(&Figure::plain);
constexpr std::array sums_columns = {Column{"name"}, Column{"value", number_type}};

void append(Row& row, const PoolSums& sums) {
    for (const Figure& figure : figures) row.push_back(figure.member == nullptr ? Cell() : number(sums.*figure.member));
}

std::vector<Row> rows_of(const ConsoleSnapshot& snapshot, bool with_sums, bool with_averages) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        Row row{text(pool.database)};
        if (with_sums) append(row, pool.sums);
        if (with_averages) append(row, pool.averages);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> stats_rows(const ConsoleSnapshot& snapshot) { return rows_of(snapshot, true, true); }
std::vector<Row> totals_rows(const ConsoleSnapshot& snapshot) { return rows_of(snapshot, true, false); }
std::vector<Row> averages_rows(const ConsoleSnapshot& snapshot) { return rows_of(snapshot, false, true); }

// All databases together. Averages of times cannot be added and are left out.
std::vector<Row> sums_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    const auto add = [&](std::string_view name, std::uint64_t PoolSums::*member, PoolSums PoolShot::*from) {
        std::uint64_t sum = 0;
        for (const PoolShot& pool : snapshot.pools) sum += (pool.*from).*member;
        rows.push_back({text(name), number(sum)});
    };
    for (const Figure& figure : figures)
        if (figure.member != nullptr) add(figure.total, figure.member, &PoolShot::sums);
    for (const Figure& figure : figures) {
        const bool is_time = figure.member == &PoolSums::transaction_time;
        if (figure.member != nullptr && !is_time) add(figure.average, figure.member, &PoolShot::averages);
    }
    return rows;
}

constexpr std::array table = {
    ShowRow{"STATS", Gathering::nothing, ConsoleRole::stats, stats_columns, stats_rows},
    ShowRow{"STATS_TOTALS", Gathering::nothing, ConsoleRole::stats, totals_columns, totals_rows},
    ShowRow{"STATS_AVERAGES", Gathering::nothing, ConsoleRole::stats, averages_columns, averages_rows},
    ShowRow{"TOTALS", Gathering::nothing, ConsoleRole::stats, sums_columns, sums_rows},
};

}  // namespace

std::span<const ShowRow> stats_shows() { return table; }

}  // namespace pgweir::proxy
