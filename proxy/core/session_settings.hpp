// Run-time parameters of a session, and the SQL that makes a server stand as a client
// wants it. What a client wants is the pool's baseline, what its startup packet asked
// for, and what it has set since.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::proxy {

// Names in lower case, each once, in alphabetical order; only while a login checks its startup
// packet in the order the client gave them.
using SessionSettings = std::vector<std::pair<std::string, std::string>>;

// What every server of a pool stands at after login and after a reset; names in lower case too.
using BaselineSettings = std::map<std::string, std::string>;

// The value of one of them; null when it is not there. Lifetime: until `settings` changes.
const std::string* value_of(const SessionSettings& settings, std::string_view name);

// A string constant as SQL text, right whatever standard_conforming_strings and
// client_encoding are: bytes beyond ASCII, which are in the server's encoding as those of a
// startup packet, are escaped.
std::string quote_literal(std::string_view text);
// An identifier, always in double quotes. Its bytes are in the client_encoding of the connection.
std::string quote_name(std::string_view name);

// In front of a query of ours with several statements, as which PostgreSQL takes them for one transaction: the
// session may have made it one that waits for others to end (SERIALIZABLE READ ONLY DEFERRABLE).
constexpr std::string_view plain_transaction_sql = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ";

// One query text that takes a server from what stands there (`from`) to what is wanted
// (`to`), both without the baseline's own values; empty when nothing differs. A parameter
// only `from` has goes back to the baseline, or is RESET. `role` and
// `session_authorization` are given up first and taken last: between the two the server
// has all the rights it logged in with.
std::string switch_settings_sql(const SessionSettings& from, const SessionSettings& to, const BaselineSettings& baseline);

// One query text that sets again what a RESET or DISCARD of the client's has undone: the
// baseline and its startup settings, which for PostgreSQL would be the reset values. For
// RESET of one parameter give its name in lower case; empty for all. Empty when there is nothing to set.
std::string restore_settings_sql(const SessionSettings& startup, const BaselineSettings& baseline, std::string_view name);

// The same for a SET LOCAL ... TO DEFAULT of one parameter: until the end of the transaction.
std::string restore_local_sql(const SessionSettings& startup, const BaselineSettings& baseline, std::string_view name);

// The same for a RESET of nobody knows what: sets what is not set any more.
std::string restore_missing_sql(const SessionSettings& startup, const BaselineSettings& baseline);

// Whether a setting can have a part in what PostgreSQL makes of a statement when it parses it:
// search_path has, but so has TimeZone, by which the constant in timestamptz '...' is read.
bool decides_understanding(std::string_view name);

// The settings that do, in one number. Equal numbers, equal understanding.
std::uint64_t environment_of(const SessionSettings& settings);

// What brings a server back to the baseline after a client left something behind; each
// statement is to be sent by itself, because DISCARD ALL does not run inside a transaction block.
std::vector<std::string> reset_sql(const BaselineSettings& baseline);

}  // namespace pgweir::proxy
