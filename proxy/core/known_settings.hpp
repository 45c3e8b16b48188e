// What one PostgreSQL server knows of its run-time parameters (pg_settings), so that a client
// can be told at login what PostgreSQL would tell it. Learned at a server login; immutable.
#pragma once

#include "proxy/core/session_settings.hpp"
#include "proxy/core/settings_error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// A row of pg_settings.
struct KnownSetting {
    std::string name;   // as PostgreSQL writes it
    std::string vartype;
    std::string context;
    std::string unit;   // empty: none
    std::string least;   // of integer and real
    std::string most;
    std::vector<std::string> values;   // of enum; hidden spellings are not among them
    std::string standing;              // when it was learned
    bool is_permitted = true;          // the login role may set it, as far as that depends on the role
};

class KnownSettings {
public:
    // `server_version`: as server_version_num.
    KnownSettings(std::vector<KnownSetting> settings, int server_version);

    // The first thing PostgreSQL would not accept of a startup packet. What the table cannot tell
    // (time zones, search paths, roles, custom settings) passes: its error comes with the first statement.
    std::optional<SettingsError> check(const SessionSettings& settings) const;

    // The same settings with their values spelled as PostgreSQL reports them, where that can be
    // known. Requires: `check` has nothing against them.
    SessionSettings spelled(SessionSettings settings) const;

private:
    const KnownSetting* find(const std::string& name) const;
    std::optional<SettingsError> check_unknown(const std::string& name) const;
    std::optional<SettingsError> check_integer(const KnownSetting& known, const std::string& name, const std::string& value) const;
    std::optional<SettingsError> check_real(const KnownSetting& known, const std::string& name, const std::string& value) const;
    std::optional<SettingsError> check_value(const KnownSetting& known, const std::string& name, const std::string& value) const;
    SettingsError out_of_range(const KnownSetting& known, const std::string& name, const std::string& number) const;

    std::unordered_map<std::string, KnownSetting> settings_;   // by name in lower case
    int server_version_;
};

}  // namespace pgweir::proxy
