// SHOW VERSION, DAEMON, CONFIG, MEM, and those of things that pgweir has none of: peers, names it looks up itself.
#include "proxy/admin/cells.hpp"
#include "proxy/admin/shows.hpp"

#include "config/schema.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

constexpr auto number_type = ColumnType::number;

constexpr std::array version_columns = {Column{"version"}};
constexpr std::array daemon_columns = {Column{"key"}, Column{"value"}};
constexpr std::array config_columns = {Column{"key"}, Column{"value"}, Column{"default"}, Column{"changeable"}};
constexpr std::array mem_columns = {Column{"name"}, Column{"size", number_type}, Column{"used", number_type}, Column{"free", number_type},
                                    Column{"memtotal", number_type}};
constexpr std::array peers_columns = {Column{"peer_id", number_type}, Column{"host"}, Column{"port", number_type}, Column{"pool_size", number_type}};
constexpr std::array peer_pools_columns = {Column{"peer_id", number_type}, Column{"cl_active_cancel_req", number_type},
                                           Column{"cl_waiting_cancel_req", number_type}, Column{"sv_active_cancel", number_type},
                                           Column{"sv_login", number_type}};
constexpr std::array hosts_columns = {Column{"hostname"}, Column{"ttl", number_type}, Column{"addrs"}};
constexpr std::array zones_columns = {Column{"zonename"}, Column{"serial", number_type}, Column{"count", number_type}};

std::vector<Row> version_rows(const ConsoleSnapshot& snapshot) { return {{text(fmt::format("pgweir {}", snapshot.version))}}; }

// What `pgweir top` has in its head.
std::vector<Row> daemon_rows(const ConsoleSnapshot& snapshot) {
    const auto row = [](const char* key, auto value) -> Row { return {text(key), text(std::to_string(value))}; };
    return {{text("version"), text(snapshot.version)},
            row("uptime_ms", snapshot.uptime.count()),
            row("config_generation", snapshot.config_generation),
            row("clients", std::max(snapshot.clients_inside, 0)),
            row("max_client_conn", snapshot.config->limits.max_client_conn),
            row("clients_logging_in", std::max(snapshot.clients_logging_in, 0)),
            row("consoles", snapshot.consoles),
            {text("draining"), yes_or_no(snapshot.is_draining)}};
}

// `actual` and `defaults` are the options of the same kind of object.
void add_options(std::vector<Row>& rows, const std::vector<config::NamedOption>& actual, const std::vector<config::NamedOption>& defaults) {
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const config::Option& option = actual[i].option;
        const bool is_live = option.facts->reload != config::Reload::restart;
        rows.push_back({text(actual[i].path), text(config::print(option)),
                        option.is_secret() ? Cell() : text(config::print(defaults[i].option)), yes_or_no(is_live)});
    }
}

template <class Entries, class SectionOf>
void add_entries(std::vector<Row>& rows, const char* key, const Entries& entries, SectionOf section_of) {
    for (const auto& [name, entry] : entries) {
        auto copy = entry;
        typename Entries::mapped_type defaults;
        const std::string path = fmt::format("{}.{}", key, name);
        add_options(rows, config::flatten(section_of(copy), path), config::flatten(section_of(defaults), path));
    }
}

// Works on copies: options point at what can be written. Secrets are printed as such.
std::vector<Row> config_rows(const ConsoleSnapshot& snapshot) {
    std::vector<Row> rows;
    config::Config copy = *snapshot.config;
    config::Config defaults;
    // The names that exporters made for PgBouncer look for.
    rows.push_back({text("max_client_conn"), text(std::to_string(copy.limits.max_client_conn)),
                    text(std::to_string(defaults.limits.max_client_conn)), yes_or_no(true)});
    rows.push_back({text("max_user_connections"), text("0"), text("0"), yes_or_no(false)});
    rows.push_back({text("max_user_client_connections"), text(std::to_string(copy.limits.max_user_client_connections)),
                    text(std::to_string(defaults.limits.max_user_client_connections)), yes_or_no(true)});
    add_options(rows, config::flatten(config::daemon_section(copy), ""), config::flatten(config::daemon_section(defaults), ""));
    add_entries(rows, "databases", copy.databases, config::database_section);
    add_entries(rows, "users", copy.users, config::user_section);
    return rows;
}

// `size`: bytes of one, 0 where they differ.
std::vector<Row> mem_rows(const ConsoleSnapshot& snapshot) {
    std::size_t servers = 0;
    for (const PoolShot& pool : snapshot.pools) servers += pool.view.servers.size();
    const auto row = [](const char* name, std::size_t size, std::size_t used, std::size_t total) -> Row {
        return {text(name), number(size), number(used), number(0), number(total)};
    };
    return {row("server", sizeof(ServerConnection), servers, servers * sizeof(ServerConnection)),
            row("client_output", 0, snapshot.buffered_bytes, snapshot.buffered_bytes),
            row("process_resident", 0, snapshot.resident_bytes, snapshot.resident_bytes)};
}

std::vector<Row> none(const ConsoleSnapshot&) { return {}; }

constexpr std::array table = {
    ShowRow{"VERSION", Gathering::nothing, ConsoleRole::stats, version_columns, version_rows},
    ShowRow{"DAEMON", Gathering::nothing, ConsoleRole::stats, daemon_columns, daemon_rows},
    ShowRow{"CONFIG", Gathering::nothing, ConsoleRole::stats, config_columns, config_rows},
    ShowRow{"MEM", Gathering::nothing, ConsoleRole::stats, mem_columns, mem_rows},
    ShowRow{"PEERS", Gathering::nothing, ConsoleRole::stats, peers_columns, none},
    ShowRow{"PEER_POOLS", Gathering::nothing, ConsoleRole::stats, peer_pools_columns, none},
    ShowRow{"DNS_HOSTS", Gathering::nothing, ConsoleRole::stats, hosts_columns, none},
    ShowRow{"DNS_ZONES", Gathering::nothing, ConsoleRole::stats, zones_columns, none},
};

}  // namespace

std::span<const ShowRow> daemon_shows() { return table; }

}  // namespace pgweir::proxy
