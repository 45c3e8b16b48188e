// Run-time parameters that a client asked for when it logged in, and the SQL that
// makes a server stand as that client wants it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::proxy {

// Names in lower case, each once, in the order the client gave them.
using SessionSettings = std::vector<std::pair<std::string, std::string>>;

// What every server of a pool stands at after login and after a reset; names in lower case too.
using BaselineSettings = std::map<std::string, std::string>;

// A string constant as SQL text, right whatever standard_conforming_strings is.
std::string quote_literal(std::string_view text);

// One query text that takes a server from one client's settings to another's; empty when
// nothing differs. A parameter only `from` has goes back to the baseline, or is RESET.
std::string switch_settings_sql(const SessionSettings& from, const SessionSettings& to, const BaselineSettings& baseline);

// What brings a server back to the baseline after a client left something behind; each
// statement is to be sent by itself, because DISCARD ALL does not run inside a transaction block.
std::vector<std::string> reset_sql(const BaselineSettings& baseline);

}  // namespace pgweir::proxy
