// Why a client cannot have the settings it asks for, as PostgreSQL would say it.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::proxy {

struct SettingsError {
    std::string_view sqlstate;   // Lifetime: static
    std::string message;
    std::string detail = {};   // empty: none
    std::string hint = {};     // likewise
};

}  // namespace pgweir::proxy
