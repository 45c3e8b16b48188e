// Reads what libpq says of a failed server login: who refused, with which SQLSTATE and
// words. What that means is in core/upstream_refusal. Pure; knows no libpq.
#pragma once

#include "proxy/core/dial_outcome.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::proxy {

struct LoginFailure {
    DialOutcome kind;                    // never ok
    std::string sqlstate;                // empty when the failure came from below the protocol
    std::string text;                    // one line, the server's or libpq's own words, without secrets
    std::optional<int> upstream_limit;   // capacity: the N of `pool_size: N` when it was given
    bool is_known = true;                // false: no row of the classifier fits, and transient for want of better
};

// Makes a failure of an error message as libpq prints it at PQERRORS_VERBOSE: several
// lines, the SQLSTATE between severity and text, a LOCATION line at the end.
LoginFailure describe_login_failure(std::string_view libpq_message);

}   // namespace pgweir::proxy
