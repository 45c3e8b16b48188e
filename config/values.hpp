// One option's value as text and back: what a scalar of the file means, and how a
// value is printed in the reference and the reload log.
#pragma once

#include "config/schema.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::config {

// Puts what `text` says into the option's member. Returns what is wrong with the text
// otherwise ("is out of range: 1 to 65535"); the member then keeps its value.
// Lists and settings are read by load.cpp; here a list becomes one of a single item.
std::optional<std::string> assign(const Option& option, std::string_view text);

// The value as the file would spell it; a secret as [secret].
std::string print(const Option& option);

// Requires: both are the same option, of two objects.
bool is_same(const Option& a, const Option& b);

// What may be written, for people: `1 to 65535`, `disable, allow or require`, `text`.
std::string allowed_text(const Option& option);

// The words of an option that is a choice, in order; empty for others.
std::vector<std::string> choices(const Option& option);

}  // namespace pgweir::config
