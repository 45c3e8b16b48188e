// Why a client keeps its server between transactions: session state that cannot be
// carried to another server. The words are those of metrics, SHOW and logs.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace pgweir::proxy {

enum class PinReason {
    prepared_statement,   // SQL speaks of what was prepared by message
    large_statement,      // a prepared statement whose text is above the cap for interning
    setting,              // the seed of random(), or a setting whose name only the server knows
    advisory_lock,        // held by the session
    temporary_object,     // a table, view, sequence or anything else in the session's own schema
    holdable_cursor,      // WITH HOLD, and not closed
    library,              // LOAD, dblink_connect: no survey shows it and no DISCARD ALL ends it
    sequence,             // what currval and lastval return
    unknown,              // what it has left could not be asked for, or the listening server cannot listen for it
};
constexpr std::size_t pin_reason_count = 9;

constexpr std::array pin_reason_tokens = {
    std::pair{PinReason::prepared_statement, "prepared_statement"},
    std::pair{PinReason::large_statement, "large_statement"},
    std::pair{PinReason::setting, "setting"},
    std::pair{PinReason::advisory_lock, "advisory_lock"},
    std::pair{PinReason::temporary_object, "temporary_object"},
    std::pair{PinReason::holdable_cursor, "holdable_cursor"},
    std::pair{PinReason::library, "library"},
    std::pair{PinReason::sequence, "sequence"},
    std::pair{PinReason::unknown, "unknown"},
};

// In the enum's order, so that a reason is its row's index.
constexpr bool pin_reasons_are_in_order() {
    for (std::size_t i = 0; i < pin_reason_tokens.size(); ++i)
        if (pin_reason_tokens[i].first != static_cast<PinReason>(i)) return false;
    return pin_reason_tokens.size() == pin_reason_count && pin_reason_tokens.back().first == PinReason::unknown;
}
static_assert(pin_reasons_are_in_order());

// Lifetime: static.
constexpr const char* token(PinReason reason) { return pin_reason_tokens[static_cast<std::size_t>(reason)].second; }

// What a client asks its pool for: `pin` when its next statement will keep the server.
enum class Wish { server, pin };

}  // namespace pgweir::proxy
