#include "protocol/startup.hpp"

#include "protocol/errc.hpp"

#include <algorithm>

namespace pgweir::protocol {

namespace {

// PostgreSQL: CANCEL_REQUEST_CODE, NEGOTIATE_SSL_CODE, NEGOTIATE_GSS_CODE. They look
// like versions 1234.5678 to 1234.5680, which will never exist.
constexpr std::int32_t cancel_request_code = 80877102;
constexpr std::int32_t ssl_request_code = 80877103;
constexpr std::int32_t gssenc_request_code = 80877104;

constexpr std::size_t length_and_code_size = 8;
constexpr std::uint32_t our_major_version = 3;
constexpr std::string_view protocol_option_prefix = "_pq_.";

// Built in place: moving the variant into the result makes g++ 12 warn, wrongly, about
// members that may be uninitialized when it also sanitizes.
using Result = boost::system::result<StartupPacket>;
using boost::system::in_place_value;

struct Version {
    std::uint32_t major;
    std::uint32_t minor;
};

Version version_of(std::int32_t code) {
    const auto bits = static_cast<std::uint32_t>(code);
    return {bits >> 16U, bits & 0xffffU};
}

Result decode_cancel(Reader rest) {
    const std::int32_t pid = rest.i32();
    const Bytes secret = rest.rest();
    if (!rest.ok() || secret.empty() || secret.size() > max_cancel_secret_size) {
        return errc::startup_malformed;
    }
    return Result(in_place_value, CancelRequest{pid, secret});
}

Result decode_parameters(std::int32_t minor, Reader rest) {
    StartupMessage message{minor, {}, {}};
    while (true) {
        const std::string_view name = rest.cstring();
        if (!rest.ok()) {
            return errc::startup_malformed;
        }
        if (name.empty()) {
            break;
        }
        const std::string_view value = rest.cstring();
        if (name.starts_with(protocol_option_prefix)) {
            message.protocol_options.push_back(name);
        } else {
            message.parameters.emplace_back(name, value);
        }
    }
    if (!rest.at_end()) {
        return errc::startup_malformed;
    }
    return Result(in_place_value, std::move(message));
}

// A request without a body. PostgreSQL overlooks bytes behind it; here they are refused,
// for nothing honest sends them.
template <typename Request>
Result decode_bare(const Reader& rest) {
    if (!rest.at_end()) {
        return errc::startup_malformed;
    }
    return Result(in_place_value, Request());
}

}  // namespace

std::string_view StartupMessage::find(std::string_view name) const {
    const auto last = std::find_if(parameters.rbegin(), parameters.rend(),
                                   [name](const auto& parameter) { return parameter.first == name; });
    return last == parameters.rend() ? std::string_view() : last->second;
}

boost::system::result<StartupPacket> decode_startup(Bytes packet) {
    if (packet.size() > max_startup_size) {
        return errc::startup_too_long;
    }
    Reader rest(packet);
    const std::int32_t length = rest.i32();
    const std::int32_t code = rest.i32();
    if (!rest.ok() || length != static_cast<std::int32_t>(packet.size())) {
        return errc::startup_malformed;
    }
    switch (code) {
    case cancel_request_code: return decode_cancel(rest);
    case ssl_request_code: return decode_bare<SSLRequest>(rest);
    case gssenc_request_code: return decode_bare<GSSENCRequest>(rest);
    default: break;
    }
    const Version version = version_of(code);
    if (version.major != our_major_version) {
        return errc::unsupported_protocol_version;
    }
    return decode_parameters(static_cast<std::int32_t>(version.minor), rest);
}

std::string unsupported_version_of(Bytes packet) {
    if (packet.size() < length_and_code_size) {
        return "0.0";
    }
    const Version version = version_of(load_i32(packet.subspan(4)));
    return std::to_string(version.major) + '.' + std::to_string(version.minor);
}

}  // namespace pgweir::protocol
