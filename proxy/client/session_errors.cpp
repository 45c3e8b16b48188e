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

}  // namespace

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
