// The steps of a migration, and what they share.
#pragma once

#include "config/migrate.hpp"
#include "config/migrate_table.hpp"
#include "config/pgbouncer_users.hpp"
#include "config/yaml_writer.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::config {

class Losses {
public:
    // What was said already is not said again.
    void add(const Origin& origin, std::string key, std::string why, std::string instead = "nothing needs to be done");
    // A key that PgBouncer does not know.
    void add_unknown(const Origin& origin, std::string key, std::string_view word, IniScope scope);

    std::vector<Loss> in_order() const;
    std::size_t further() const { return further_; }

private:
    bool is_full() const;

    std::vector<Loss> losses_;
    std::set<std::string> said_;
    std::size_t further_ = 0;
};

// A [databases] or [users] line, or one of [pgbouncer].
struct IniValue {
    std::string text;
    Origin origin;
    std::string key;   // for people
};

struct Draft {
    Draft(std::string path, const ReadText& reader) : read(reader), ini_path(std::move(path)) {}

    const ReadText& read;
    std::string ini_path;
    std::map<std::string, IniValue, std::less<>> daemon;   // [pgbouncer], the last of each key
    std::vector<IniEntry> databases;                       // the last of each name
    std::map<std::string, IniEntry, std::less<>> users;    // likewise
    std::vector<FileUser> logins;                          // auth_file
    std::map<std::string, const FileUser*, std::less<>> login_of;
    std::map<std::string, YamlNode*, std::less<>> user_entries;
    std::set<std::string> database_names;                  // those that have an entry
    std::set<std::string> used_user_lines;                 // [users] lines that a database's pool_mode came from
    bool has_open_databases = false;                       // at least one logs in as whoever the client is
    YamlNode root;
    Losses losses;
    bool is_incomplete = false;

    // The value of a [pgbouncer] key, or PgBouncer's default.
    std::string setting(std::string_view key) const;
    Origin origin_of(std::string_view key) const;
    // Whether clients can only be this one user.
    const FileUser* sole_user() const;
    // Of the user's [users] line; nullopt when it has none.
    std::optional<IniValue> user_pool_mode(std::string_view user) const;
};

// migrate_values.cpp

std::optional<std::int64_t> ini_number(std::string_view text);
std::optional<double> ini_seconds(std::string_view text);
bool is_same_word(std::string_view a, std::string_view b);

// Whether this pgweir has such an option.
bool has_option(IniScope scope, std::string_view path);

// Puts the number into the option's range, and says so when that changes it.
std::int64_t fit(IniScope scope, std::string_view path, std::int64_t number, const IniValue& value, Losses& losses);

// Writes what a row says of the value under `entry`; nothing for special ones.
void carry(const IniRow& row, IniScope scope, const IniValue& value, YamlNode& entry, Losses& losses);

// session or transaction, whatever is written.
std::string carry_pool_mode(const IniValue& value, Losses& losses);

// One step each, in this order.
void migrate_listen(Draft& draft);      // migrate_listen.cpp
void migrate_logins(Draft& draft);      // migrate_users.cpp: users and what lets them in
void migrate_databases(Draft& draft);   // migrate_databases.cpp
void migrate_user_lines(Draft& draft);  // migrate_users.cpp
void migrate_hba(Draft& draft);         // migrate_hba.cpp

// A verifier that no password fits: no key has the hash that it holds.
extern const std::string locked_password;

// Appends to a DSN, quoted where libpq asks for it.
void add_dsn_pair(std::string& dsn, std::string_view name, std::string_view value);

// The TLS parameters of every DSN to `host`.
void add_server_tls(const Draft& draft, std::string& dsn, std::string_view host);

}  // namespace pgweir::config
