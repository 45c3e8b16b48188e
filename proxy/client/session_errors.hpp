// Errors of ours that a logged-in client may read, apart from refusals: each writes one
// ErrorResponse. SQLSTATEs and wording are PostgreSQL's where it has its own.
#pragma once

#include "proxy/client/client_errors.hpp"
#include "proxy/core/ids.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// What a lost server means for what was under way.
enum class Outcome {
    rolled_back,      // an open transaction, and no COMMIT was in flight
    commit_unknown,   // a COMMIT was in flight
    unknown,          // a statement outside a transaction was in flight
};

// The server went away under the client; `why` is what is known of it.
void write_server_lost(std::vector<std::byte>& out, Severity severity, Outcome outcome, std::string_view pool,
                       std::string_view why);

// An operator took the server from a client that kept it between transactions.
void write_unpinned(std::vector<std::byte>& out, std::string_view pool);

// The client sent something that is no message at this point.
void write_protocol_violation(std::vector<std::byte>& out);

// The pool's listening server went away, and notifications with it.
void write_listening_lost(std::vector<std::byte>& out, std::string_view why);

// The server refused the client's settings with an error too long to repeat.
void write_unknown_refusal(std::vector<std::byte>& out);

// A cancel request reached a statement that still waited for a server.
void write_query_cancelled(std::vector<std::byte>& out);

// Which limit in time has struck a transaction or statement.
enum class LimitError {
    idle_transaction_soft,
    idle_transaction,
    transaction,
    statement,
    slow_reader,
};

// The token in `reason=` of DETAIL and of the log. Lifetime: static.
std::string_view token(LimitError why);

// As an ERROR about the transaction or statement, or as the FATAL end of a session that cannot go on without its
// server. `lasted`: what the limit is about.
void write_limit_error(std::vector<std::byte>& out, Severity severity, LimitError why, Duration lasted, std::string_view pool,
                       std::string_view event_id);

// The client has been idle for client_idle_timeout.
void write_idle_timeout(std::vector<std::byte>& out);

// pgweir is going down.
void write_shutdown(std::vector<std::byte>& out);

}  // namespace pgweir::proxy
