// What a client reads of limits in time.
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using pgweir::proxy::LimitError;
using pgweir::proxy::Severity;

namespace protocol = pgweir::protocol;

namespace {

// SQLSTATE and message.
std::string read(LimitError why, Severity severity = Severity::error) {
    std::vector<std::byte> out;
    write_limit_error(out, severity, why, std::chrono::milliseconds(10'203), "app", "0badcafe");
    const protocol::ErrorFields fields = protocol::decode_error_response(protocol::Bytes(out).subspan(protocol::frame_header_size)).value();
    CHECK(fields.severity == (severity == Severity::fatal ? "FATAL" : "ERROR"));
    CHECK(fields.detail.find(" retry_after_ms=0 pool=app lasted_ms=10203 id=0badcafe") != std::string_view::npos);
    CHECK_FALSE(fields.hint.empty());
    return std::string(fields.sqlstate) + ' ' + std::string(fields.message);
}

}  // namespace

TEST_CASE("session errors: limits in time speak as PostgreSQL does", "[proxy]") {
    CHECK(read(LimitError::idle_transaction_soft) ==
          "25P03 terminating transaction due to idle-in-transaction timeout after 10203 ms, because other clients waited for its server");
    CHECK(read(LimitError::idle_transaction) == "25P03 terminating transaction due to idle-in-transaction timeout after 10203 ms");
    CHECK(read(LimitError::transaction) == "25P04 terminating transaction due to transaction timeout");
    CHECK(read(LimitError::statement) == "57014 canceling statement due to statement timeout");
    CHECK(read(LimitError::slow_reader) == "57014 canceling statement due to slow reader");
}

TEST_CASE("session errors: at the end of a session it is the connection that is terminated", "[proxy]") {
    CHECK(read(LimitError::idle_transaction, Severity::fatal) == "25P03 terminating connection due to idle-in-transaction timeout");
    CHECK(read(LimitError::transaction, Severity::fatal) == "25P04 terminating connection due to transaction timeout");
}
