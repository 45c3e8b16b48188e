// What metrics and the log learn of a login.
#pragma once

#include "metrics/catalog.hpp"
#include "proxy/client/login_end.hpp"

#include <chrono>
#include <string_view>

namespace pgweir::proxy {

// Counts a client as logging in while it lives.
class LoggingIn {
public:
    explicit LoggingIn(metrics::LoginCells& cells) : cells_(cells) { cells_.logging_in.add(1); }
    ~LoggingIn() { cells_.logging_in.add(-1); }
    LoggingIn(const LoggingIn&) = delete;
    LoggingIn& operator=(const LoggingIn&) = delete;

private:
    metrics::LoginCells& cells_;
};

// Lifetime: the login's.
struct LoginFacts {
    std::string_view address;
    std::string_view user;       // as the client claims
    std::string_view database;   // likewise
    bool is_tls = false;
    std::chrono::steady_clock::time_point accepted_at;
};

// Counts how a login has ended, and logs it when nobody was let in.
void report(metrics::LoginCells& cells, const LoginFacts& facts, const LoginStep<void>& result);

}  // namespace pgweir::proxy
