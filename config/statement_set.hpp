// One SET statement, as people write it into connect_query.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::config {

struct SetStatement {
    std::string name;    // in lower case
    std::string value;   // without its quotes
};

// `SET [SESSION] name {=|TO} value [;]` with a single value: a quoted text, a word or a number. Nullopt
// for everything else.
std::optional<SetStatement> read_set_statement(std::string_view sql);

}  // namespace pgweir::config
