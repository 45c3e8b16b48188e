// Reading the source of a database's function, in whatever language, for signs that it may
// leave something in the session. Coarse: by words, for SQL may be put together in strings.
// A wrong yes costs a round trip after each call; a wrong no may keep state from the client. Pure.
#pragma once

#include "proxy/core/session_trace.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

enum class SourceLanguage {
    sql,     // or PL/pgSQL
    other,   // SQL occurs in strings only
};

struct SourceReading {
    SessionTrace trace = SessionTrace::none;
    std::vector<std::string> custom_settings = {};   // names with a dot that it sets; in lower case
};

// Whether the source speaks of settings, locks or objects that outlive the transaction, where
// the text does not clearly say that they end with it.
SourceReading read_source(std::string_view source, SourceLanguage language);

// Whether `is_wanted` is true for any word of the source; asked in lower case.
bool mentions(std::string_view source, const std::function<bool(std::string_view)>& is_wanted);

}  // namespace pgweir::proxy
