#include "proxy/server/libpq.hpp"

#include "proxy/server/login_failure.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>

namespace pgweir::proxy::libpq {
namespace {

// How long a refused connection may take to end. Chosen: a round trip around the world, thrice.
constexpr std::chrono::seconds farewell_timeout{1};

// False when the deadline passed first.
bool wait_for(int descriptor, short events, TimePoint deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return false;
        }
        pollfd entry{descriptor, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, INT_MAX)));
        if (ready != 0 && !(ready < 0 && errno == EINTR)) {
            return ready > 0;
        }
    }
}

}   // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

std::string without_quotation(std::string_view message) {
    for (std::size_t at = message.find('"'); at != std::string_view::npos; at = message.find('"', at)) {
        const bool is_punctuation = at + 2 < message.size() && message[at + 2] == '"' &&
                                    std::string_view("=:/]").find(message[at + 1]) != std::string_view::npos;
        if (!is_punctuation) {
            return std::string(message.substr(0, at)) + "[not shown]";
        }
        at += 3;
    }
    return describe_login_failure(message).text;
}

std::variant<OptionsPtr, std::string> parse_dsn(const std::string& dsn) {
    char* message = nullptr;
    OptionsPtr options(PQconninfoParse(dsn.c_str(), &message));
    if (options) {
        return options;
    }
    const std::unique_ptr<char, decltype(&PQfreemem)> owner(message, &PQfreemem);
    return message != nullptr ? without_quotation(message) : std::string("out of memory");
}

bool is_given(const PQconninfoOption* options, std::string_view keyword) {
    for (; options->keyword != nullptr; ++options) {
        if (keyword == options->keyword) {
            return options->val != nullptr;
        }
    }
    return false;
}

ConnectionPtr start_connecting(const Keywords& parameters) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword);
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    ConnectionPtr connection(PQconnectStartParams(keywords.data(), values.data(), 1));
    if (connection) {
        PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);   // for the SQLSTATE of a refusal
        PQsetNoticeReceiver(
            connection.get(), [](void*, const PGresult*) {}, nullptr);
    }
    return connection;
}

std::string peer_of(const PGconn* connection) {
    const char* host = PQhost(connection);
    const char* port = PQport(connection);
    return std::string(host != nullptr ? host : "") + ":" + (port != nullptr ? port : "");
}

bool finish_connecting(PGconn* connection, TimePoint deadline) {
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
        // libpq may have closed its socket and opened another one in the last step.
        if (!wait_for(PQsocket(connection), step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
            return false;
        }
        step = PQconnectPoll(connection);
    }
    return step == PGRES_POLLING_OK;
}

ResultPtr run_statement(PGconn* connection, const std::string& sql, const std::vector<const char*>& values,
                        TimePoint deadline) {
    const auto absorb = [&](short events) {
        return wait_for(PQsocket(connection), events, deadline) && PQconsumeInput(connection) == 1;
    };
    const int count = static_cast<int>(values.size());
    if (PQsendQueryParams(connection, sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0) == 0) {
        return nullptr;
    }
    for (int unsent = PQflush(connection); unsent != 0; unsent = PQflush(connection)) {
        if (unsent < 0 || !absorb(POLLIN | POLLOUT)) {
            return nullptr;
        }
    }
    ResultPtr first;
    for (;;) {
        while (PQisBusy(connection) == 1) {
            if (!absorb(POLLIN)) {
                return nullptr;
            }
        }
        ResultPtr result(PQgetResult(connection));
        if (!result) {
            return first;
        }
        if (!first) {
            first = std::move(result);
        }
    }
}

void abandon(ConnectionPtr connection) {
    const int socket = PQsocket(connection.get());
    const Descriptor rest(socket >= 0 ? ::fcntl(socket, F_DUPFD_CLOEXEC, 0) : -1);
    connection.reset();   // says Terminate when logged in
    if (rest.number() < 0) {
        return;
    }
    ::shutdown(rest.number(), SHUT_WR);
    const TimePoint deadline = Clock::now() + farewell_timeout;
    std::array<char, 4096> ignored;
    while (wait_for(rest.number(), POLLIN, deadline)) {
        const ssize_t size = ::recv(rest.number(), ignored.data(), ignored.size(), MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
            return;
        }
    }
}

void dismiss(ConnectionPtr connection, int dummy, SSL* ssl) {
    // PQfinish would say Terminate and close: it says it to the dummy instead of the socket, and a
    // TLS session that looks shut down in both directions neither writes nor reads.
    ::dup3(dummy, PQsocket(connection.get()), O_CLOEXEC);
    if (ssl != nullptr) {
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    connection.reset();
    if (ssl != nullptr) {
        SSL_set_shutdown(ssl, 0);
        SSL_set_app_data(ssl, nullptr);   // pointed to the connection object
        ERR_clear_error();
    }
}

}   // namespace pgweir::proxy::libpq
