// The statements that are recognised to their last word, because pgweir answers them itself
// or acts upon them.
#pragma once

#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_heads.hpp"
#include "proxy/core/statement_traits.hpp"

namespace pgweir::proxy {

// `behind`: stands behind the head. Reads as far as the form goes, and never beyond a semicolon.
Statement form_of(Head head, SqlScanner behind);

}  // namespace pgweir::proxy
