// The question that postgres.js asks once on each new connection: which type's array is which. Whatever error answers it
// ends the driver's process, for nobody there waits for the outcome. So it is not refused: when no server can be had
// for it, it is answered with what a server has said to it before. Pure.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/client_session.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::proxy {

// The rows of the answer: the oids of a type and of its array, as text; empty for NULL.
using ArrayTypes = std::vector<std::pair<std::string, std::string>>;

// As the driver asks it, but for spaces.
constexpr std::string_view types_question =
    "select b.oid, b.typarray from pg_catalog.pg_type a left join pg_catalog.pg_type b on b.oid = a.typelem"
    " where a.typcategory = 'A' group by b.oid, b.typarray order by b.oid";

// Whether that is what the messages at the front are, up to their Sync.
bool is_types_question(protocol::Bytes bytes);

// Answers the question at the front, ReadyForQuery included, and keeps its statement for the client. Returns its
// size; zero: something else is there, or the answer is wanted in binary.
std::size_t answer_types_question(protocol::Bytes bytes, const ArrayTypes& types, ClientSession& session, std::vector<std::byte>& out);

}  // namespace pgweir::proxy
