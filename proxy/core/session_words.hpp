// Words in a statement's text that betray session state which no command tag tells of.
// Coarse on purpose: a word in a string or a comment counts as well, and costs a pin that
// was not needed, never a leak.
#pragma once

#include <optional>
#include <string_view>

namespace pgweir::proxy {

// The kind of state the statement may leave behind: "setting", "advisory_lock",
// "temporary_object" or "holdable_cursor"; nullopt for most. Lifetime: static.
std::optional<std::string_view> find_session_word(std::string_view sql);

}  // namespace pgweir::proxy
