// What a client may rely on once it has been told what a statement takes and gives: the types
// of its parameters, and names and types of its columns. Like PostgreSQL, when it revalidates
// a plan, it does not care which table a column is from.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message_type.hpp"

#include <cstdint>

namespace pgweir::proxy {

// Adds one message of the answer to a Describe of a statement: ParameterDescription, with
// which an answer begins and which forgets `before`, then RowDescription or NoData. Never zero.
std::uint64_t add_description(std::uint64_t before, protocol::BackendType type, protocol::Bytes body);

}  // namespace pgweir::proxy
