// The SASL conversation with one client, from the server's side: SCRAM-SHA-256, and
// SCRAM-SHA-256-PLUS where the TLS channel can be bound to.
#pragma once

#include "protocol/scram.hpp"
#include "proxy/client/login_channel.hpp"
#include "proxy/client/login_end.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::proxy {

// Longest SASL message taken from a client. Chosen: ten times what any driver sends.
constexpr std::size_t max_sasl_message = 8 * 1024;

// Whom to check. A user that does not exist has a mock verifier, and the same way to go.
struct Credentials {
    std::string user;
    protocol::ScramVerifier verifier;
    bool is_known;
    protocol::ScramBinding binding;
};

// Sends what stands in `out` together with the request for authentication. On success
// the last message of the exchange is left in `out`, to travel with what comes next.
// Lifetime: `channel` and `out` outlive the coroutine.
boost::asio::awaitable<LoginStep<void>> authenticate(LoginChannel& channel, std::vector<std::byte>& out,
                                                     Credentials credentials);

}  // namespace pgweir::proxy
