// What a statement that defines something adds to the names to be watched, known from its
// text at once: until the catalogs are asked again, a function made a moment ago may change
// session state where no text shows it.
#pragma once

#include "proxy/core/watched_names.hpp"

#include <string_view>

namespace pgweir::proxy {

// Names of the functions, tables and views that CREATE and ALTER statements of the text define,
// where what they say of them may change session state: a function whose source does, or
// whatever speaks of a name that is `watched` already or stands in this list. In lower case. Coarse.
// `watched` may be null.
NamesToWatch made_names(std::string_view sql, const WatchedNames* watched);

}  // namespace pgweir::proxy
