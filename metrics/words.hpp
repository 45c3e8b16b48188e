// The states, outcomes and reasons that metrics tell apart, and the label value of each.
#pragma once

#include <array>
#include <cstddef>

namespace pgweir::metrics {

// The order of enumerators is that of the arrays of words, and of cells.
enum class ServerState { connecting, idle, leased, recovering, inspecting, closing };
enum class ClientState { idle, active, waiting };
enum class BreakerState { closed, open, half_open };
enum class Refusal {
    max_client_conn,
    max_user_client_connections,
    breaker_open,
    queue_full,
    queue_timeout,
    pin_limit,
    upstream_unavailable,
    draining
};
enum class Detachment { soft, hard, ended };
enum class StatementTimeout { query_timeout, transaction_timeout, slow_reader_timeout };
enum class LoginOutcome { accepted, refused, authentication_failed, protocol_error, timeout, closed, cancel_request };
enum class DialOutcome { ok, capacity, transient, credential, locked_out, config };
enum class PinReason {
    prepared_statement,
    large_statement,
    setting,
    advisory_lock,
    temporary_object,
    holdable_cursor,
    library,
    sequence,
    unknown
};

// The label values, in the order of the enumerators.
inline constexpr std::array server_state_words = {"connecting", "idle",       "leased",
                                                  "recovering", "inspecting", "closing"};
inline constexpr std::array client_state_words = {"idle", "active", "waiting"};
inline constexpr std::array detachment_words = {"soft", "hard", "ended"};
inline constexpr std::array statement_timeout_words = {"query_timeout", "transaction_timeout", "slow_reader_timeout"};
inline constexpr std::array breaker_state_words = {"closed", "open", "half_open"};
inline constexpr std::array refusal_words = {
    "max_client_conn", "max_user_client_connections", "breaker_open", "queue_full",
    "queue_timeout",   "pin_limit",                   "upstream_unavailable", "draining"};
inline constexpr std::array login_outcome_words = {"accepted", "refused", "authentication_failed", "protocol_error",
                                                   "timeout",  "closed",  "cancel_request"};
inline constexpr std::array dial_outcome_words = {"ok",         "capacity",   "transient",
                                                 "credential", "locked_out", "config"};
inline constexpr std::array pin_reason_words = {
    "prepared_statement", "large_statement", "setting",  "advisory_lock", "temporary_object",
    "holdable_cursor",    "library",         "sequence", "unknown"};

// The word of one enumerator, from one of the arrays above.
template <std::size_t N, class Enum>
constexpr const char* word(const std::array<const char*, N>& words, Enum value) {
    return words[static_cast<std::size_t>(value)];
}

}   // namespace pgweir::metrics
