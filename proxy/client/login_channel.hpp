// A client's socket while it logs in: a net::Stream that can be waited for in a
// coroutine, within one deadline. Gives the stream up, in no reactor, at hand-over.
#pragma once

#include "proxy/net/deadline.hpp"
#include "proxy/net/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

namespace pgweir::proxy {

enum class ChannelStatus {
    ok,
    closed,      // the client has gone, in order or not
    broken_tls,  // what came is not TLS, or not TLS we accept; net::take_tls_error tells
    timed_out,   // the deadline has passed
};

// A resource of the executor's thread; lives in the login's coroutine frame. All reads
// are exact, so that bytes behind a message stay where they are.
class LoginChannel {
public:
    LoginChannel(const boost::asio::any_io_executor& executor, net::Stream stream);
    ~LoginChannel();
    LoginChannel(const LoginChannel&) = delete;
    LoginChannel& operator=(const LoginChannel&) = delete;

    // From now on every wait ends when the limit has passed.
    void set_deadline(std::chrono::steady_clock::duration limit);
    std::chrono::steady_clock::time_point deadline() const { return deadline_at_; }

    // The next byte of a plain connection, left unread.
    boost::asio::awaitable<ChannelStatus> peek(std::byte& first);
    // Whether a plain connection has bytes that nobody has read. Never waits.
    bool has_unread() const;

    boost::asio::awaitable<ChannelStatus> read(std::span<std::byte> whole);
    boost::asio::awaitable<ChannelStatus> write(protocol::Bytes whole);
    boost::asio::awaitable<ChannelStatus> handshake(SSL_CTX& context);

    // Sends `farewell` (may be empty), closes our side and waits shortly for the client to
    // close its own: closing at once could reset the connection before the client has read.
    boost::asio::awaitable<void> part(protocol::Bytes farewell);
    void close();

    // Of a unix socket: whether the other end's process is of this daemon's user, or root's.
    bool is_peer_trusted() const;

    // What OpenSSL has already read from the kernel.
    std::vector<std::byte> take_pending();
    // Requires: nothing is being waited for. The channel is closed afterwards.
    net::Stream release();

    const net::Stream& stream() const { return stream_; }

private:
    boost::asio::awaitable<ChannelStatus> wait(boost::asio::posix::descriptor_base::wait_type what);
    boost::asio::awaitable<ChannelStatus> after(net::IoStatus status, boost::asio::posix::descriptor_base::wait_type usual);

    boost::asio::posix::stream_descriptor waiting_;   // the same descriptor; never closes it
    net::Stream stream_;
    net::Deadline deadline_;
    std::chrono::steady_clock::time_point deadline_at_{};
};

}  // namespace pgweir::proxy
