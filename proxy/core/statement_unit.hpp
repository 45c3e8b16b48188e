// A statement in the extended protocol as drivers send one that they do not keep: Parse and Bind without names,
// perhaps Describe, Execute, Sync. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/client_session.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Lifetime: the bytes.
struct StatementUnit {
    std::string_view sql;
    std::string_view definition;   // as in PreparedText
    bool describes = false;        // the result is to be described
    std::size_t size = 0;          // zero: not all of it is there yet

    bool is_whole() const { return size > 0; }
};

// The unit at the front, without parameters; nullopt when there is something else.
std::optional<StatementUnit> statement_unit(protocol::Bytes bytes);

// Writes what comes before the statement's own answer, and leaves it as the client's unnamed statement. Whoever
// has a result describes it himself.
void begin_answer(const StatementUnit& unit, StatementSummary summary, bool has_result, ClientSession& session,
                  std::vector<std::byte>& out);

}  // namespace pgweir::proxy
