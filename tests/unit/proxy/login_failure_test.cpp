#include "proxy/server/login_failure.hpp"

#include <catch2/catch.hpp>

#include <string>

using pgweir::proxy::classify_login_failure;
using pgweir::proxy::describe_login_failure;
using pgweir::proxy::find_upstream_limit;
using pgweir::proxy::LoginFailure;
using pgweir::proxy::LoginFailureClass;

namespace {

struct Case {
    std::string sqlstate;
    std::string text;
    LoginFailureClass kind;
};

}   // namespace

TEST_CASE("login failure: refusals are classified by SQLSTATE and token", "[proxy]") {
    const Case c = GENERATE(
        Case{"XX000",
             "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
             LoginFailureClass::capacity},
        Case{"XX000",
             "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
             LoginFailureClass::capacity},
        Case{"XX000", "Max client connections reached", LoginFailureClass::capacity},
        Case{"XX000", "(EMAXCONN) max client connections reached, limit: 200", LoginFailureClass::capacity},
        Case{"", "(EMAXCONN) max client connections reached, limit: 200", LoginFailureClass::capacity},
        Case{"53300", "too many connections for role \"app\"", LoginFailureClass::capacity},
        Case{"28P01", "password authentication failed for user \"app\"", LoginFailureClass::credential},
        Case{"28000", "no pg_hba.conf entry for host", LoginFailureClass::credential},
        Case{"XX000", "(ENOTFOUND) tenant/user postgres.abc not found", LoginFailureClass::credential},
        Case{"XX000", "(ENOIDENTIFIER) no tenant identifier provided", LoginFailureClass::credential},
        Case{"XX000", "(ECIRCUITBREAKER) too many authentication failures", LoginFailureClass::credential},
        Case{"XX000", "(EBANNED) tenant is banned: x", LoginFailureClass::credential},
        Case{"", "fe_sendauth: no password supplied", LoginFailureClass::credential},
        Case{"XX000", "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms",
             LoginFailureClass::transient},
        Case{"XX000", "(EMAXPOOLSREACHED) too many pools", LoginFailureClass::transient},
        Case{"57P03", "the database system is starting up", LoginFailureClass::transient},
        Case{"3D000", "database \"x\" does not exist", LoginFailureClass::transient},
        Case{"", "could not translate host name \"ENOTFOUND.example\" to address", LoginFailureClass::transient},
        Case{"", "", LoginFailureClass::transient});
    CAPTURE(c.sqlstate, c.text);
    CHECK(classify_login_failure(c.sqlstate, c.text) == c.kind);
}

TEST_CASE("login failure: the upstream's limit is read where it is given", "[proxy]") {
    CHECK(find_upstream_limit("max clients are limited to pool_size: 15") == 15);
    CHECK(find_upstream_limit("max client connections reached, limit: 200") == 200);
    CHECK_FALSE(find_upstream_limit("max clients are limited to pool_size"));
    CHECK_FALSE(find_upstream_limit("limit: many"));
    CHECK_FALSE(find_upstream_limit("limit: 0"));
    CHECK_FALSE(find_upstream_limit("limit: 99999999999999999999"));
    CHECK_FALSE(find_upstream_limit(""));
}

TEST_CASE("login failure: a verbose message becomes a SQLSTATE and one line", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication failed for "
        "user \"app\"\n"
        "LOCATION:  auth_failed, auth.c:335\n");
    CHECK(failure.kind == LoginFailureClass::credential);
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
    CHECK(failure.kind == LoginFailureClass::capacity);
    CHECK(failure.sqlstate == "XX000");
    CHECK(failure.upstream_limit == 15);
}

TEST_CASE("login failure: messages without a SQLSTATE keep all their words", "[proxy]") {
    const LoginFailure failure = describe_login_failure(
        "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n"
        "\tIs the server running on that host and accepting TCP/IP connections?\n");
    CHECK(failure.kind == LoginFailureClass::transient);
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
    CHECK(failure.kind == LoginFailureClass::transient);
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
