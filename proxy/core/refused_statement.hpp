// Statements for which no server could be had, and which need not be refused for that: a ROLLBACK where there is no
// transaction, which drivers send behind any error and whose own error would hide that one, and what a driver does not
// survive the failure of. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/types_question.hpp"

#include <cstddef>
#include <vector>

namespace pgweir::proxy {

// Answers the statement at the front, ReadyForQuery included. Returns its size; zero: it is to be refused.
// `types`: null while not known. Requires: scan_unleased has said that the bytes begin with what needs a server.
std::size_t answer_refused(protocol::Bytes bytes, const ArrayTypes* types, ClientSession& session, std::vector<std::byte>& out);

}  // namespace pgweir::proxy
