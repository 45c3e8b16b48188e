#include "proxy/core/upstream_refusal.hpp"

#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

using proxy::classify_refusal;
using proxy::DialOutcome;
using proxy::find_upstream_limit;
using proxy::RefusalSpeaker;
using proxy::UnknownRefusals;
using proxy::UpstreamRefusal;

namespace {

using enum DialOutcome;

struct Case {
    std::string sqlstate;
    std::string message;
    DialOutcome outcome;
};

}  // namespace

TEST_CASE("upstream refusal: Supavisor's since 2.9 are told apart by their codes", "[proxy]") {
    const Case c = GENERATE(
        Case{"XX000", "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15", capacity},
        Case{"XX000", "(EMAXCONN) max client connections reached, limit: 200", capacity},
        Case{"", "(EMAXCONN) max client connections reached, limit: 200", capacity},
        Case{"XX000", "(EMAXPROXYCONN) max proxy connections reached, limit: 9", capacity},
        Case{"XX000", "(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked", locked_out},
        Case{"XX000", "(ENOTFOUND) tenant/user postgres.abc not found", credential},
        Case{"XX000", "(ENOIDENTIFIER) no tenant identifier provided", credential},
        Case{"XX000", "(EAUTHQUERY) user not found in the database", credential},
        Case{"28P01", "password authentication failed for user \"app\"", credential},
        Case{"28P01", "Authentication credentials are invalid. Please reconnect with fresh credentials.", credential},
        Case{"XX000", "(EMAXPOOLSREACHED) max pools count reached", config},
        Case{"XX000", "(ESSLREQUIRED) SSL connection is required for user: app", config},
        Case{"XX000", "(EADDRNOTALLOWED) address not in tenant allow_list: {10, 0, 0, 1}", config},
        Case{"XX000", "(EBANNED) tenant is banned: x", config},
        Case{"08P01", "(ESTARTUPMESSAGE) invalid startup message", config},
        Case{"08P01", "(ESTARTUPPACKETTOOLARGE) startup packet too large (max 1024 bytes)", config},
        Case{"XX000", "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Session mode", transient},
        Case{"XX000", "(ECHECKOUTRETRIES) x", transient},
        Case{"XX000", "(EPOOLCHECKOUT) x", transient},
        Case{"XX000", "(ESUBSCRIBERETRIES) x", transient},
        Case{"XX000", "(EDBHANDLEREXITED) connection to database closed. Check logs for more information", transient},
        Case{"08006", "(EAUTHTIMEOUT) timeout while waiting for message", transient},
        Case{"08006", "Failed to connect to database: nxdomain", transient},
        Case{"57P01", "terminating connection due to administrator command", transient});
    CAPTURE(c.sqlstate, c.message);
    const UpstreamRefusal refusal = classify_refusal(RefusalSpeaker::server, c.sqlstate, c.message);
    CHECK(refusal.outcome == c.outcome);
    CHECK(refusal.is_known);
}

TEST_CASE("upstream refusal: Supavisor's before 2.9 are told apart by their words", "[proxy]") {
    const Case c = GENERATE(
        Case{"XX000", "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size", capacity},
        Case{"XX000", "Max client connections reached", capacity},
        Case{"XX000", "Circuit breaker open: Too many authentication errors", locked_out},
        Case{"XX000", "Tenant or user not found", credential},
        Case{"XX000", "Authentication error, reason: \"Invalid format for user or db_name\"", credential},
        Case{"XX000", "Max pools count reached", config},
        Case{"XX000", "SSL connection is required", config},
        Case{"XX000", "Address not in tenant allow_list: {10, 0, 0, 1}", config},
        Case{"XX000", "DbHandler exited. Check logs for more information.", transient},
        Case{"XX000", "Connection to database closed. Check logs for more information", transient},
        Case{"XX000", "Unable to check out connection from the pool due to timeout", transient},
        Case{"XX000", "Failed to subscribe to tenant after multiple retries. Terminating.", transient});
    CAPTURE(c.sqlstate, c.message);
    const UpstreamRefusal refusal = classify_refusal(RefusalSpeaker::server, c.sqlstate, c.message);
    CHECK(refusal.outcome == c.outcome);
    CHECK(refusal.is_known);
}

