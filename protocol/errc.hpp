// What can be wrong with bytes from a peer.
#pragma once

#include <boost/system/error_code.hpp>

namespace pgweir::protocol {

enum class errc {
    frame_length_invalid = 1,       // a length word below 4 or above the limit for this phase
    message_malformed,              // a body that does not have the fields its type requires
    startup_malformed,              // a startup packet with a bad length or without its terminator at the very end
    startup_too_long,               // a startup packet above max_startup_size
    unsupported_protocol_version,   // a startup packet whose major version is not 3
    scram_malformed,                // a SCRAM message that breaks RFC 5802's grammar
    scram_unsupported,              // a SCRAM extension, mechanism or channel binding we do not offer
    scram_binding_mismatch,         // channel binding data that is not that of this TLS channel: a machine in the middle
    scram_nonce_mismatch,           // a nonce that is not the one we sent
    verifier_malformed,             // text that is not a SCRAM-SHA-256$... verifier
};

boost::system::error_code make_error_code(errc value);

}  // namespace pgweir::protocol

template <>
struct boost::system::is_error_code_enum<pgweir::protocol::errc> : std::true_type {};
