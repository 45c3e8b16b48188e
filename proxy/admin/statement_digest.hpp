// A statement without anything in it that is nobody's business: constants become `?`, comments go.
// Pure; where it is in doubt what is a constant, it stops.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::proxy {

// Longest digest. Chosen: a line of a wide terminal.
constexpr std::size_t max_digest = 160;

// `sql` may be cut off anywhere. Ends with `...` when there was more.
std::string digest_of(std::string_view sql);

// The same digest has the same one: 16 hexadecimal digits; empty for an empty one.
std::string digest_id(std::string_view digest);

}  // namespace pgweir::proxy
