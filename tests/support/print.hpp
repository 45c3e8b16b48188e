// How the core's enums read in a failed assertion.
#pragma once

#include "proxy/core/pool_core.hpp"
#include "proxy/core/recovery.hpp"
#include "proxy/core/server_scan.hpp"
#include "proxy/core/translator.hpp"
#include "proxy/core/unleased.hpp"

#include <array>
#include <cstddef>
#include <ostream>

namespace pgweir::proxy {

template <typename Enum, std::size_t Size>
std::ostream& print_name(std::ostream& out, Enum value, const std::array<const char*, Size>& names) {
    const auto index = static_cast<std::size_t>(value);
    return out << (index < Size ? names[index] : "?");
}

inline std::ostream& operator<<(std::ostream& out, ServerState state) {
    constexpr std::array names = {"vacant", "connecting", "idle", "leased", "recovering", "inspecting", "closing"};
    return print_name(out, state, names);
}

inline std::ostream& operator<<(std::ostream& out, BreakerState state) {
    constexpr std::array names = {"closed", "open", "half_open"};
    return print_name(out, state, names);
}

inline std::ostream& operator<<(std::ostream& out, UpstreamState state) {
    constexpr std::array names = {"closed", "open", "half_open"};
    return print_name(out, state, names);
}

inline std::ostream& operator<<(std::ostream& out, DialOutcome outcome) {
    constexpr std::array names = {"ok", "capacity", "transient", "credential", "locked_out", "config"};
    return print_name(out, outcome, names);
}

inline std::ostream& operator<<(std::ostream& out, RefusalReason reason) { return out << token(reason); }

inline std::ostream& operator<<(std::ostream& out, Acquired::Kind kind) {
    constexpr std::array names = {"granted", "waiting", "refused"};
    return print_name(out, kind, names);
}

inline std::ostream& operator<<(std::ostream& out, PoolAction::Kind kind) {
    constexpr std::array names = {"grant", "refuse", "dial", "close", "tell_upstream", "tell_ceiling"};
    return print_name(out, kind, names);
}

inline std::ostream& operator<<(std::ostream& out, ClientStop stop) {
    constexpr std::array names = {"none", "incomplete", "terminate", "violation", "backlog", "unsettled"};
    return print_name(out, stop, names);
}

inline std::ostream& operator<<(std::ostream& out, ServerNeed need) {
    constexpr std::array names = {"nothing", "more_bytes", "server", "listen", "terminate", "violation"};
    return print_name(out, need, names);
}

inline std::ostream& operator<<(std::ostream& out, ServerEventKind kind) {
    constexpr std::array names = {"none", "ready",        "parameter_status", "command_complete", "description",
                                  "row",  "notification", "error",            "incomplete",       "unmatched"};
    return print_name(out, kind, names);
}

inline std::ostream& operator<<(std::ostream& out, RecoveryVerdict verdict) {
    constexpr std::array names = {"wait", "clean", "hopeless"};
    return print_name(out, verdict, names);
}

}  // namespace pgweir::proxy
