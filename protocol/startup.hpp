// The packets a client may send before it has logged in. They carry no type byte:
// a length word, a 32-bit code, and the rest.
// PostgreSQL manual: "Message Formats", "Start-up", "Canceling Requests in Progress".
#pragma once

#include "protocol/bytes.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pgweir::protocol {

// Longest startup packet we accept, length word included.
// PostgreSQL: MAX_STARTUP_PACKET_LENGTH, which leaves out the length word.
constexpr std::size_t max_startup_size = 10'000 + 4;

// Newest minor version of protocol 3 that we speak.
constexpr std::int32_t newest_minor_version = 2;

// PostgreSQL: a secret of 4 bytes up to protocol 3.1, and up to 256 since 3.2; we hand out 32.
constexpr std::size_t long_cancel_secret_size = 32;
constexpr std::size_t max_cancel_secret_size = 256;

struct SSLRequest {};
struct GSSENCRequest {};

// Lifetime of `secret`: the packet buffer.
struct CancelRequest {
    std::int32_t pid;
    Bytes secret;
};

// Lifetime of all views: the packet buffer.
struct StartupMessage {
    std::int32_t minor_version;                                              // as requested; may be above newest_minor_version
    std::vector<std::pair<std::string_view, std::string_view>> parameters;   // in order, `_pq_.` ones excluded
    std::vector<std::string_view> protocol_options;                          // names that begin with `_pq_.`

    // The value of a parameter, or an empty view. The last one wins, as in PostgreSQL.
    std::string_view find(std::string_view name) const;
};

using StartupPacket = std::variant<SSLRequest, GSSENCRequest, CancelRequest, StartupMessage>;

// Decodes a whole packet, length word included. Errors: errc::startup_malformed,
// errc::startup_too_long, errc::unsupported_protocol_version (major version is not 3;
// `unsupported_version_of` tells which).
boost::system::result<StartupPacket> decode_startup(Bytes packet);

// "M.m" of the version in a packet that was refused with errc::unsupported_protocol_version.
std::string unsupported_version_of(Bytes packet);

}  // namespace pgweir::protocol
