// What a client sends before it says who it is: requests for encryption, each at most
// once, TLS itself, and then a startup packet or a cancel request.
#pragma once

#include "protocol/startup.hpp"
#include "proxy/client/login.hpp"
#include "proxy/client/login_channel.hpp"
#include "proxy/client/login_end.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <variant>
#include <vector>

namespace pgweir::proxy {

// Moving keeps the views alive: a vector's bytes stay where they are.
struct Opening {
    std::vector<std::byte> packet;
    std::variant<protocol::StartupMessage, protocol::CancelRequest> message;   // Lifetime: the packet
};

// Answers the preambles and reads the packet that follows them.
// Lifetime: `channel` and `cells` outlive the coroutine. `tls` is null where TLS is not offered.
boost::asio::awaitable<LoginStep<Opening>> read_opening(LoginChannel& channel, std::shared_ptr<SSL_CTX> tls,
                                                        metrics::LoginCells& cells);

}  // namespace pgweir::proxy
