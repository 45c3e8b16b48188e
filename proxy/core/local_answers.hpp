// What a statement is answered with here, without a server, because PostgreSQL's answer is
// known beforehand: it would begin a transaction, end one in which nothing has happened, or take
// back what is not there.
#pragma once

#include "proxy/core/client_session.hpp"
#include "proxy/core/statement_traits.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Whether the statements of a text can be answered here by a client that holds no server.
bool is_answered_here(const StatementTraits& traits, const ClientSession& session);

// Whether the extended protocol asked for a description of the result; the simple protocol always gives one.
enum class Description : bool { left_out, wanted };

// Writes the answers to all of them, without ReadyForQuery, and makes the session as they leave it.
// Requires: is_answered_here.
void answer_here(const StatementTraits& traits, std::string_view sql, Description description, ClientSession& session,
                 std::vector<std::byte>& out);

}  // namespace pgweir::proxy
