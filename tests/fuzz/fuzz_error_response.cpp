// Bodies that peers send and we decode: what was read can be written and read again.
#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"
#include "tests/fuzz/require.hpp"

#include <vector>

using pgweir::test::require;

namespace protocol = pgweir::protocol;

namespace {

constexpr std::size_t header_size = 5;

bool same(const protocol::ErrorFields& left, const protocol::ErrorFields& right) {
    return left.severity == right.severity && left.sqlstate == right.sqlstate && left.message == right.message &&
           left.detail == right.detail && left.hint == right.hint && left.routine == right.routine;
}

void check_error_response(protocol::Bytes body) {
    const auto fields = protocol::decode_error_response(body);
    if (!fields) {
        return;
    }
    std::vector<std::byte> out;
    protocol::write_error_response(out, *fields);
    const auto again = protocol::decode_error_response(protocol::Bytes(out).subspan(header_size));
    require(again.has_value() && same(*fields, *again));
}

void check_parameter_status(protocol::Bytes body) {
    const auto status = protocol::decode_parameter_status(body);
    if (!status) {
        return;
    }
    std::vector<std::byte> out;
    protocol::write_parameter_status(out, status->name, status->value);
    require(protocol::as_text(out).substr(header_size) == protocol::as_text(body));
}

void check_sasl_initial_response(protocol::Bytes body) {
    const auto response = protocol::decode_sasl_initial_response(body);
    if (response) {
        require(response->mechanism.size() + 1 + 4 + response->data.size() == body.size());
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const protocol::Bytes body = pgweir::test::fuzz_bytes(data, size);
    check_error_response(body);
    check_parameter_status(body);
    check_sasl_initial_response(body);
    return 0;
}
