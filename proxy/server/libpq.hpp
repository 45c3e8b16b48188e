// libpq with deadlines and owners: the steps a login is made of. Everything here blocks.
#pragma once

#include <libpq-fe.h>
#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pgweir::proxy::libpq {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

struct ConnectionDeleter {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, ConnectionDeleter>;

struct ResultDeleter {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

struct OptionsDeleter {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, OptionsDeleter>;

// Owns a descriptor; negative: none.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const { return number_; }

private:
    int number_;
};

// Keywords and values for PQconnectStartParams, in order. The first dbname is expanded.
using Keywords = std::vector<std::pair<const char*, std::string>>;

// One of libpq's complaints about a DSN, without the part of the DSN it quotes: that may
// be a part of a password.
std::string without_quotation(std::string_view message);

// The options a DSN gives, or what is wrong with it.
std::variant<OptionsPtr, std::string> parse_dsn(const std::string& dsn);

bool is_given(const PQconninfoOption* options, std::string_view keyword);

// A connection that is ready for the first PQconnectPoll, or bad; null: out of memory.
// Messages will be verbose and notices are dropped.
ConnectionPtr start_connecting(const Keywords& parameters);

// "host:port" of the host that is or was tried last.
std::string peer_of(const PGconn* connection);

// Polls until logged in (true), refused or late (false).
bool finish_connecting(PGconn* connection, TimePoint deadline);

// Runs one statement with text parameters; null when the connection broke or the
// deadline passed. Requires: a non-blocking connection.
ResultPtr run_statement(PGconn* connection, const std::string& sql, const std::vector<const char*>& values,
                        TimePoint deadline);

// Ends a connection that did not become a server, and waits up to a second for the
// server's EOF, which says that its slot is free again.
void abandon(ConnectionPtr connection);

// Gives socket and TLS session (null: plain) of a logged-in connection to the caller, who
// has given both an owner of their own, and frees the rest without a byte to the server.
// Requires: `dummy` is a descriptor on which nothing can be sent.
void dismiss(ConnectionPtr connection, int dummy, SSL* ssl);

}   // namespace pgweir::proxy::libpq
