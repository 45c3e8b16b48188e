#include "config/migrate.hpp"

#include "config/migrate_parts.hpp"
#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/text_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace pgweir::config {

namespace {

// What http.port is when left out.
const int default_http_port = HttpOptions().port;

void sort_entries(Draft& draft, const std::vector<IniEntry>& entries) {
    std::map<std::string, std::size_t, std::less<>> places;
    for (const IniEntry& entry : entries) {
        if (entry.section == "pgbouncer") {
            draft.daemon[entry.key] = IniValue{entry.value, entry.origin, entry.key};
        } else if (entry.section == "users") {
            draft.users[entry.key] = entry;
        } else if (entry.section == "databases") {
            const auto [place, is_new] = places.emplace(entry.key, draft.databases.size());
            if (is_new) {
                draft.databases.push_back(entry);
            } else {
                draft.databases[place->second] = entry;
            }
        } else if (entry.section == "peers") {
            draft.losses.add(entry.origin, "peers." + entry.key, "there are no peers: a cancel must reach the pgweir that its client is connected to",
                             "one pgweir behind each address");
        } else {
            draft.losses.add(entry.origin, entry.section + "." + entry.key,
                             "is in a section that PgBouncer does not know" + did_you_mean(entry.section, {"databases", "users", "pgbouncer"}),
                             "correct the section's name");
        }
    }
}

// What is written although the files do not say it: PgBouncer's defaults where ours differ, and its ways.
void write_defaults(Draft& draft) {
    for (const IniRow& row : ini_rows(IniScope::daemon)) {
        const bool is_carried = row.kind == IniKind::number || row.kind == IniKind::seconds;
        if (is_carried && !row.fallback.empty() && !draft.daemon.contains(row.key)) {
            carry(row, IniScope::daemon, IniValue{std::string(row.fallback), Origin(), std::string(row.key)}, draft.root, draft.losses);
        }
    }
}

void write_pgbouncer_ways(Draft& draft) {
    // Whoever was let in may wait.
    const std::int64_t clients = ini_number(draft.setting("max_client_conn")).value_or(100);
    draft.root.under("limits.max_waiting").set(std::to_string(std::clamp<std::int64_t>(clients, 1, 1'000'000)));
    for (const char* timeout : {"idle_transaction_soft_timeout", "slow_reader_timeout"}) {
        YamlNode& node = draft.root.at("timeouts").at(timeout);
        node.set("0s");
        node.comment("PgBouncer has none: without this line pgweir's holds");
    }
    if (ini_number(draft.setting("listen_port")) == default_http_port) {
        draft.root.under("http.port").set(std::to_string(default_http_port + 1));
        draft.root.under("http.port").comment("clients have the port that it has when left out");
    }
    YamlNode& breaker = draft.root.under("breaker.open_above");
    breaker.set("off");
    breaker.comment("PgBouncer has none: without this line pgweir's holds");
}

void migrate_daemon(Draft& draft) {
    for (const auto& [key, value] : draft.daemon) {
        const IniRow* row = find_ini_row(IniScope::daemon, key);
        if (row == nullptr) {
            draft.losses.add_unknown(value.origin, key, key, IniScope::daemon);
        } else {
            carry(*row, IniScope::daemon, value, draft.root, draft.losses);
        }
    }
    const std::int64_t prepared = ini_number(draft.setting("max_prepared_statements")).value_or(0);
    if (prepared > 0) {   // 0 turns them off, which nobody misses
        const IniValue value{std::string(), draft.origin_of("max_prepared_statements"), "max_prepared_statements"};
        draft.root.under("limits.max_prepared_statements")
            .set(std::to_string(fit(IniScope::daemon, "limits.max_prepared_statements", prepared, value, draft.losses)));
    }
    for (const auto& [key, why, instead] :
         {std::tuple("reserve_pool_size", "there is no reserve pool: limits.pool_size is the most at every instant",
                     "a larger limits.pool_size if the server grants as many"),
          std::tuple("max_user_connections", "the servers of one user are not counted over all databases",
                     "limits.pool_size of the databases; limits.max_user_servers is what a user may hold while others wait")}) {
        if (ini_number(draft.setting(key)).value_or(0) != 0) {
            draft.losses.add(draft.origin_of(key), key, why, instead);
        }
    }
    const std::int64_t size = std::clamp<std::int64_t>(ini_number(draft.setting("default_pool_size")).value_or(20), 1, 10'000);
    if (ini_number(draft.setting("min_pool_size")).value_or(0) > size) {
        draft.root.under("limits.min_pool_size").set(std::to_string(size));   // PgBouncer caps it too
    }
    if (ini_number(draft.setting("verbose")).value_or(0) > 0) {
        draft.root.under("log.level").set("debug");
    }
}

void judge_server_tls(Draft& draft) {
    const Origin origin = draft.origin_of("server_tls_sslmode");
    const std::string mode = draft.setting("server_tls_sslmode");
    const bool is_plain = is_same_word(mode, "disable");
    if (is_same_word(mode, "prefer") || is_same_word(mode, "allow")) {
        draft.losses.add(origin, "server_tls_sslmode", "the server would be dialled twice; sslmode=require was written",
                         "sslmode=verify-full if its certificate can be verified, disable if it has none");
    } else if (mode.empty()) {
        draft.losses.add(origin, "server_tls_sslmode", "is not set, which is plain text in PgBouncer up to 1.22 and prefer since; sslmode=disable was written",
                         "sslmode=verify-full in the dsn of servers that have TLS");
    } else if (!is_plain && !is_same_word(mode, "require") && !is_same_word(mode, "verify-ca") && !is_same_word(mode, "verify-full")) {
        draft.losses.add(origin, "server_tls_sslmode", "is no mode that PgBouncer knows; sslmode=disable was written", "correct it in the dsn");
    }
}

// The file must have a database and a user to be taken.
void write_placeholders(Draft& draft) {
    const Origin origin{draft.ini_path, 0};
    if (draft.root.find("databases") == nullptr) {
        draft.root.at("databases").comment("a placeholder: PgBouncer's files have no database that can be carried over");
        draft.root.under("databases.example.dsn").set("host=127.0.0.1 port=5432 dbname=example user=example");
        draft.losses.add(origin, "databases", "there is none that can be carried over; a placeholder was written", "write one under databases:");
    }
    if (draft.root.find("users") == nullptr) {
        draft.root.at("users").comment("a placeholder, with a password that nobody has");
        draft.root.under("users.example.password").set(locked_password);
        draft.losses.add(origin, "users", "there is none that can be carried over; a placeholder was written, with which nobody can log in",
                         "write one under users:");
    }
}

std::string header(const Draft& draft, const std::vector<Loss>& losses) {
    std::string out = "# Made from PgBouncer's " + printable(draft.ini_path) + " by pgweir migrate.\n";
    if (losses.empty()) {
        return out + "# Everything was carried over.\n\n";
    }
    out += "# Not carried over, or with a difference:\n";
    for (const Loss& loss : losses) {
        out += "#   " + loss.text() + "\n";
    }
    if (draft.losses.further() > 0) {
        out += fmt::format("#   and {} more\n", draft.losses.further());
    }
    return out + "\n";
}

}  // namespace

std::string Loss::text() const { return fmt::format("{}: {}: {}; {}", origin.text(), printable(key), printable(why), printable(instead)); }

std::string Draft::setting(std::string_view key) const {
    const auto found = daemon.find(key);
    if (found != daemon.end()) {
        return found->second.text;
    }
    const IniRow* row = find_ini_row(IniScope::daemon, key);
    return row == nullptr ? std::string() : std::string(row->fallback);
}

Origin Draft::origin_of(std::string_view key) const {
    const auto found = daemon.find(key);
    return found == daemon.end() ? Origin{ini_path, 0} : found->second.origin;
}

Migration migrate_pgbouncer(const std::string& ini_path, const ReadText& read) {
    Migration result;
    Ini ini = read_ini(ini_path, read);
    if (!ini.problems.empty()) {
        result.problems = std::move(ini.problems);
        return result;
    }
    Draft draft(ini_path, read);
    sort_entries(draft, ini.entries);
    migrate_listen(draft);
    write_defaults(draft);
    migrate_daemon(draft);
    write_pgbouncer_ways(draft);
    migrate_logins(draft);
    migrate_databases(draft);
    if (!draft.database_names.empty()) {
        judge_server_tls(draft);
    }
    migrate_user_lines(draft);
    migrate_hba(draft);
    write_placeholders(draft);

    result.losses = draft.losses.in_order();
    result.further_losses = draft.losses.further();
    result.is_incomplete = draft.is_incomplete;
    result.yaml = header(draft, result.losses) + draft.root.yaml();
    return result;
}

}  // namespace pgweir::config
