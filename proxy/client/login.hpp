// One client's way in, as a coroutine on a login thread: preambles, TLS, startup,
// gate, authentication, welcome. Ends by handing the client to a relay thread, by
// passing on a cancel request, or by a refusal.
#pragma once

#include "proxy/client/cancel_key.hpp"
#include "proxy/client/console_client.hpp"
#include "proxy/client/directory.hpp"
#include "proxy/client/logged_in_client.hpp"
#include "proxy/net/stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pgweir::metrics {
struct LoginCells;
}

namespace pgweir::proxy {

// What TLS a listener offers, replaced as a whole by a reload.
struct TlsOffer {
    std::shared_ptr<SSL_CTX> context;   // null: TLS is not offered
    bool required = false;
    std::string endpoint_binding;       // tls-server-end-point data of the certificate (RFC 5929)
    std::uint64_t expires_at = 0;       // the certificate's last second, in seconds since 1970; 0 without one
};

// What a login needs of the daemon. Owned by the daemon, outlives every login. The
// functions may be called on any login thread.
struct LoginServices {
    std::function<std::shared_ptr<const Directory>()> directory;
    std::function<std::shared_ptr<const TlsOffer>()> tls;
    std::function<void(LoggedInClient)> hand_over;
    // Somebody who may use the admin console has proved who he is, and has been told nothing since.
    std::function<void(ConsoleClient)> open_console;
    // Passes a cancel on; `done` is called, on any thread, when it was delivered or found to mean nothing.
    std::function<void(ClientId, std::function<void()> done)> cancel;
    std::function<bool()> is_draining;
    Gate& gate;
    CancelKeys& cancel_keys;
};

struct Peer {
    std::string address;    // "10.0.0.7:51234" or "unix"
    bool is_local = false;  // came through a unix socket: TLS is neither offered nor required
};

// Lifetime: `services` and `cells` outlive the coroutine; `cells` belongs to the calling thread.
boost::asio::awaitable<void> log_in_client(LoginServices& services, metrics::LoginCells& cells, net::Stream stream, Peer peer);

}  // namespace pgweir::proxy
