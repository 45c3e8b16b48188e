#include "protocol/frontend.hpp"

#include "protocol/errc.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::decode_sasl_initial_response;
using protocol::errc;
using protocol::SASLInitialResponse;
using protocol::write_copy_fail;
using protocol::write_query;
using protocol::write_sync;
using protocol::write_terminate;

TEST_CASE("frontend: the messages we send to servers are written as the manual has them", "[protocol]") {
    std::vector<std::byte> out;
    write_query(out, "ROLLBACK");
    write_sync(out);
    write_copy_fail(out, "gone");
    write_terminate(out);
    CHECK(text_of(out) == query("ROLLBACK") + "S\0\0\0\4"_w + message('f', "gone\0"_w) + "X\0\0\0\4"_w);
}

TEST_CASE("frontend: a SASLInitialResponse has a mechanism and its data", "[protocol]") {
    const std::string body = cstring("SCRAM-SHA-256") + int32(4) + "n,,n";
    const SASLInitialResponse response = decode_sasl_initial_response(as_bytes(body)).value();
    CHECK(response.mechanism == "SCRAM-SHA-256");
    CHECK(response.data == "n,,n");
}

TEST_CASE("frontend: a SASLInitialResponse may come without data", "[protocol]") {
    const std::string body = cstring("X") + int32(GENERATE(-1, 0));
    CHECK(decode_sasl_initial_response(as_bytes(body)).value().data.empty());
}

TEST_CASE("frontend: a SASLInitialResponse with a wrong length is refused", "[protocol]") {
    const std::string body = GENERATE(as<std::string>(), "", "SCRAM-SHA-256", cstring("X"), cstring("X") + "\0\0\0"_w,
                                      cstring("X") + int32(-2) + "n,,", cstring("X") + int32(-1) + "n",
                                      cstring("X") + int32(4) + "n,,", cstring("X") + int32(2) + "n,,",
                                      cstring("X") + int32(INT32_MAX) + "n,,");
    CHECK(decode_sasl_initial_response(as_bytes(body)).error() == errc::message_malformed);
}

}  // namespace pgweir::test
