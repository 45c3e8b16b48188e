#include "proxy/client/client_errors.hpp"

#include "protocol/backend.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using pgweir::proxy::make_event_id;
using pgweir::proxy::Refusal;
using pgweir::proxy::RefusalReason;
using pgweir::proxy::Severity;

namespace protocol = pgweir::protocol;

namespace {

// An ErrorResponse as the client reads it.
struct Read {
    std::string severity;
    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
};

Read read(const Refusal& refusal, Severity severity = Severity::fatal) {
    std::vector<std::byte> out;
    write_refusal(out, severity, refusal, "0badcafe");
    REQUIRE(out.at(0) == std::byte{'E'});
    const protocol::ErrorFields fields = protocol::decode_error_response(protocol::Bytes(out).subspan(5)).value();
    return {std::string(fields.severity), std::string(fields.sqlstate), std::string(fields.message),
            std::string(fields.detail), std::string(fields.hint)};
}

Refusal at_17_of_20(RefusalReason reason) {
    return {.reason = reason, .pool = "app", .in_use = 17, .size = 20, .retry_after = std::chrono::milliseconds(2000)};
}

}  // namespace

TEST_CASE("client errors: the breaker says how full the pool is and when to try again", "[proxy]") {
    const Read error = read(at_17_of_20(RefusalReason::breaker_open));
    CHECK(error.severity == "FATAL");
    CHECK(error.sqlstate == "53300");
    CHECK(error.message == "pool \"app\" is at 17 of 20 connections (85%), refusing new logins");
    CHECK(error.detail == "reason=breaker_open retry_after_ms=2000 pool=app usage=85.0% id=0badcafe");
    CHECK_FALSE(error.hint.empty());
}

TEST_CASE("client errors: a queue timeout is an ERROR that says how long the client waited", "[proxy]") {
    Refusal refusal = at_17_of_20(RefusalReason::queue_timeout);
    refusal.waited = std::chrono::milliseconds(10000);
    const Read error = read(refusal, Severity::error);
    CHECK(error.severity == "ERROR");
    CHECK(error.sqlstate == "53300");
    CHECK(error.message == "pool \"app\": waited 10000 ms for a server connection");
}

TEST_CASE("client errors: who waited in vain to pin reads how many are pinned of how many", "[proxy]") {
    Refusal refusal = at_17_of_20(RefusalReason::pin_limit);
    refusal.pinned = 5;
    refusal.max_pinned = 5;
    refusal.waited = std::chrono::milliseconds(30000);
    const Read error = read(refusal, Severity::error);
    CHECK(error.sqlstate == "53300");
    CHECK(error.message == "pool \"app\" has 5 of 5 pinned connections; waited 30000 ms to pin one");
    CHECK(error.detail == "reason=pin_limit retry_after_ms=2000 pool=app usage=85.0% id=0badcafe");
}

TEST_CASE("client errors: an unreachable database is reported in its own words, on one line", "[proxy]") {
    Refusal refusal = at_17_of_20(RefusalReason::upstream_unavailable);
    CHECK(read(refusal).message == "pool \"app\" cannot reach its database");
    refusal.upstream_text = "connection refused {0}\n";
    const Read error = read(refusal);
    CHECK(error.sqlstate == "57P03");
    CHECK(error.message == "pool \"app\" cannot reach its database: connection refused {0}");
}

TEST_CASE("client errors: the drain speaks as PostgreSQL does when it is shut down", "[proxy]") {
    const Read error = read({.reason = RefusalReason::draining, .pool = ""});
    CHECK(error.sqlstate == "57P01");
    CHECK(error.message == "terminating connection due to administrator command");
    CHECK(error.detail == "reason=draining retry_after_ms=0 id=0badcafe");
}

TEST_CASE("client errors: usage has one decimal, and none can be had of an empty pool", "[proxy]") {
    Refusal refusal = at_17_of_20(RefusalReason::queue_full);
    refusal.in_use = 9;
    refusal.size = 11;
    CHECK(read(refusal).message == "pool \"app\" is at 9 of 11 connections (82%) and its queue is full");
    CHECK(read(refusal).detail.find(" usage=81.8% ") != std::string::npos);
    refusal.size = 0;
    CHECK(read(refusal).detail.find(" usage=0.0% ") != std::string::npos);
}

TEST_CASE("client errors: every reason has SQLSTATE, message, DETAIL and HINT", "[proxy]") {
    const RefusalReason reason =
        GENERATE(RefusalReason::max_client_conn, RefusalReason::max_user_client_connections,
                 RefusalReason::breaker_open, RefusalReason::queue_full, RefusalReason::queue_timeout,
                 RefusalReason::pin_limit, RefusalReason::upstream_unavailable, RefusalReason::draining);
    const Read error = read(at_17_of_20(reason));
    CHECK(error.sqlstate.size() == 5);
    CHECK_FALSE(error.message.empty());
    CHECK(error.message.find('{') == std::string::npos);
    CHECK(error.detail.find(std::string("reason=") + token(reason) + " ") == 0);
    CHECK(error.hint.ends_with('.'));
}

TEST_CASE("client errors: too many clients are 53300", "[proxy]") {
    const RefusalReason reason = GENERATE(RefusalReason::max_client_conn, RefusalReason::max_user_client_connections);
    CHECK(read({.reason = reason, .pool = ""}).sqlstate == "53300");
}

TEST_CASE("client errors: event ids are short and differ", "[proxy]") {
    const std::string id = make_event_id();
    CHECK(id.size() == 8);
    CHECK(id != make_event_id());
}
