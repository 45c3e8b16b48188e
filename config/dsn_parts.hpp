// The steps of normalising a DSN: text -> parameters -> libpq's parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

struct DsnParameter {
    std::string name;
    std::string value;
    // The name itself may be a piece of a password that was not encoded or quoted: do not print it.
    bool is_unprintable = false;
};

struct DsnParts {
    std::vector<DsnParameter> parameters;
    std::optional<std::string> problem;
};

// `scheme://...` of PostgreSQL, JDBC, SQLAlchemy and others, with the repairs that are unambiguous.
DsnParts split_uri(std::string_view text);

// `key=value key='value'`, as libpq reads it.
DsnParts split_pairs(std::string_view text);

// Replaces or drops the parameters that only frameworks know. Returns what cannot be replaced.
std::optional<std::string> translate_parameters(std::vector<DsnParameter>& parameters);

DsnParameter* find_parameter(std::vector<DsnParameter>& parameters, std::string_view name);

}  // namespace pgweir::config
