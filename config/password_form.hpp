// The forms in which a user's password may stand in the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::config {

// What is wrong with a password (plain text or verifier); never repeats it.
std::optional<std::string> password_problem(std::string_view password);

// As PostgreSQL keeps it: `md5` and 32 hexadecimal digits.
bool is_md5_hash(std::string_view text);

}  // namespace pgweir::config
