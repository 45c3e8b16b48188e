// Words that name nothing without quotes, and stand in many statements.
#pragma once

#include "proxy/core/word_table.hpp"

#include <array>
#include <string_view>

namespace pgweir::proxy {

struct ReservedWord {
    std::string_view word;
};

// PostgreSQL: kwlist.h, RESERVED_KEYWORD and TYPE_FUNC_NAME_KEYWORD of 15, and system_user of 16.
inline constexpr WordTable reserved_words{std::array{
    ReservedWord{"all"}, ReservedWord{"analyse"}, ReservedWord{"analyze"}, ReservedWord{"and"}, ReservedWord{"any"},
    ReservedWord{"array"}, ReservedWord{"as"}, ReservedWord{"asc"}, ReservedWord{"asymmetric"},
    ReservedWord{"authorization"}, ReservedWord{"binary"}, ReservedWord{"both"}, ReservedWord{"case"},
    ReservedWord{"cast"}, ReservedWord{"check"}, ReservedWord{"collate"}, ReservedWord{"collation"},
    ReservedWord{"column"}, ReservedWord{"concurrently"}, ReservedWord{"constraint"}, ReservedWord{"create"},
    ReservedWord{"cross"}, ReservedWord{"current_catalog"}, ReservedWord{"current_date"},
    ReservedWord{"current_role"}, ReservedWord{"current_schema"}, ReservedWord{"current_time"},
    ReservedWord{"current_timestamp"}, ReservedWord{"current_user"}, ReservedWord{"default"},
    ReservedWord{"deferrable"}, ReservedWord{"desc"}, ReservedWord{"distinct"}, ReservedWord{"do"},
    ReservedWord{"else"}, ReservedWord{"end"}, ReservedWord{"except"}, ReservedWord{"false"}, ReservedWord{"fetch"},
    ReservedWord{"for"}, ReservedWord{"foreign"}, ReservedWord{"freeze"}, ReservedWord{"from"}, ReservedWord{"full"},
    ReservedWord{"grant"}, ReservedWord{"group"}, ReservedWord{"having"}, ReservedWord{"ilike"}, ReservedWord{"in"},
    ReservedWord{"initially"}, ReservedWord{"inner"}, ReservedWord{"intersect"}, ReservedWord{"into"},
    ReservedWord{"is"}, ReservedWord{"isnull"}, ReservedWord{"join"}, ReservedWord{"lateral"},
    ReservedWord{"leading"}, ReservedWord{"left"}, ReservedWord{"like"}, ReservedWord{"limit"},
    ReservedWord{"localtime"}, ReservedWord{"localtimestamp"}, ReservedWord{"natural"}, ReservedWord{"not"},
    ReservedWord{"notnull"}, ReservedWord{"null"}, ReservedWord{"offset"}, ReservedWord{"on"}, ReservedWord{"only"},
    ReservedWord{"or"}, ReservedWord{"order"}, ReservedWord{"outer"}, ReservedWord{"overlaps"},
    ReservedWord{"placing"}, ReservedWord{"primary"}, ReservedWord{"references"}, ReservedWord{"returning"},
    ReservedWord{"right"}, ReservedWord{"select"}, ReservedWord{"session_user"}, ReservedWord{"similar"},
    ReservedWord{"some"}, ReservedWord{"symmetric"}, ReservedWord{"system_user"}, ReservedWord{"table"},
    ReservedWord{"tablesample"}, ReservedWord{"then"}, ReservedWord{"to"}, ReservedWord{"trailing"},
    ReservedWord{"true"}, ReservedWord{"union"}, ReservedWord{"unique"}, ReservedWord{"user"}, ReservedWord{"using"},
    ReservedWord{"variadic"}, ReservedWord{"verbose"}, ReservedWord{"when"}, ReservedWord{"where"},
    ReservedWord{"window"}, ReservedWord{"with"},
}};

}  // namespace pgweir::proxy
