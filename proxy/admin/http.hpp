// The HTTP server for metrics, health and probes, plain or over TLS: a handful of small answers, each made
// and sent by one coroutine per connection. What is answered stands in routes.
#pragma once

#include "proxy/admin/routes.hpp"
#include "proxy/net/listening_socket.hpp"
#include "proxy/net/spawn.hpp"
#include "proxy/net/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <openssl/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pgweir::proxy::net {
class Listener;
}

namespace pgweir::proxy {

// A resource of the executor's thread, on which all its functions are called.
class HttpServer {
public:
    // Makes /status.json, for a database.
    using Status = std::function<boost::asio::awaitable<std::string>(std::string database)>;

    // What the next connection is served with; null: plain text.
    using Tls = std::function<std::shared_ptr<SSL_CTX>()>;

    // Lifetime: `coroutines` and what the services refer to outlive the server and the
    // coroutines it has started.
    HttpServer(net::Coroutines& coroutines, const boost::asio::any_io_executor& executor, HttpServices services, Status status,
               Tls tls);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Nullopt, or what is wrong. Port 0: any.
    std::optional<net::ListenError> start(const std::string& address, std::uint16_t port);

    // Listens no longer and closes every connection; their coroutines end soon after. May be called twice.
    void stop();

    std::uint16_t port() const;

private:
    struct Shared;
    class Place;

    static boost::asio::awaitable<void> serve(Place arrived, net::Stream accepted);

    std::shared_ptr<Shared> shared_;   // with the coroutines
    std::unique_ptr<net::Listener> listener_;
};

}   // namespace pgweir::proxy
