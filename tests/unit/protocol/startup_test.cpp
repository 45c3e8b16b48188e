#include "protocol/startup.hpp"

#include "protocol/errc.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::as_text;
using protocol::CancelRequest;
using protocol::decode_startup;
using protocol::errc;
using protocol::GSSENCRequest;
using protocol::max_startup_size;
using protocol::SSLRequest;
using protocol::StartupMessage;
using protocol::StartupPacket;
using protocol::unsupported_version_of;

namespace {

using Error = boost::system::error_code;

auto decode(const std::string& bytes) { return decode_startup(as_bytes(bytes)); }

Error error_of(const std::string& bytes) { return decode(bytes).error(); }

// The code of a startup packet of protocol 3.0.
constexpr std::int64_t code = version(3, 0);

}  // namespace

TEST_CASE("startup: the three requests without parameters are told apart", "[protocol]") {
    CHECK(std::holds_alternative<SSLRequest>(decode(ssl_request()).value()));
    CHECK(std::holds_alternative<GSSENCRequest>(decode(gssenc_request()).value()));
    const std::string bytes = cancel_request(-7, "\1\2\0\4"_w);
    const StartupPacket packet = decode(bytes).value();
    REQUIRE(std::holds_alternative<CancelRequest>(packet));
    CHECK(std::get<CancelRequest>(packet).pid == -7);
    CHECK(as_text(std::get<CancelRequest>(packet).secret) == "\1\2\0\4"_w);
}

TEST_CASE("startup: a request with bytes behind it is refused", "[protocol]") {
    CHECK(error_of(packet(80877103, "x")) == errc::startup_malformed);
    CHECK(error_of(packet(80877104, "\0"_w)) == errc::startup_malformed);
}

TEST_CASE("startup: a cancel secret has 1 to 256 bytes", "[protocol]") {
    const std::size_t size = GENERATE(as<std::size_t>(), 1, 4, 32, 256);
    const std::string bytes = cancel_request(1, std::string(size, 's'));
    CHECK(std::get<CancelRequest>(decode(bytes).value()).secret.size() == size);
}

TEST_CASE("startup: a cancel request without a secret, with a longer one or cut is refused", "[protocol]") {
    CHECK(error_of(cancel_request(1, "")) == errc::startup_malformed);
    CHECK(error_of(cancel_request(1, std::string(257, 's'))) == errc::startup_malformed);
    CHECK(error_of(packet(80877102, "\0\0\0"_w)) == errc::startup_malformed);
}

TEST_CASE("startup: parameters come in order and the last of a name wins", "[protocol]") {
    const std::string bytes =
        startup({{"user", "one"}, {"database", "app"}, {"options", ""}, {"user", "two"}}, 2);
    const StartupMessage message = std::get<StartupMessage>(decode(bytes).value());
    CHECK(message.minor_version == 2);
    REQUIRE(message.parameters.size() == 4);
    CHECK(message.parameters[0].second == "one");
    CHECK(message.parameters[3].second == "two");
    CHECK(message.find("user") == "two");
    CHECK(message.find("database") == "app");
    CHECK(message.find("options").empty());
    CHECK(message.find("USER").empty());
    CHECK(message.find("nothing").empty());
    CHECK(message.protocol_options.empty());
}

TEST_CASE("startup: protocol options are kept apart from parameters", "[protocol]") {
    const std::string bytes = startup({{"_pq_.test_protocol_negotiation", ""}, {"user", "u"}, {"_pq_x", "1"}}, 9999);
    const StartupMessage message = std::get<StartupMessage>(decode(bytes).value());
    CHECK(message.minor_version == 9999);
    REQUIRE(message.protocol_options.size() == 1);
    CHECK(message.protocol_options[0] == "_pq_.test_protocol_negotiation");
    CHECK(message.parameters.size() == 2);
}

TEST_CASE("startup: a packet without a user is for the caller to refuse", "[protocol]") {
    const std::string bytes = startup({});
    CHECK(std::get<StartupMessage>(decode(bytes).value()).find("user").empty());
}

TEST_CASE("startup: the terminator must be the packet's last byte", "[protocol]") {
    const std::string body = GENERATE(""_w,                     // none at all
                                      "user\0u\0"_w,            // parameters without it
                                      "user\0u\0\0x"_w,         // something behind it
                                      "user\0u\0\0\0"_w,        // two of them
                                      "user\0"_w,               // a name without a value
                                      "user\0u"_w,              // an unterminated value
                                      "user"_w,                 // an unterminated name
                                      "user\0u\0database\0"_w   // the last value missing
    );
    CHECK(error_of(packet(code, body)) == errc::startup_malformed);
}

TEST_CASE("startup: every packet that is cut short is refused", "[protocol]") {
    const std::string bytes = GENERATE(as<std::string>(), startup({{"user", "u"}, {"database", "d"}}),
                                       cancel_request(1, "abcd"), ssl_request());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO("first " << size << " bytes");
        CHECK(error_of(bytes.substr(0, size)) == errc::startup_malformed);
    }
}

TEST_CASE("startup: a length word that is not the packet's size is refused", "[protocol]") {
    const std::int64_t length = GENERATE(0, 4, 7, 16, 18, -1, INT32_MIN, INT32_MAX);
    const std::string good = startup({{"user", "u"}});
    REQUIRE(good.size() == 16);
    const std::string bytes = int32(length) + good.substr(4);
    CHECK(decode(bytes).has_value() == (length == 16));
}

TEST_CASE("startup: the longest packet is accepted and one byte more is too long", "[protocol]") {
    const auto of_size = [](std::size_t size) {
        const std::string value(size - 8 - 5 - 2, 'v');   // the header, "user" with its NUL, two NULs
        return startup({{"user", value}});
    };
    REQUIRE(of_size(max_startup_size).size() == max_startup_size);
    const std::string longest = of_size(max_startup_size);
    CHECK(decode(longest).has_value());
    CHECK(error_of(of_size(max_startup_size + 1)) == errc::startup_too_long);
}

TEST_CASE("startup: a major version other than 3 is refused and can be told", "[protocol]") {
    const std::string bytes = packet(version(2, 0), std::string(20, '\0'));
    CHECK(error_of(bytes) == errc::unsupported_protocol_version);
    CHECK(unsupported_version_of(as_bytes(bytes)) == "2.0");
    CHECK(unsupported_version_of(as_bytes(packet(version(4, 17)))) == "4.17");
    CHECK(unsupported_version_of(as_bytes(packet(0xffffffff))) == "65535.65535");
    CHECK(unsupported_version_of(as_bytes("abc")) == "0.0");
}

TEST_CASE("startup: any minor version of 3 is decoded, for the caller to negotiate", "[protocol]") {
    const int minor = GENERATE(0, 1, 2, 3, 9999, 65535);
    const std::string bytes = startup({{"user", "u"}}, minor);
    CHECK(std::get<StartupMessage>(decode(bytes).value()).minor_version == minor);
}

}  // namespace pgweir::test