TEST_CASE("upstream refusal: PostgreSQL's are told apart by SQLSTATE", "[proxy]") {
    const Case c = GENERATE(
        Case{"53300", "sorry, too many clients already", capacity},
        Case{"53300", "too many connections for role \"app\"", capacity},
        Case{"28P01", "password authentication failed for user \"app\"", credential},
        Case{"28000", "no pg_hba.conf entry for host \"10.0.0.1\", user \"app\"", credential},
        Case{"57P03", "the database system is starting up", transient},
        Case{"57P02", "terminating connection because of crash of another server process", transient},
        Case{"53200", "out of memory", transient},
        Case{"58P01", "could not open file", transient},
        Case{"3D000", "database \"x\" does not exist", config},
        Case{"42501", "permission denied for database \"x\"", config},
        Case{"22023", "invalid value for parameter \"TimeZone\": \"x\"", config},
        Case{"55000", "database \"x\" is not currently accepting connections", config});
    CAPTURE(c.sqlstate, c.message);
    const UpstreamRefusal refusal = classify_refusal(RefusalSpeaker::server, c.sqlstate, c.message);
    CHECK(refusal.outcome == c.outcome);
    CHECK(refusal.is_known);
}

TEST_CASE("upstream refusal: libpq's own words are the network's, but for a few", "[proxy]") {
    const auto outcome = [](const char* words) { return classify_refusal(RefusalSpeaker::libpq, {}, words).outcome; };
    CHECK(outcome("fe_sendauth: no password supplied") == credential);
    CHECK(outcome("server does not support SSL, but SSL was required") == config);
    CHECK(outcome("SSL error: certificate verify failed") == config);
    CHECK(outcome("Connection refused") == transient);
    CHECK(outcome("could not translate host name \"(EMAXCONN)\" to address: Name or service not known") == transient);
    CHECK(outcome("(EMAXCONN) said a server") == transient);
    CHECK(outcome("") == transient);
    CHECK(classify_refusal(RefusalSpeaker::libpq, {}, "Connection refused").is_known);
}

TEST_CASE("upstream refusal: a name that reads like a code decides nothing", "[proxy]") {
    const std::string name = GENERATE("EMAXCONN", "(EMAXCONN)", "MaxClientsInSessionMode", "Max client connections reached");
    const auto outcome = [](const char* sqlstate, const std::string& message) {
        return classify_refusal(RefusalSpeaker::server, sqlstate, message).outcome;
    };
    CHECK(outcome("28P01", "password authentication failed for user \"" + name + "\"") == credential);
    CHECK(outcome("XX000", "(ENOTFOUND) tenant/user " + name + ".ref not found") == credential);
    CHECK(outcome("XX000", "(ESSLREQUIRED) SSL connection is required for user: " + name) == config);
    CHECK(outcome("3D000", "database \"" + name + "\" does not exist") == config);
    CHECK_FALSE(classify_refusal(RefusalSpeaker::server, "53300", "too many connections for role \"limit: 3\"").upstream_limit);
}

TEST_CASE("upstream refusal: only whole words are a code", "[proxy]") {
    const std::string message =
        GENERATE("(EMAXCONNX) x", "EMAXCONN_X", "(EMAX) x", "((EMAXCONN)) x", "x (EMAXCONN)", "DbHandler exiteds", "emaxconn", "()", "(", "");
    CAPTURE(message);
    const UpstreamRefusal refusal = classify_refusal(RefusalSpeaker::server, "XX000", message);
    CHECK(refusal.outcome == transient);
    CHECK_FALSE(refusal.is_known);
}

TEST_CASE("upstream refusal: a SQLSTATE in no row is transient and unknown", "[proxy]") {
    const std::string sqlstate = GENERATE("XX000", "XX001", "P0001", "40001", "", "5", "57", "573000");
    CAPTURE(sqlstate);
    const UpstreamRefusal refusal = classify_refusal(RefusalSpeaker::server, sqlstate, "something new");
    CHECK(refusal.outcome == transient);
    CHECK_FALSE(refusal.is_known);
}

TEST_CASE("upstream refusal: the limit is read where it is given", "[proxy]") {
    CHECK(find_upstream_limit("max clients are limited to pool_size: 15") == 15);
    CHECK(find_upstream_limit("max client connections reached, limit: 200") == 200);
    CHECK_FALSE(find_upstream_limit("max clients are limited to pool_size"));
    CHECK_FALSE(find_upstream_limit("limit: many"));
    CHECK_FALSE(find_upstream_limit("limit: 0"));
    CHECK_FALSE(find_upstream_limit("limit: 99999999999999999999"));
    CHECK_FALSE(find_upstream_limit(""));
}

TEST_CASE("upstream refusal: unknown ones are counted all and told once, up to a bound", "[proxy]") {
    UnknownRefusals unknown;
    CHECK(unknown.note("XX000", "a"));
    CHECK_FALSE(unknown.note("XX000", "a"));
    CHECK(unknown.note("XX001", "a"));
    CHECK(unknown.note("XX000", "b"));
    std::size_t told = 3;
    for (int i = 0; i < 1000; ++i) {
        told += static_cast<std::size_t>(unknown.note("XX000", std::to_string(i)));
    }
    CHECK(told == UnknownRefusals::max_told);
    CHECK(unknown.count() == 1004);
}

}  // namespace pgweir::test
