// What a finished login to PostgreSQL meant, in classes that differ in what to do next.
#pragma once

#include <cstddef>

namespace pgweir::proxy {

enum class DialOutcome {
    ok,
    capacity,     // no slot upstream: there are fewer than we thought
    transient,    // network, start-up, shutdown: try again soon
    credential,   // password, user or tenant refused: each further try brings us nearer to being locked out
    locked_out,   // the upstream answers nobody from here for a while: trying makes it longer
    config,       // the DSN, a `server_settings` value or something upstream is wrong: time alone does not cure it
};
constexpr std::size_t dial_outcome_count = 6;

// Waiting will not help: somebody has to change something, here or upstream.
constexpr bool is_for_good(DialOutcome outcome) {
    return outcome == DialOutcome::credential || outcome == DialOutcome::locked_out || outcome == DialOutcome::config;
}

}  // namespace pgweir::proxy
