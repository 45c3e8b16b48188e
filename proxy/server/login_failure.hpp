// What a failed server login means: from libpq's or the server's words to a class
// that says what to do next. Pure; knows no libpq.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::proxy {

// Why a login failed, in classes that differ in what to do next.
enum class LoginFailureClass {
    capacity,     // no slot upstream: the ceiling is lower than configured
    credential,   // password, user or tenant refused: dialling again could get us banned
    transient,    // network, start-up, shutdown: try again soon
    settings,     // the DSN or a `server_settings` value was refused: trying again will not help before a reload
};

struct LoginFailure {
    LoginFailureClass kind;
    std::string sqlstate;                // empty when the failure came from below the protocol
    std::string text;                    // one line, the server's or libpq's own words, without secrets
    std::optional<int> upstream_limit;   // capacity: the N of `pool_size: N` when it was given
};

// Classifies a refusal by SQLSTATE and text; never `settings`, which only the caller can know.
LoginFailureClass classify_login_failure(const std::string& sqlstate, const std::string& text);

// The N of `pool_size: N` or `limit: N` in a pooler's capacity refusal.
std::optional<int> find_upstream_limit(std::string_view text);

// Makes a failure of an error message as libpq prints it at PQERRORS_VERBOSE: several
// lines, the SQLSTATE between severity and text, a LOCATION line at the end.
LoginFailure describe_login_failure(std::string_view libpq_message);

}   // namespace pgweir::proxy
