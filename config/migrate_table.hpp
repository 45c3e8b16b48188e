// What becomes of each key that PgBouncer knows: ONE table. What takes more than a row to
// say is `special` here and done in migrate_*.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

enum class IniScope {
    daemon,     // the section [pgbouncer]
    database,   // a pair of a [databases] line
    user,       // a pair of a [users] line
};

enum class IniKind {
    number,     // a whole number, also in hex or octal
    seconds,    // with or without a fraction
    setting,    // a run-time parameter for the server; `path` is its name
    special,
    lost,       // nothing of ours
};

// What 0 stands for in PgBouncer where it is not what it is here.
enum class ZeroMeans { same, never, shortest };

struct IniRow {
    std::string_view key;
    IniKind kind = IniKind::lost;
    std::string_view path = {};        // the option's, under the scope's entry
    // PgBouncer's default, spelled as in the ini. Of a carried key: written when the file leaves it out; empty
    // for not. Of a lost one: the value with which nothing is lost; `*` for any.
    std::string_view fallback = {};
    ZeroMeans zero = ZeroMeans::same;
    std::string_view why = {};         // lost: what pgweir does or has not
    std::string_view instead = {};     // lost: what to do
};

// Nullptr for a key that PgBouncer does not know.
const IniRow* find_ini_row(IniScope scope, std::string_view key);

const std::vector<IniRow>& ini_rows(IniScope scope);

std::vector<std::string> ini_keys(IniScope scope);

}  // namespace pgweir::config
