#include "proxy/client/greeting.hpp"

#include "protocol/backend.hpp"

#include <catch2/catch.hpp>

namespace protocol = pgweir::protocol;
namespace proxy = pgweir::proxy;

namespace {

proxy::CancelKey key() {
    proxy::CancelKey made;
    made.pid = 4711;
    made.secret_size = 4;
    return made;
}

// A greeting whose parameters are these.
std::vector<std::byte> greeting_with(const std::vector<std::pair<std::string, std::string>>& parameters) {
    std::vector<std::byte> expected;
    protocol::write_authentication_ok(expected);
    for (const auto& [name, value] : parameters) protocol::write_parameter_status(expected, name, value);
    protocol::write_backend_key_data(expected, key().pid, key().secret_bytes());
    protocol::write_ready_for_query(expected, protocol::TransactionStatus::idle);
    return expected;
}

std::vector<std::byte> greet(const proxy::Welcome& welcome, const proxy::ClientSettings& settings) {
    std::vector<std::byte> out;
    proxy::write_greeting(out, welcome, settings, key());
    return out;
}

}  // namespace

TEST_CASE("greeting: a client that sets nothing is told the server's parameters", "[client]") {
    const proxy::Welcome welcome{{{"DateStyle", "ISO, MDY"}, {"server_version", "15.4"}}};
    CHECK(greet(welcome, {}) == greeting_with(welcome.parameters));
}

TEST_CASE("greeting: a client's own values stand in for the server's, whatever the case of the name", "[client]") {
    const proxy::Welcome welcome{{{"application_name", "pgweir"}, {"TimeZone", "UTC"}}};
    const proxy::ClientSettings settings{{"timezone", "Europe/Berlin"}, {"work_mem", "1MB"}};
    CHECK(greet(welcome, settings) == greeting_with({{"application_name", "pgweir"}, {"TimeZone", "Europe/Berlin"}}));
}

TEST_CASE("greeting: what cannot be set is told as it is", "[client]") {
    const proxy::Welcome welcome{{{"server_version", "15.4"}, {"is_superuser", "off"}}};
    CHECK(greet(welcome, {{"server_version", "99"}, {"is_superuser", "on"}}) == greeting_with(welcome.parameters));
}
