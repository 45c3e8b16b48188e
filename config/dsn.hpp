// A DSN as people and frameworks write it, made into one that libpq takes and that is
// safe to use: key=value pairs with an explicit sslmode. Pure text; knows no libpq.
#pragma once

#include "config/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

struct NormalisedDsn {
    Secret dsn;   // empty when there is a problem
    // What must be changed. Never repeats a value of the DSN; names of parameters only
    // where they cannot be a piece of a password.
    std::optional<std::string> problem;
};

NormalisedDsn normalise_dsn(std::string_view text);

// `complaint` without any value of `dsn` (a normalised one) that is secret.
std::string redacted(std::string complaint, const Secret& dsn);

}  // namespace pgweir::config
