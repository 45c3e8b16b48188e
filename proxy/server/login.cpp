// libpq logs in and is dismissed: from the take-over on nothing of it can write to, read
// from or close the connection. Kept alive beside the Stream, PQfinish would send its
// Terminate through the shared TLS session to whatever descriptor number that then names.
#include "proxy/server/login.hpp"

#include "proxy/server/libpq.hpp"
#include "proxy/server/login_learning.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

using libpq::ConnectionPtr;
using libpq::Keywords;
using libpq::ResultPtr;
using libpq::TimePoint;

// libpq cannot enumerate the ParameterStatus messages it has seen. PostgreSQL: all that is
// GUC_REPORT, up to version 18.
constexpr std::array reported_parameters = {"server_version",
                                            "server_encoding",
                                            "client_encoding",
                                            "application_name",
                                            "default_transaction_read_only",
                                            "in_hot_standby",
                                            "is_superuser",
                                            "session_authorization",
                                            "DateStyle",
                                            "IntervalStyle",
                                            "TimeZone",
                                            "integer_datetimes",
                                            "standard_conforming_strings",
                                            "scram_iterations",
                                            "search_path"};

Keywords connect_keywords(const ServerTarget& target, const PQconninfoOption* dsn) {
    // The first dbname is the one that libpq expands; what follows it overrides the DSN.
    Keywords keywords = {
        {"dbname", target.dsn.reveal()},
        {"fallback_application_name", "pgweir"},
        {"gssencmode", "disable"},
    };
    // Chosen: a peer that vanished is noticed within a minute, and within half of one when it owes us an answer.
    const Keywords fallbacks = {
        {"keepalives", "1"},       {"keepalives_idle", "30"},     {"keepalives_interval", "10"},
        {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"},
    };
    for (const auto& fallback : fallbacks) {
        if (!libpq::is_given(dsn, fallback.first)) {
            keywords.push_back(fallback);
        }
    }
    if (!libpq::is_given(dsn, "dbname") && !libpq::is_given(dsn, "service")) {
        keywords.emplace_back("dbname", target.database);
    }
    if (PQlibVersion() >= 180000) {
        keywords.emplace_back("max_protocol_version", "3.0");
    }
    return keywords;
}

LoginFailure below_protocol(std::string text) {
    return {DialOutcome::transient, {}, std::move(text), std::nullopt};
}

// For a step that ended without an answer of the server.
LoginFailure broken_or_late(const PGconn* connection, TimePoint deadline) {
    if (libpq::Clock::now() >= deadline) {
        return below_protocol("connection to " + libpq::peer_of(connection) + " timed out before login was complete");
    }
    return describe_login_failure(PQerrorMessage(connection));
}

// How libpq's complaints about option values begin, as opposed to those about the network.
constexpr std::array<std::string_view, 5> option_complaints = {"invalid ", "could not match ", "definition of service ",
                                                               "service file ", "syntax error in service file "};

std::optional<LoginFailure> connect(PGconn* connection, TimePoint deadline) {
    if (PQstatus(connection) == CONNECTION_BAD) {   // bad options; but also a host that failed in the first step
        const std::string_view message = PQerrorMessage(connection);
        const bool is_complaint = std::any_of(option_complaints.begin(), option_complaints.end(),
                                              [&](std::string_view start) { return message.starts_with(start); });
        if (is_complaint) {
            return LoginFailure{DialOutcome::config, {}, libpq::without_quotation(message), std::nullopt};
        }
        return describe_login_failure(message);
    }
    if (!libpq::finish_connecting(connection, deadline)) {
        return broken_or_late(connection, deadline);
    }
    return std::nullopt;
}

// True when the server refused a statement for what it says, not for the state the server is in.
bool is_refused_statement(const PGresult* result, std::string_view sqlstate) {
    constexpr std::array<std::string_view, 5> states = {"08", "53", "57", "58", "XX"};
    const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
    return severity != nullptr && std::string_view(severity) != "FATAL" && sqlstate.size() == 5 &&
           std::find(states.begin(), states.end(), sqlstate.substr(0, 2)) == states.end();
}

std::optional<LoginFailure> apply_settings(PGconn* connection, const std::map<std::string, std::string>& settings,
                                           TimePoint deadline) {
    if (settings.empty()) {
        return std::nullopt;
    }
    std::string sql = "SELECT ";
    std::vector<const char*> values;
    for (const auto& [name, value] : settings) {
        values.push_back(name.c_str());
        values.push_back(value.c_str());
        sql += values.size() > 2 ? ", " : "";
        sql += "pg_catalog.set_config($" + std::to_string(values.size() - 1) + ", $" + std::to_string(values.size()) +
               ", false)";
    }
    const ResultPtr result = libpq::run_statement(connection, sql, values, deadline);
    if (!result) {
        return broken_or_late(connection, deadline);
    }
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) {
        return std::nullopt;
    }
    LoginFailure failure = describe_login_failure(PQresultErrorMessage(result.get()));
    if (failure.kind == DialOutcome::transient && is_refused_statement(result.get(), failure.sqlstate)) {
        failure.kind = DialOutcome::config;
        failure.is_known = true;
    }
    return failure;
}

