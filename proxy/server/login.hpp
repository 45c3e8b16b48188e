// Logging in to PostgreSQL through libpq, and what stays of it afterwards: the one
// file pair that touches libpq. Everything here blocks: helper threads only.
#pragma once

#include "config/types.hpp"
#include "proxy/core/welcome.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/server/learning.hpp"
#include "proxy/server/login_failure.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

struct pg_cancel;

namespace pgweir::proxy {

// Where and how to log in. A value.
struct ServerTarget {
    config::Secret dsn;                                   // anything libpq accepts
    std::string database;                                 // used when the DSN names none
    std::map<std::string, std::string> server_settings;   // applied with SET after login
    std::chrono::milliseconds connect_timeout{};          // for the whole login, settings included
    bool learns = false;                                  // what LoggedInServer::knowledge says
};

// What stays of libpq for one established server connection: the means to cancel what it
// runs. libpq's connection object itself ends at the take-over, so destroying this sends
// nothing, closes nothing and does not block, before or after the Stream is closed.
class PostgresHandle {
public:
    PostgresHandle(pg_cancel* cancel, int backend_pid);
    ~PostgresHandle();
    PostgresHandle(const PostgresHandle&) = delete;
    PostgresHandle& operator=(const PostgresHandle&) = delete;

    // Asks PostgreSQL to cancel what this connection runs (PQcancel). Returns when the
    // request was delivered: nullopt, or what went wrong. Blocks: helper threads only.
    // Safe from any thread, even while the connection is in use.
    std::optional<std::string> cancel() const;

    int backend_pid() const { return backend_pid_; }

private:
    pg_cancel* cancel_;
    int backend_pid_;
};

struct LoggedInServer {
    std::unique_ptr<PostgresHandle> handle;
    net::Stream stream;   // non-blocking; owns the connection alone: whoever ends it writes Terminate first
    Welcome welcome;
    Knowledge knowledge;   // nothing unless asked for; what could not be learned is null
    std::string peer;   // "host:port" for logs
    // The backend that answers is the one that a cancel names: no pooler is between.
    bool has_own_backend = false;
};

using LoginResult = std::variant<LoggedInServer, LoginFailure>;

// Connects, authenticates, applies `server_settings`, reads the parameters and takes
// the descriptor (and TLS session) over. Blocks for at most connect_timeout, plus what
// name resolution takes, plus a second after a failure: it returns when the server has
// let go of the refused connection, so that a slot that was taken is free again.
LoginResult log_in(const ServerTarget& target);

// What libpq says is wrong with a DSN, without any part of the DSN; nullopt when nothing.
std::optional<std::string> check_dsn(const std::string& dsn);

}   // namespace pgweir::proxy
