// What may be shown of a DSN: where it leads and as whom, never a password.
#pragma once

#include "config/types.hpp"

#include <string>

namespace pgweir::config {

// Empty: the DSN does not say.
struct DsnFacts {
    std::string host;   // or hostaddr
    std::string port;
    std::string database;
    std::string user;
};

// `dsn`: a normalised one, in pairs.
DsnFacts facts_of(const Secret& dsn);

}  // namespace pgweir::config