// Poolers answer a login with parameters remembered from another server, so the values
// are asked for once more. A server that cannot answer keeps what it has reported.
std::optional<LoginFailure> learn_parameters(PGconn* connection, LoggedInServer& server, TimePoint deadline) {
    Welcome& welcome = server.welcome;
    std::string sql = "SELECT ";
    std::vector<const char*> names;
    for (const char* name : reported_parameters) {
        if (const char* value = PQparameterStatus(connection, name); value != nullptr) {
            welcome.parameters.emplace_back(name, value);
            names.push_back(name);
            sql += names.size() > 1 ? ", " : "";
            sql += "pg_catalog.current_setting($" + std::to_string(names.size()) + ", true)";
        }
    }
    sql += names.empty() ? "pg_catalog.pg_backend_pid()" : ", pg_catalog.pg_backend_pid()";
    const ResultPtr result = libpq::run_statement(connection, sql, names, deadline);
    if (!result) {
        return broken_or_late(connection, deadline);
    }
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const int column = static_cast<int>(i);
        if (PQgetisnull(result.get(), 0, column) == 0) {
            welcome.parameters[i].second = PQgetvalue(result.get(), 0, column);
        }
    }
    const int last = static_cast<int>(names.size());
    server.has_own_backend = PQnfields(result.get()) > last && PQgetvalue(result.get(), 0, last) == std::to_string(PQbackendPID(connection));
    return std::nullopt;
}

// Nothing outstanding, nothing read ahead: what libpq holds in its buffers would be lost.
bool can_be_taken_over(PGconn* connection, const SSL* ssl) {
    // PQnotifies looks at all that has been read.
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notification(PQnotifies(connection), &PQfreemem);
    return !notification && PQisBusy(connection) == 0 && PQstatus(connection) == CONNECTION_OK &&
           PQtransactionStatus(connection) == PQTRANS_IDLE && (PQsslInUse(connection) == 1) == (ssl != nullptr) &&
           (ssl == nullptr || SSL_pending(ssl) == 0);
}

LoginResult take_over(ConnectionPtr connection, LoggedInServer server) {
    SSL* const ssl = static_cast<SSL*>(PQsslStruct(connection.get(), "OpenSSL"));   // null on a plain connection
    if (!can_be_taken_over(connection.get(), ssl)) {
        libpq::abandon(std::move(connection));
        return below_protocol("the server sent something unexpected right after login");
    }
    net::Stream stream(::fcntl(PQsocket(connection.get()), F_DUPFD_CLOEXEC, 0));
    const libpq::Descriptor dummy(::eventfd(0, EFD_CLOEXEC));
    if (!stream.is_open() || dummy.number() < 0) {
        const std::string reason = std::system_category().message(errno);
        libpq::abandon(std::move(connection));
        return below_protocol("no descriptor for the connection: " + reason);
    }

    server.handle = std::make_unique<PostgresHandle>(PQgetCancel(connection.get()), PQbackendPID(connection.get()));
    server.peer = libpq::peer_of(connection.get());
    if (ssl != nullptr) {
        SSL_up_ref(ssl);
        stream.adopt_tls(net::SslPtr(ssl));
    }
    server.stream = std::move(stream);
    libpq::dismiss(std::move(connection), dummy.number(), ssl);
    return server;
}

}   // namespace

PostgresHandle::PostgresHandle(pg_cancel* cancel, int backend_pid) : cancel_(cancel), backend_pid_(backend_pid) {}

PostgresHandle::~PostgresHandle() {
    PQfreeCancel(cancel_);
}

std::optional<std::string> PostgresHandle::cancel() const {
    if (cancel_ == nullptr) {
        return "no cancel key";
    }
    std::array<char, 256> problem{};   // PQcancel: the recommended size
    if (PQcancel(cancel_, problem.data(), static_cast<int>(problem.size())) == 1) {
        return std::nullopt;
    }
    return describe_login_failure(problem.data()).text;
}

LoginResult log_in(const ServerTarget& target) {
    const TimePoint deadline = libpq::Clock::now() + target.connect_timeout;
    const auto dsn = libpq::parse_dsn(target.dsn.reveal());
    if (const std::string* problem = std::get_if<std::string>(&dsn)) {
        return LoginFailure{DialOutcome::config, {}, *problem, std::nullopt};
    }
    ConnectionPtr connection =
        libpq::start_connecting(connect_keywords(target, std::get<libpq::OptionsPtr>(dsn).get()));
    if (!connection) {
        return below_protocol("out of memory");
    }

    LoggedInServer server;
    std::optional<LoginFailure> failure = connect(connection.get(), deadline);
    if (!failure) {
        PQsetnonblocking(connection.get(), 1);
        failure = apply_settings(connection.get(), target.server_settings, deadline);
    }
    if (!failure && target.learns && !learn(connection.get(), deadline, server.knowledge)) {
        failure = broken_or_late(connection.get(), deadline);
    }
    if (!failure) {
        failure = learn_parameters(connection.get(), server, deadline);
    }
    if (failure) {
        libpq::abandon(std::move(connection));
        return std::move(*failure);
    }
    return take_over(std::move(connection), std::move(server));
}

std::optional<std::string> check_dsn(const std::string& dsn) {
    auto parsed = libpq::parse_dsn(dsn);
    if (std::string* problem = std::get_if<std::string>(&parsed)) {
        return std::move(*problem);
    }
    return std::nullopt;
}

}   // namespace pgweir::proxy
