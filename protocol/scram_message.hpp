// The grammar of the two messages a SCRAM client sends, read as PostgreSQL reads them
// (RFC 5802, section 7). No cryptography: values stay as they were written.
#pragma once

#include <boost/system/result.hpp>

#include <string_view>

namespace pgweir::protocol {

// The client's word on channel binding.
enum class BindingFlag {
    unsupported,   // `n`: the client cannot bind
    not_offered,   // `y`: it could, but believes that the server cannot
    used,          // `p=`: it binds
};

// Lifetime: the message.
struct ScramClientFirst {
    BindingFlag flag;
    std::string_view binding_type;   // empty unless the flag is `used`
    std::string_view gs2_header;     // with its last comma
    std::string_view bare;           // what follows it
    std::string_view nonce;          // printable, not empty
};

// Errors: errc::scram_malformed; errc::scram_unsupported for an authorization identity
// or a mandatory extension.
boost::system::result<ScramClientFirst> decode_scram_client_first(std::string_view message);

// Lifetime: the message.
struct ScramClientFinal {
    std::string_view channel_binding;   // base64
    std::string_view nonce;
    std::string_view without_proof;     // the part that the proof is computed over
    std::string_view proof;             // base64
};

// Errors: errc::scram_malformed.
boost::system::result<ScramClientFinal> decode_scram_client_final(std::string_view message);

}  // namespace pgweir::protocol
