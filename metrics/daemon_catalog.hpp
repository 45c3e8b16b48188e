// The metrics of the daemon as a whole and of its process: members and rows as in catalog.hpp.
#pragma once

#include "metrics/catalog.hpp"

#include <array>
#include <cstdint>
#include <variant>

namespace pgweir::metrics {

// What the operating system says of the process.
struct ProcessState {
    double start_time = 0;   // seconds since 1970
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
};

enum class ReloadResult { ok, failed };
inline constexpr std::array reload_result_words = {"ok", "failed"};

// By what listens.
enum class CertificateOf { clients, http };
inline constexpr std::array certificate_words = {"clients", "http"};

// The daemon as a whole at the moment of a scrape.
struct DaemonState {
    std::uint64_t config_generation = 0;   // 1 for the file read at start, one more with each reload that was taken
    bool last_reload_ok = true;
    std::array<std::uint64_t, 2> reloads{};   // by ReloadResult, since start
    std::uint64_t max_client_conn = 0;
    std::uint64_t clients_inside = 0;   // past the gate: logging in or logged in
    std::uint64_t buffered_bytes = 0;   // memory of what clients have not read yet
    std::uint64_t max_buffered_bytes = 0;
    std::uint64_t log_lines_held_back = 0;
    std::array<std::uint64_t, 2> certificate_expires_at{};   // by CertificateOf, in seconds since 1970; 0 for none
};

static_assert(match<decltype(DaemonState::reloads)>(reload_result_words, ReloadResult::failed));
static_assert(match<decltype(DaemonState::certificate_expires_at)>(certificate_words, CertificateOf::http));

using DaemonRow =
    Row<std::variant<std::uint64_t DaemonState::*, bool DaemonState::*, std::array<std::uint64_t, 2> DaemonState::*>>;
using ProcessRow = Row<std::variant<std::uint64_t ProcessState::*, double ProcessState::*>>;

// Of pgweir_build_info, and of the same under PgBouncer's name.
inline constexpr const char* version_help = "Always 1; the label says which version runs.";

// Prefix pgweir_.
inline constexpr std::array daemon_rows = {
    DaemonRow{"config_generation", MetricType::gauge,
              "Number of the configuration in force: 1 at start, one more with each successful reload.",
              &DaemonState::config_generation},
    DaemonRow{"config_last_reload_successful", MetricType::gauge,
              "Whether the last attempt to reload the configuration succeeded.", &DaemonState::last_reload_ok},
    DaemonRow{"config_reloads", MetricType::counter, "Reloads of the configuration, by how they ended.",
              &DaemonState::reloads, "result", reload_result_words},
    DaemonRow{"max_client_conn", MetricType::gauge, "Most clients that may be connected, as configured.",
              &DaemonState::max_client_conn},
    DaemonRow{"clients_inside", MetricType::gauge, "Clients that count against max_client_conn.",
              &DaemonState::clients_inside},
    DaemonRow{"buffered_bytes", MetricType::gauge, "Memory that holds what clients have not read yet.",
              &DaemonState::buffered_bytes},
    DaemonRow{"max_buffered_bytes", MetricType::gauge,
              "Most memory for what clients have not read yet, as configured: beyond it servers wait for them.",
              &DaemonState::max_buffered_bytes},
    DaemonRow{"log_lines_held_back", MetricType::counter, "Log lines of storms that were counted instead of written.",
              &DaemonState::log_lines_held_back},
    DaemonRow{"certificate_expiry_timestamp_seconds", MetricType::gauge,
              "When the certificate shown to clients, or to those who ask by HTTP, expires, in seconds since 1970; 0 without one.",
              &DaemonState::certificate_expires_at, "listener", certificate_words},
};

// Prefix process_: the names that Prometheus libraries have agreed on.
inline constexpr std::array process_rows = {
    ProcessRow{"start_time_seconds", MetricType::gauge, "Start time of the process in seconds since 1970.",
               &ProcessState::start_time},
    ProcessRow{"cpu_seconds", MetricType::counter, "User and system CPU time spent.", &ProcessState::cpu_seconds},
    ProcessRow{"resident_memory_bytes", MetricType::gauge, "Resident memory size.", &ProcessState::resident_bytes},
    ProcessRow{"open_fds", MetricType::gauge, "Open file descriptors.", &ProcessState::open_fds},
    ProcessRow{"max_fds", MetricType::gauge, "Most file descriptors the process may open.", &ProcessState::max_fds},
};

}   // namespace pgweir::metrics
