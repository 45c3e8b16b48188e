#include "proxy/server/login_failure.hpp"

#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <string>

using pgweir::proxy::describe_login_failure;
using pgweir::proxy::DialOutcome;
using pgweir::proxy::LoginFailure;

TEST_CASE("login failure: a verbose message becomes a SQLSTATE and one line", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication failed for "
        "user \"app\"\n"
        "LOCATION:  auth_failed, auth.c:335\n");
    CHECK(failure.kind == DialOutcome::credential);
    CHECK(failure.sqlstate == "28P01");
    CHECK(failure.text ==
          "connection to server at \"127.0.0.1\", port 5432 failed: FATAL: password authentication failed for user "
          "\"app\"");
    CHECK_FALSE(failure.upstream_limit);
}

TEST_CASE("login failure: a capacity refusal brings its limit along", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"db\", port 5432 failed: FATAL:  XX000: (EMAXCONNSESSION) max clients reached in "
        "session mode - "
        "max clients are limited to pool_size: 15\n");
    CHECK(failure.kind == DialOutcome::capacity);
    CHECK(failure.sqlstate == "XX000");
    CHECK(failure.upstream_limit == 15);
}

TEST_CASE("login failure: messages without a SQLSTATE keep all their words", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n"
        "\tIs the server running on that host and accepting TCP/IP connections?\n");
    CHECK(failure.kind == DialOutcome::transient);
    CHECK(failure.sqlstate.empty());
    CHECK(failure.text ==
          "connection to server at \"127.0.0.1\", port 1 failed: Connection refused "
          "Is the server running on that host and accepting TCP/IP connections?");
}

TEST_CASE("login failure: of several hosts' refusals the first SQLSTATE counts and all words stay", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"a\", port 1 failed: Connection refused\n"
        "connection to server at \"b\", port 2 failed: FATAL:  57P03: the database system is starting up\n"
        "LOCATION:  ProcessStartupPacket, postmaster.c:2400\n"
        "connection to server at \"c\", port 3 failed: FATAL:  28P01: no\n");
    CHECK(failure.sqlstate == "57P03");
    CHECK(failure.kind == DialOutcome::transient);
    CHECK(failure.text ==
          "connection to server at \"a\", port 1 failed: Connection refused "
          "connection to server at \"b\", port 2 failed: FATAL: the database system is starting up "
          "connection to server at \"c\", port 3 failed: FATAL: no");
}

TEST_CASE("login failure: odd and empty messages are survived", "[proxy]") {
    CHECK(describe_login_failure("").text.empty());
    CHECK(describe_login_failure("\n\n  \n").text.empty());
    CHECK(describe_login_failure("LOCATION:  x\n").text.empty());
    CHECK(describe_login_failure("FATAL:  abc").text == "FATAL: abc");
    CHECK(describe_login_failure("FATAL:  12345").sqlstate.empty());
    CHECK(describe_login_failure("FATAL:  12345: ").sqlstate == "12345");
    CHECK(describe_login_failure("a\x01"
                                 "b\r\n\tc")
              .text == "a b c");
}

TEST_CASE("login failure: what decides is how the server's own words begin", "[proxy]") {
    const std::string address = "connection to server at \"(EMAXCONN)\", port 5432 failed: ";
    SECTION("not a name in front of them") {
        CHECK(describe_login_failure(address + "Connection refused\n").kind == DialOutcome::transient);
        CHECK(describe_login_failure(address + "FATAL:  28P01: no\n").kind == DialOutcome::credential);
    }
    SECTION("nor behind them") {
        const LoginFailure failure =
            describe_login_failure(address + "FATAL:  3D000: database \":  53300: (EMAXCONN) limit: 7\" does not exist\n");
        CHECK(failure.sqlstate == "3D000");
        CHECK(failure.kind == DialOutcome::config);
        CHECK_FALSE(failure.upstream_limit);
    }
    SECTION("a refusal that has no SQLSTATE has words all the same") {
        const LoginFailure failure = describe_login_failure(
            address + "FATAL:  (EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 9\n");
        CHECK(failure.sqlstate.empty());
        CHECK(failure.kind == DialOutcome::capacity);
        CHECK(failure.upstream_limit == 9);
    }
    SECTION("libpq's own words are found behind the address") {
        CHECK(describe_login_failure(address + "fe_sendauth: no password supplied\n").kind == DialOutcome::credential);
        CHECK(describe_login_failure(address + "server does not support SSL, but SSL was required\n").kind ==
              DialOutcome::config);
    }
}

TEST_CASE("login failure: a refusal in no row is marked", "[proxy]") {
    const LoginFailure failure = describe_login_failure("connection failed: FATAL:  XX000: (ENEWCODE) something new\n");
    CHECK(failure.kind == DialOutcome::transient);
    CHECK_FALSE(failure.is_known);
    CHECK(describe_login_failure("connection failed: Connection refused\n").is_known);
}
