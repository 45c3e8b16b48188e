// SHOW BREAKER, UPSTREAM, EVENTS.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"

#include <array>
#include <numeric>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

constexpr std::array breaker_columns = {
    Column{"database"}, Column{"state"}, Column{"forced"}, Column{"in_use", number_type}, Column{"effective_size", number_type},
    Column{"usage_pct", number_type}, Column{"open_above_pct", number_type}, Column{"close_below_pct", number_type},
    Column{"warning"}, Column{"retry_after_ms", number_type}, Column{"opened", number_type}, Column{"refused_logins", number_type},
    Column{"refused", number_type},
};
constexpr std::array upstream_columns = {
    Column{"database"}, Column{"host"}, Column{"port"}, Column{"breaker"}, Column{"configured_size", number_type},
    Column{"effective_size", number_type}, Column{"connecting", number_type}, Column{"next_login_ms", number_type},
    Column{"logins_ok", number_type}, Column{"refused_capacity", number_type}, Column{"refused_transient", number_type},
    Column{"refused_credential", number_type}, Column{"refused_locked_out", number_type}, Column{"refused_config", number_type},
    Column{"last_failure"},
};
constexpr std::array events_columns = {Column{"time"}, Column{"level"}, Column{"event"}, Column{"count", number_type}, Column{"text"}};

// `refused`: logins and statements of the pool, whatever the reason.
std::vector<Row> breaker_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        const PoolFacts& facts = pool.facts;
        const Cell open = pool.options && pool.options->breaker.open_above ? percent(*pool.options->breaker.open_above) : Cell();
        const Cell close = pool.options ? percent(pool.options->breaker.close_below) : Cell();
        rows.push_back({text(pool.database), text(token(facts.breaker)), yes_or_no(facts.is_breaker_forced), number(facts.in_use),
                        number(facts.effective_size), percent(facts.usage), open, close, yes_or_no(facts.warning),
                        facts.breaker == BreakerState::open ? milliseconds(facts.retry_after) : Cell(),
                        number(facts.breaker_entered[static_cast<std::size_t>(BreakerState::open)]),
                        number(facts.refusals[static_cast<std::size_t>(RefusalReason::breaker_open)]),
                        number(std::accumulate(facts.refusals.begin(), facts.refusals.end(), std::uint64_t{0}))});
    }
    return rows;
}

std::vector<Row> upstream_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const PoolShot& pool : snapshot.pools) {
        const PoolFacts& facts = pool.facts;
        Row row{text(pool.database), text_or_null(pool.dsn.host), text(pool.dsn.port.empty() ? "5432" : pool.dsn.port),
                text(metrics::breaker_state_words[static_cast<std::size_t>(facts.upstream)]), number(facts.pool_size),
                number(facts.effective_size), number(facts.servers[static_cast<std::size_t>(ServerState::connecting)]),
                facts.upstream == UpstreamState::closed ? Cell() : milliseconds(facts.upstream_retry_after)};
        for (const std::uint64_t dials : facts.dials) row.push_back(number(dials));
        row.push_back(text_or_null(pool.upstream_failure));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> events_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    for (const EventLine& line : snapshot.events)
        rows.push_back({text(time_text(line.at)), text(line.level), text(line.event), number(line.count), text(line.text)});
    return rows;
}

static_assert(dial_outcome_count == 6, "a column for each outcome of a login");

constexpr std::array table = {
    ShowRow{"BREAKER", Gathering::nothing, ConsoleRole::stats, breaker_columns, breaker_rows},
    ShowRow{"UPSTREAM", Gathering::nothing, ConsoleRole::stats, upstream_columns, upstream_rows},
    ShowRow{"EVENTS", Gathering::nothing, ConsoleRole::stats, events_columns, events_rows},
};

}  // namespace

std::span<const ShowRow> upstream_shows() { return table; }

}  // namespace pgweir::proxy
