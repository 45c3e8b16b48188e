// Which setting a SET, RESET or set_config speaks of, and how long it lasts.
#pragma once

#include "proxy/core/sql_scanner.hpp"

#include <string_view>

namespace pgweir::proxy {

enum class SettingScope {
    session,       // may outlive its transaction
    transaction,   // never does
    none,          // SET CONSTRAINTS: no setting at all
};

// In place of a setting's name.
constexpr std::string_view all_settings = "*";
constexpr std::string_view some_setting = "?";   // the text does not say plainly which

struct SettingWords {
    SettingScope scope = SettingScope::session;
    // Goes back to what the server's own configuration says.
    bool is_default = false;
    // As it stands in the text, or its name where the grammar has words of its own for it, or
    // one of the two above. Lifetime: the text.
    std::string_view name = some_setting;
    // False when the text does not say which setting it is.
    bool has_known_name = true;
    // Only of a name with a dot; as StatementTraits::custom_settings. Lifetime: the text.
    std::string_view custom_name = {};
};

// `behind`: stands behind SET, RESET or the word set_config.
SettingWords read_set(SqlScanner behind);
SettingWords read_reset(SqlScanner behind);
SettingWords read_set_config(SqlScanner behind);

}  // namespace pgweir::proxy
