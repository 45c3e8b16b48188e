// Every SHOW, once: its word, what it needs, its columns, and how its rows are made from a snapshot. The
// columns of those that PgBouncer has are PgBouncer's, in its order. Pure.
#pragma once

#include "proxy/admin/snapshot.hpp"
#include "proxy/admin/table.hpp"
#include "proxy/client/console_client.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct ShowRow {
    std::string_view word;        // in capitals
    Gathering needs;
    ConsoleRole least;
    std::span<const Column> columns;
    std::vector<Row> (*rows)(const ConsoleSnapshot&);
};

// Lifetime: static.
std::span<const ShowRow> shows();
// Null when there is none of that word, in any case.
const ShowRow* find_show(std::string_view word);

Table make_table(const ShowRow& show, const ConsoleSnapshot& snapshot);

// Those of one file each. Lifetime: static.
std::span<const ShowRow> pool_shows();         // show_pools.cpp
std::span<const ShowRow> stats_shows();        // show_stats.cpp
std::span<const ShowRow> connection_shows();   // show_connections.cpp
std::span<const ShowRow> daemon_shows();       // show_daemon.cpp
std::span<const ShowRow> holder_shows();       // show_holders.cpp
std::span<const ShowRow> upstream_shows();     // show_upstream.cpp

}  // namespace pgweir::proxy
