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

struct SettingWords {
    SettingScope scope = SettingScope::session;
    // Goes back to what the server's own configuration says.
    bool is_default = false;
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
