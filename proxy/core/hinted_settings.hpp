// Names of settings with a dot that a text speaks of without setting them in plain sight:
// handed to a function, or inside the string of a DO. PostgreSQL does not list such
// settings, so whoever wants to find them must know their names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Chosen: more than one text has.
constexpr std::size_t max_hinted_settings = 20;

// Coarse: a name that is none costs nothing. In lower case.
std::vector<std::string> hinted_settings(std::string_view sql);

}  // namespace pgweir::proxy
