// A log line, `event=<name> key=value key="value with \"escapes\"" ...`, as the members of a JSON object.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::proxy {

// The name of the line's event; empty when it has none.
std::string_view event_of(std::string_view line);

// `"event":"refused","pool":"app",...`: all values are strings. What is not of that form comes together under
// "text". Whatever the bytes are, the result is valid inside of a JSON object.
std::string json_members(std::string_view line);

}  // namespace pgweir::proxy
