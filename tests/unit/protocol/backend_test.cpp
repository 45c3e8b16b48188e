#include "protocol/backend.hpp"

#include "protocol/errc.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::decode_error_response;
using protocol::decode_parameter_status;
using protocol::errc;
using protocol::ErrorFields;
using protocol::ParameterStatus;
using protocol::TransactionStatus;
using protocol::write_authentication_ok;
using protocol::write_authentication_sasl;
using protocol::write_authentication_sasl_continue;
using protocol::write_authentication_sasl_final;
using protocol::write_backend_key_data;
using protocol::write_error_response;
using protocol::write_negotiate_protocol_version;
using protocol::write_parameter_status;
using protocol::write_ready_for_query;

namespace {

// What a writer makes.
template <typename Write, typename... Arguments>
std::string written(Write write, const Arguments&... arguments) {
    std::vector<std::byte> out;
    write(out, arguments...);
    return text_of(out);
}

const ErrorFields full{"ERROR", "26000", "no such statement", "more of it", "try again", "FetchPreparedStatement"};

}  // namespace

TEST_CASE("backend: a NoticeResponse is an ErrorResponse by another letter", "[protocol]") {
    std::string notice = written(write_error_response, full);
    notice.front() = 'N';
    CHECK(written(protocol::write_notice_response, full) == notice);
}

TEST_CASE("backend: a result of ours", "[protocol]") {
    const std::array columns = {protocol::Column{"a", 23, 4}, protocol::Column{"b", 25, -1}};
    CHECK(written([&](auto& out) { protocol::write_row_description(out, columns); }) ==
          message('T', int16(2) + cstring("a") + int32(0) + int16(0) + int32(23) + int16(4) + int32(-1) + int16(0) + cstring("b") + int32(0) +
                           int16(0) + int32(25) + int16(-1) + int32(-1) + int16(0)));
    const std::array<std::string_view, 2> values = {"12", ""};
    CHECK(written([&](auto& out) { protocol::write_data_row(out, values); }) == message('D', int16(2) + int32(2) + "12" + int32(-1)));
}

TEST_CASE("backend: an ErrorResponse has its fields in PostgreSQL's order and severity twice", "[protocol]") {
    CHECK(written(write_error_response, full) == error_response({{'S', "ERROR"},
                                                                 {'V', "ERROR"},
                                                                 {'C', "26000"},
                                                                 {'M', "no such statement"},
                                                                 {'D', "more of it"},
                                                                 {'H', "try again"},
                                                                 {'R', "FetchPreparedStatement"}}));
}

TEST_CASE("backend: fields that are empty are left out", "[protocol]") {
    const ErrorFields fields{"FATAL", "57P01", "bye"};
    CHECK(written(write_error_response, fields) ==
          error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "bye"}}));
}

TEST_CASE("backend: the messages of a login are written as the manual has them", "[protocol]") {
    const std::array<std::string_view, 2> mechanisms{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"};
    CHECK(written(write_authentication_ok) == "R\0\0\0\x08\0\0\0\0"_w);
    CHECK(written(write_authentication_sasl, mechanisms) ==
          message('R', int32(10) + "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"_w));
    CHECK(written(write_authentication_sasl_continue, "r=x") == message('R', int32(11) + "r=x"));
    CHECK(written(write_authentication_sasl_final, "v=x") == message('R', int32(12) + "v=x"));
    CHECK(written(write_parameter_status, "TimeZone", "UTC") == message('S', "TimeZone\0UTC\0"_w));
    CHECK(written(write_backend_key_data, -2, as_bytes("\0\1\2\3"_w)) == "K\0\0\0\x0c\xff\xff\xff\xfe\0\1\2\3"_w);
    CHECK(written(write_ready_for_query, TransactionStatus::failed) == ready_for_query('E'));
}

TEST_CASE("backend: NegotiateProtocolVersion carries the whole version word", "[protocol]") {
    const std::array<std::string_view, 2> options{"_pq_.a", "_pq_.b"};
    CHECK(written(write_negotiate_protocol_version, 2, options) ==
          message('v', "\0\3\0\2"_w + int32(2) + "_pq_.a\0_pq_.b\0"_w));
    CHECK(written(write_negotiate_protocol_version, 0, std::span<const std::string_view>()) ==
          message('v', "\0\3\0\0"_w + int32(0)));
}

TEST_CASE("backend: an error's fields are read back", "[protocol]") {
    const std::string bytes = written(write_error_response, full);
    const ErrorFields fields = decode_error_response(as_bytes(bytes).subspan(5)).value();
    CHECK(fields.severity == full.severity);
    CHECK(fields.sqlstate == full.sqlstate);
    CHECK(fields.message == full.message);
    CHECK(fields.detail == full.detail);
    CHECK(fields.hint == full.hint);
    CHECK(fields.routine == full.routine);
}

TEST_CASE("backend: the untranslated severity is preferred, in any order", "[protocol]") {
    const std::string body = GENERATE(as<std::string>(), fields_body({{'S', "FEHLER"}, {'V', "ERROR"}}),
                                      fields_body({{'V', "ERROR"}, {'S', "FEHLER"}}));
    CHECK(decode_error_response(as_bytes(body)).value().severity == "ERROR");
}

TEST_CASE("backend: severity of a server older than 9.6 and unknown fields are understood", "[protocol]") {
    const std::string body = fields_body({{'S', "FATAL"}, {'P', "12"}, {'?', "new"}, {'C', "53300"}});
    const ErrorFields fields = decode_error_response(as_bytes(body)).value();
    CHECK(fields.severity == "FATAL");
    CHECK(fields.sqlstate == "53300");
    CHECK(fields.message.empty());
}

TEST_CASE("backend: an error body without its terminator or with more behind it is refused", "[protocol]") {
    const std::string body = GENERATE(""_w, "M"_w, "Mtext"_w, "Mtext\0"_w, "Mtext\0\0x"_w, "\0\0"_w);
    CHECK(decode_error_response(as_bytes(body)).error() == errc::message_malformed);
}

TEST_CASE("backend: a ParameterStatus is two strings and nothing else", "[protocol]") {
    const std::string good = "application_name\0Supavisor\0"_w;
    const ParameterStatus status = decode_parameter_status(as_bytes(good)).value();
    CHECK(status.name == "application_name");
    CHECK(status.value == "Supavisor");
    const std::string bad = GENERATE(""_w, "name\0"_w, "name\0value"_w, "name\0value\0\0"_w);
    CHECK(decode_parameter_status(as_bytes(bad)).error() == errc::message_malformed);
}

TEST_CASE("errc: every value has a text of its own", "[protocol]") {
    std::string before;
    for (int value = static_cast<int>(errc::frame_length_invalid); value <= static_cast<int>(errc::verifier_malformed);
         ++value) {
        const boost::system::error_code ec = static_cast<errc>(value);
        CHECK(ec.message() != before);
        CHECK(ec.message() != "unknown protocol error");
        before = ec.message();
    }
    CHECK(make_error_code(errc::scram_malformed).category().name() == std::string("pgweir.protocol"));
}

}  // namespace pgweir::test
