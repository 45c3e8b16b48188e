// Every metric, declared once: a member in a struct of cells or state, and a row that
// points at the member with its name, unit and help. Those of clients and pools are here,
// those of the daemon as a whole in daemon_catalog.hpp.
#pragma once

#include "metrics/cells.hpp"
#include "metrics/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <variant>

namespace pgweir::metrics {

// One relay thread's share of one pool. Written by that thread only.
struct RelayCells {
    Counter client_received_bytes;   // from clients
    Counter client_sent_bytes;       // to clients
    Counter server_received_bytes;
    Counter server_sent_bytes;
    Counter statements;               // Query and Execute messages
    Counter transactions;             // exchanges that ended with the server idle
    Counter server_assignments;       // leases
    Counter recovered_servers;        // abandoned servers made clean again
    Counter lost_servers;             // servers closed because they could not be proved clean, or died
    Counter cancel_requests;          // passed on upstream
    Counter parses;                   // Parse messages of clients
    Counter binds;                    // Bind messages of clients
    Counter server_parses;            // Parse messages sent to servers for clients, replays included
    Counter settings_switches;        // round trips that gave a server its client's settings
    Counter surveys;                  // questions about what a client has left in its session
    Counter answered_here;            // statements answered without a server
    Counter plan_repairs;             // statements run again after their cached plan had become void
    Counter quarantines;              // servers kept back until a cancel was known to have landed
    std::array<Counter, 3> detached_transactions;   // by Detachment
    std::array<Counter, 3> statement_timeouts;      // by StatementTimeout
    Histogram<16> queue_wait;         // seconds
    Histogram<16> transaction_time;   // seconds, lease to release
    Histogram<16> query_time;         // seconds, from what was passed on to its last answer
    std::array<Gauge, 3> clients;     // by ClientState
};

// One login thread's logins. Written by that thread only.
struct LoginCells {
    std::array<Counter, 7> logins;     // by LoginOutcome
    std::array<Counter, 8> refusals;   // by Refusal: those made during login
    Histogram<16> login_time;          // seconds, accept to hand-over
    Counter tls_handshakes;
    Gauge logging_in;   // clients on their way in
};

// What a pool looks like at the moment of a scrape. Values, filled by the pool under its lock.
struct PoolState {
    std::array<std::uint64_t, 6> servers{};               // by ServerState
    std::array<std::uint64_t, 6> dials{};                 // by DialOutcome, since start
    std::uint64_t unknown_refusals = 0;                   // since start: dials refused in words that no rule knows
    std::array<std::uint64_t, 8> refusals{};              // by Refusal, since start: those made by the queue
    std::array<std::uint64_t, 3> breaker_transitions{};   // by BreakerState entered, since start
    std::uint64_t pool_size = 0;                          // configured
    std::uint64_t max_waiting = 0;                        // configured
    std::uint64_t max_pinned = 0;                         // configured, in servers
    double open_above = 0;                                // share of the effective size; the warning's while the breaker is off
    bool is_breaker_enabled = false;
    std::uint64_t effective_size = 0;                     // lower after a capacity refusal
    std::uint64_t in_use = 0;                             // leased and recovering servers
    std::uint64_t waiting = 0;
    std::uint64_t pinned = 0;                             // those without a reason yet included
    std::array<std::uint64_t, 9> pins{};                  // by PinReason
    std::array<std::uint64_t, 9> pins_started{};          // by PinReason, since start
    std::uint64_t pins_over_limit = 0;                    // since start
    double longest_pin_seconds = 0;
    double usage_window = 0;   // share of the effective size, time-weighted over the breaker's window
    double longest_wait_seconds = 0;
    std::uint64_t flows = 0;   // that have clients
    BreakerState breaker = BreakerState::closed;
    BreakerState upstream_breaker = BreakerState::closed;
    std::array<std::uint64_t, 3> upstream_breaker_transitions{};   // by BreakerState entered, since start
};

// A word for each enumerator and a cell for each word: the last enumerator tells how many there are.
template <class Cells, class Enum, std::size_t N>
constexpr bool match(const std::array<const char*, N>&, Enum last) {
    return static_cast<std::size_t>(last) + 1 == N && std::tuple_size_v<Cells> == N;
}
static_assert(match<decltype(PoolState::servers)>(server_state_words, ServerState::closing));
static_assert(match<decltype(RelayCells::clients)>(client_state_words, ClientState::waiting));
static_assert(match<decltype(RelayCells::detached_transactions)>(detachment_words, Detachment::ended));
static_assert(match<decltype(RelayCells::statement_timeouts)>(statement_timeout_words, StatementTimeout::slow_reader_timeout));
static_assert(match<decltype(PoolState::breaker_transitions)>(breaker_state_words, BreakerState::half_open));
static_assert(match<decltype(PoolState::upstream_breaker_transitions)>(breaker_state_words, BreakerState::half_open));
static_assert(match<decltype(PoolState::refusals)>(refusal_words, Refusal::draining));
static_assert(match<decltype(LoginCells::refusals)>(refusal_words, Refusal::draining));
static_assert(match<decltype(LoginCells::logins)>(login_outcome_words, LoginOutcome::cancel_request));
static_assert(match<decltype(PoolState::dials)>(dial_outcome_words, DialOutcome::config));
static_assert(match<decltype(PoolState::pins)>(pin_reason_words, PinReason::unknown));
static_assert(match<decltype(PoolState::pins_started)>(pin_reason_words, PinReason::unknown));

enum class MetricType { counter, gauge, histogram };

// One metric. Counters are shown with `_total` behind their name.
template <class Member>
struct Row {
    const char* name;   // behind the prefix of its table
    MetricType type;
    const char* help;
    Member member;
    const char* label = nullptr;   // with `words`, for a member that has a cell for each of them
    std::span<const char* const> words = {};
};

using RelayRow =
    Row<std::variant<Counter RelayCells::*, Histogram<16> RelayCells::*, std::array<Gauge, 3> RelayCells::*,
                     std::array<Counter, 3> RelayCells::*>>;
using LoginRow = Row<std::variant<Counter LoginCells::*, Gauge LoginCells::*, Histogram<16> LoginCells::*,
                                  std::array<Counter, 7> LoginCells::*, std::array<Counter, 8> LoginCells::*>>;
using PoolRow =
    Row<std::variant<std::uint64_t PoolState::*, double PoolState::*, bool PoolState::*, BreakerState PoolState::*,
                     std::array<std::uint64_t, 3> PoolState::*, std::array<std::uint64_t, 6> PoolState::*,
                     std::array<std::uint64_t, 8> PoolState::*, std::array<std::uint64_t, 9> PoolState::*>>;

// One family from two tables: a login is refused before it belongs to a pool, and so has no `database`.
inline constexpr const char* refusals_help =
    "Logins and statements refused by pgweir itself, by reason; those refused in a queue with their database.";

// Every row of this table has the label `database` too. Prefix pgweir_.
inline constexpr std::array relay_rows = {
    RelayRow{"client_received_bytes", MetricType::counter, "Bytes received from logged-in clients.",
             &RelayCells::client_received_bytes},
    RelayRow{"client_sent_bytes", MetricType::counter, "Bytes sent to logged-in clients.",
             &RelayCells::client_sent_bytes},
    RelayRow{"server_received_bytes", MetricType::counter, "Bytes received from servers after their login.",
             &RelayCells::server_received_bytes},
    RelayRow{"server_sent_bytes", MetricType::counter, "Bytes sent to servers after their login.",
             &RelayCells::server_sent_bytes},
    RelayRow{"statements", MetricType::counter, "Statements run for clients: Query and Execute messages.",
             &RelayCells::statements},
    RelayRow{"transactions", MetricType::counter, "Transactions that ended for clients, single statements included.",
             &RelayCells::transactions},
    RelayRow{"server_assignments", MetricType::counter, "Leases: how often a client was given a server.",
             &RelayCells::server_assignments},
    RelayRow{"recovered_servers", MetricType::counter,
             "Servers that a client abandoned in mid-work and that were made clean again.",
             &RelayCells::recovered_servers},
    RelayRow{"lost_servers", MetricType::counter,
             "Servers that died or were closed because they could not be proved clean.", &RelayCells::lost_servers},
    RelayRow{"cancel_requests", MetricType::counter, "Cancel requests of clients that were passed on to a server.",
             &RelayCells::cancel_requests},
    RelayRow{"parses", MetricType::counter, "Parse messages of clients.", &RelayCells::parses},
    RelayRow{"binds", MetricType::counter, "Bind messages of clients.", &RelayCells::binds},
    RelayRow{"server_parses", MetricType::counter, "Parse messages sent to servers for clients, replays included.",
             &RelayCells::server_parses},
    RelayRow{"settings_switches", MetricType::counter, "Round trips that gave a server its client's settings.",
             &RelayCells::settings_switches},
    RelayRow{"surveys", MetricType::counter,
             "Questions to a server about the session state that a statement may have left.", &RelayCells::surveys},
    RelayRow{"answered_here", MetricType::counter, "Statements answered by pgweir itself, without a server.",
             &RelayCells::answered_here},
    RelayRow{"plan_repairs", MetricType::counter,
             "Statements run again because their cached plan had become void.", &RelayCells::plan_repairs},
    RelayRow{"quarantines", MetricType::counter,
             "Servers kept back until a cancel was known to have landed.", &RelayCells::quarantines},
    RelayRow{"detached_transactions", MetricType::counter,
             "Transactions that lost their server for being idle: while others waited (soft), whatever the load (hard), or "
             "with their client, which could not go on without it (ended).",
             &RelayCells::detached_transactions, "reason", detachment_words},
    RelayRow{"statement_timeouts", MetricType::counter, "Statements and transactions ended by a limit in time, by the limit.",
             &RelayCells::statement_timeouts, "reason", statement_timeout_words},
    RelayRow{"queue_wait_seconds", MetricType::histogram,
             "Time from a client's wish for a server to its lease or refusal.", &RelayCells::queue_wait},
    RelayRow{"transaction_duration_seconds", MetricType::histogram,
             "Time a client held a server, from lease to release.", &RelayCells::transaction_time},
    RelayRow{"query_duration_seconds", MetricType::histogram,
             "Time a server was at work for a client: from what was passed on until all of it was answered.",
             &RelayCells::query_time},
    RelayRow{"clients", MetricType::gauge, "Logged-in clients by state.", &RelayCells::clients, "state",
             client_state_words},
};

// Prefix pgweir_.
inline constexpr std::array login_rows = {
    LoginRow{"logins", MetricType::counter, "Client connections whose login has ended, by how it ended.",
             &LoginCells::logins, "outcome", login_outcome_words},
    LoginRow{"refusals", MetricType::counter, refusals_help, &LoginCells::refusals, "reason", refusal_words},
    LoginRow{"login_duration_seconds", MetricType::histogram, "Time from accepting a client to the end of its login.",
             &LoginCells::login_time},
    LoginRow{"tls_handshakes", MetricType::counter, "TLS handshakes completed with clients.",
             &LoginCells::tls_handshakes},
    LoginRow{"clients_logging_in", MetricType::gauge, "Clients that are accepted and not logged in yet.",
             &LoginCells::logging_in},
};

// Every row of this table has the label `database` too. Prefix pgweir_.
inline constexpr std::array pool_rows = {
    PoolRow{"servers", MetricType::gauge, "Server connections by state.", &PoolState::servers, "state",
            server_state_words},
    PoolRow{"dials", MetricType::counter, "Server logins tried, by outcome.", &PoolState::dials, "outcome",
            dial_outcome_words},
    PoolRow{"unknown_refusals", MetricType::counter,
            "Server logins refused in words that no rule knows, and therefore taken as transient.",
            &PoolState::unknown_refusals},
    PoolRow{"refusals", MetricType::counter, refusals_help, &PoolState::refusals, "reason", refusal_words},
    PoolRow{"breaker_transitions", MetricType::counter, "Changes of the breaker's state, by the state entered.",
            &PoolState::breaker_transitions, "to", breaker_state_words},
    PoolRow{"breaker_state", MetricType::gauge, "The breaker's state: 1 for the one it is in, 0 for the others.",
            &PoolState::breaker, "state", breaker_state_words},
    PoolRow{"upstream_breaker_transitions", MetricType::counter,
            "Changes of the upstream breaker's state, by the state entered.", &PoolState::upstream_breaker_transitions,
            "to", breaker_state_words},
    PoolRow{"upstream_breaker_state", MetricType::gauge,
            "The upstream breaker's state, open while no server can be had: 1 for the one it is in, 0 for the others.",
            &PoolState::upstream_breaker, "state", breaker_state_words},
    PoolRow{"pool_size", MetricType::gauge, "Most servers the pool may have, as configured.", &PoolState::pool_size},
    PoolRow{"pool_effective_size", MetricType::gauge,
            "Most servers the pool can have just now: lower than pool_size after the upstream refused one for lack of "
            "capacity.",
            &PoolState::effective_size},
    PoolRow{"breaker_enabled", MetricType::gauge, "Whether the breaker may open: 0 with open_above: off.",
            &PoolState::is_breaker_enabled},
    PoolRow{"breaker_open_above_ratio", MetricType::gauge,
            "Usage above which there is a warning, and above which by half a server's share the breaker opens if it is "
            "enabled.",
            &PoolState::open_above},
    PoolRow{"max_waiting", MetricType::gauge, "Most clients that may wait for a server, as configured.",
            &PoolState::max_waiting},
    PoolRow{"max_pinned", MetricType::gauge, "Most servers that may be pinned before clients wait for it, as configured.",
            &PoolState::max_pinned},
    PoolRow{"servers_in_use", MetricType::gauge, "Servers that are leased or recovering.", &PoolState::in_use},
    PoolRow{"servers_pinned", MetricType::gauge, "Servers kept by a client between its transactions.",
            &PoolState::pinned},
    PoolRow{"pins", MetricType::gauge,
            "Servers kept by a client between its transactions, by why; one granted for a pin has a reason only when "
            "its statement has run.",
            &PoolState::pins, "reason", pin_reason_words},
    PoolRow{"pins_started", MetricType::counter, "Pins begun, by their first reason.", &PoolState::pins_started,
            "reason", pin_reason_words},
    PoolRow{"pins_over_limit", MetricType::counter,
            "Pins begun although max_pinned servers were pinned: their statement showed it too late to wait.",
            &PoolState::pins_over_limit},
    PoolRow{"pins_longest_seconds", MetricType::gauge, "How long the oldest pin has lasted.",
            &PoolState::longest_pin_seconds},
    PoolRow{"pool_usage_ratio", MetricType::gauge,
            "Share of the effective size in use, as the time-weighted mean over the breaker's window.",
            &PoolState::usage_window},
    PoolRow{"queue_depth", MetricType::gauge, "Clients that wait for a server.", &PoolState::waiting},
    PoolRow{"queue_longest_wait_seconds", MetricType::gauge, "How long the client that has waited longest has waited.",
            &PoolState::longest_wait_seconds},
    PoolRow{"flows", MetricType::gauge, "Flows of the queue that have clients.", &PoolState::flows},
};

}   // namespace pgweir::metrics
