#include "proxy/client/session_errors.hpp"

#include "protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace pgweir::proxy {

namespace sqlstate = protocol::sqlstate;

namespace {

struct LossText {
    std::string_view sqlstate;
    std::string_view message;
};

// By Outcome.
constexpr std::array loss_texts = {
    LossText{sqlstate::connection_failure, "connection to the database was lost; the transaction was rolled back"},
    LossText{sqlstate::transaction_resolution_unknown,
             "connection to the database was lost; the outcome of COMMIT is unknown"},
    LossText{sqlstate::connection_failure,
             "connection to the database was lost; whether the statement took effect is unknown"},
};

struct LimitText {
    LimitError why;
    std::string_view reason;    // in DETAIL
    std::string_view sqlstate;
    std::string_view what;      // PostgreSQL's name for the limit
    std::string_view message;   // of the ERROR; {what}, and {ms} that it has lasted
    std::string_view hint;
};

constexpr std::string_view transaction_hint =
    "The transaction was rolled back. End it with ROLLBACK and run it again; the connection stays as it is.";

constexpr std::array limit_texts = {
    LimitText{LimitError::idle_transaction_soft, "idle_transaction_soft_timeout", sqlstate::idle_in_transaction_session_timeout,
              "idle-in-transaction timeout",
              "terminating transaction due to {what} after {ms} ms, because other clients waited for its server", transaction_hint},
    LimitText{LimitError::idle_transaction, "idle_transaction_timeout", sqlstate::idle_in_transaction_session_timeout,
              "idle-in-transaction timeout", "terminating transaction due to {what} after {ms} ms", transaction_hint},
    LimitText{LimitError::transaction, "transaction_timeout", sqlstate::transaction_timeout, "transaction timeout",
              "terminating transaction due to {what}", transaction_hint},
    LimitText{LimitError::statement, "query_timeout", sqlstate::query_canceled, "statement timeout",
              "canceling statement due to {what}", "The statement ran longer than timeouts.query_timeout allows."},
    LimitText{LimitError::slow_reader, "slow_reader_timeout", sqlstate::query_canceled, "slow reader",
              "canceling statement due to {what}",
              "The result was not read for longer than timeouts.slow_reader_timeout while other clients waited for a server."},
};
static_assert(limit_texts.back().why == LimitError::slow_reader && limit_texts.size() == static_cast<std::size_t>(LimitError::slow_reader) + 1);

}  // namespace

std::string_view token(LimitError why) { return limit_texts[static_cast<std::size_t>(why)].reason; }

void write_limit_error(std::vector<std::byte>& out, Severity severity, LimitError why, Duration lasted, std::string_view pool,
                       std::string_view event_id) {
    const LimitText& text = limit_texts[static_cast<std::size_t>(why)];
    const bool is_fatal = severity == Severity::fatal;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(lasted).count();
    const std::string message = is_fatal ? fmt::format("terminating connection due to {}", text.what)
                                         : fmt::format(fmt::runtime(text.message), fmt::arg("what", text.what), fmt::arg("ms", ms));
    const std::string detail = fmt::format("reason={} retry_after_ms=0 pool={} lasted_ms={} id={}", token(why), pool, ms, event_id);
    protocol::write_error_response(
        out, {.severity = is_fatal ? "FATAL" : "ERROR",
              .sqlstate = text.sqlstate,
              .message = message,
              .detail = detail,
              .hint = is_fatal ? "The session has state that lives in its server, such as locks: it could not go on without it."
                               : text.hint});
}

void write_server_lost(std::vector<std::byte>& out, Severity severity, Outcome outcome, std::string_view pool,
                       std::string_view why) {
    const LossText& text = loss_texts[static_cast<std::size_t>(outcome)];
    const std::string detail = fmt::format("reason=server_lost retry_after_ms=0 pool={} id={}", pool, make_event_id());
    const std::string hint = fmt::format("The server said: {}.", why);
    protocol::write_error_response(
        out, {.severity = severity == Severity::fatal ? "FATAL" : "ERROR",
              .sqlstate = text.sqlstate,
              .message = text.message,
              .detail = detail,
              .hint = hint});
}

void write_unpinned(std::vector<std::byte>& out, std::string_view pool) {
    const std::string detail = fmt::format("reason=unpinned retry_after_ms=0 pool={} id={}", pool, make_event_id());
    protocol::write_error_response(out, {.severity = "ERROR",
                                         .sqlstate = sqlstate::admin_shutdown,
                                         .message = "session state was discarded due to administrator command",
                                         .detail = detail,
                                         .hint = "What this session kept in its server (locks, temporary objects, cursors) is gone; make it anew."});
}

void write_protocol_violation(std::vector<std::byte>& out) {
    protocol::write_error_response(out, {.severity = "FATAL",
                                         .sqlstate = sqlstate::protocol_violation,
                                         .message = "invalid frontend message"});
}

void write_listening_lost(std::vector<std::byte>& out, std::string_view why) {
    const std::string detail = fmt::format("reason=listening_lost retry_after_ms=0 id={}", make_event_id());
    const std::string hint = fmt::format("Notifications may have been missed. The listening server said: {}.", why);
    protocol::write_error_response(out, {.severity = "FATAL",
                                         .sqlstate = sqlstate::admin_shutdown,
                                         .message = "connection to the database was lost while listening",
                                         .detail = detail,
                                         .hint = hint});
}

void write_unknown_refusal(std::vector<std::byte>& out) {
    protocol::write_error_response(out, {.severity = "ERROR",
                                         .sqlstate = sqlstate::internal_error,
                                         .message = "the server refused this session's settings"});
}

void write_query_cancelled(std::vector<std::byte>& out) {
    protocol::write_error_response(out, {.severity = "ERROR",
                                         .sqlstate = sqlstate::query_canceled,
                                         .message = "canceling statement due to user request"});
}

void write_idle_timeout(std::vector<std::byte>& out) {
    protocol::write_error_response(out, {.severity = "FATAL",
                                         .sqlstate = sqlstate::idle_session_timeout,
                                         .message = "terminating connection due to idle-session timeout"});
}

void write_shutdown(std::vector<std::byte>& out) {
    protocol::write_error_response(out, {.severity = "FATAL",
                                         .sqlstate = sqlstate::admin_shutdown,
                                         .message = "terminating connection due to administrator command"});
}

}  // namespace pgweir::proxy
