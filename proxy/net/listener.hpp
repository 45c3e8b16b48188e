// Accepts clients on all listening sockets and deals them out to the login threads.
// One acceptor for each socket, on one thread: SO_REUSEPORT would spread them, but
// would also hide a second daemon on the same port.
#pragma once

#include "config/options.hpp"
#include "proxy/net/listening_socket.hpp"
#include "proxy/net/spawn.hpp"
#include "proxy/net/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy::net {

struct Accepted {
    Stream stream;
    std::string address;   // "10.0.0.7:51234" or "unix"
    bool is_local;         // came through a unix socket
    std::size_t thread;    // which of the listener's targets it was dealt to
};

// A resource of the acceptors' thread, on which all its functions are called.
class Listener {
public:
    // `targets` are the login threads' executors; `on_accept` is called on the thread of
    // the target a client was dealt to. The acceptors run on the first target.
    // Lifetime: `coroutines` outlives the listener.
    Listener(Coroutines& coroutines, std::vector<boost::asio::any_io_executor> targets,
             std::function<void(Accepted)> on_accept);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Opens every socket the options name and begins to accept. Nullopt, or what is wrong;
    // then nothing is open.
    std::optional<ListenError> start(const config::ListenOptions& options);

    // Closes all sockets and removes the unix socket's file. May be called twice.
    void stop();

    // The TCP port, also when 0 was configured.
    std::uint16_t port() const { return port_; }

private:
    struct Acceptor;

    boost::asio::awaitable<void> accept_on(std::shared_ptr<Acceptor> acceptor);
    bool accept_batch(const Acceptor& acceptor);
    void deal_out(int descriptor, std::string address, bool is_local);
    void log_shortage(int error);

    Coroutines& coroutines_;
    std::vector<boost::asio::any_io_executor> targets_;
    std::function<void(Accepted)> on_accept_;
    std::vector<std::shared_ptr<Acceptor>> acceptors_;   // shared with their coroutines
    std::size_t next_target_ = 0;
    std::uint16_t port_ = 0;
    std::chrono::steady_clock::time_point shortage_logged_at_{};
};

}  // namespace pgweir::proxy::net
