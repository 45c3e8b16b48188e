// Errors about prepared statements in PostgreSQL's own words, for where pgweir knows before
// the server does.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Of 25P02.
constexpr std::string_view transaction_aborted = "current transaction is aborted, commands ignored until end of transaction block";

// A whole ErrorResponse. `routine`: the one that PostgreSQL names; drivers look at it.
std::vector<std::byte> statement_error(std::string_view sqlstate, std::string_view message, std::string_view routine,
                                       std::string_view hint = {});

}  // namespace pgweir::proxy
