#include "proxy/client/login_channel.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
using Wait = asio::posix::descriptor_base::wait_type;
using net::IoStatus;

namespace {

// Chosen: long enough for a reader across the world, short enough that refusing stays cheap.
constexpr std::chrono::seconds parting_limit(1);
constexpr std::size_t max_parting_bytes = 64 * 1024;

}  // namespace

LoginChannel::LoginChannel(const asio::any_io_executor& executor, net::Stream stream)
    : waiting_(executor, stream.descriptor()),
      stream_(std::move(stream)),
      deadline_(executor, [this] { waiting_.cancel(); }) {}

LoginChannel::~LoginChannel() {
    close();
}

void LoginChannel::set_deadline(std::chrono::steady_clock::duration limit) {
    deadline_at_ = std::chrono::steady_clock::now() + limit;
    deadline_.arm(limit);
}

asio::awaitable<ChannelStatus> LoginChannel::wait(Wait what) {
    if (deadline_.has_passed()) co_return ChannelStatus::timed_out;
    boost::system::error_code ec;
    co_await waiting_.async_wait(what, asio::redirect_error(asio::use_awaitable, ec));
    if (deadline_.has_passed()) co_return ChannelStatus::timed_out;
    co_return ec ? ChannelStatus::closed : ChannelStatus::ok;
}

// What to do when a call has not moved everything: wait, or give up.
asio::awaitable<ChannelStatus> LoginChannel::after(IoStatus status, Wait usual) {
    Wait what = usual;
    switch (status) {
    case IoStatus::ok:
        co_return ChannelStatus::ok;
    case IoStatus::drained:
        break;
    case IoStatus::want_read:
        what = Wait::wait_read;
        break;
    case IoStatus::want_write:
        what = Wait::wait_write;
        break;
    case IoStatus::closed:
    case IoStatus::failed:
        co_return ChannelStatus::closed;
    }
    const ChannelStatus waited = co_await wait(what);
    co_return waited;
}

asio::awaitable<ChannelStatus> LoginChannel::peek(std::byte& first) {
    while (true) {
        const ssize_t got = ::recv(stream_.descriptor(), &first, 1, MSG_PEEK);
        if (got > 0) co_return ChannelStatus::ok;
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) co_return ChannelStatus::closed;
        const ChannelStatus waited = co_await wait(Wait::wait_read);
        if (waited != ChannelStatus::ok) co_return waited;
    }
}

bool LoginChannel::has_unread() const {
    std::byte next{};
    return ::recv(stream_.descriptor(), &next, 1, MSG_PEEK) > 0;
}

asio::awaitable<ChannelStatus> LoginChannel::read(std::span<std::byte> whole) {
    while (!whole.empty()) {
        const net::IoResult got = stream_.read(whole);
        whole = whole.subspan(got.size);
        if (whole.empty()) break;
        const ChannelStatus status = co_await after(got.status, Wait::wait_read);
        if (status != ChannelStatus::ok) co_return status;
    }
    co_return ChannelStatus::ok;
}

asio::awaitable<ChannelStatus> LoginChannel::write(protocol::Bytes whole) {
    while (!whole.empty()) {
        const net::IoResult put = stream_.write(whole);
        whole = whole.subspan(put.size);
        if (whole.empty()) break;
        const ChannelStatus status = co_await after(put.status, Wait::wait_write);
        if (status != ChannelStatus::ok) co_return status;
    }
    co_return ChannelStatus::ok;
}

asio::awaitable<ChannelStatus> LoginChannel::handshake(SSL_CTX& context) {
    IoStatus status = stream_.start_tls(context);
    while (status == IoStatus::ok || status == IoStatus::want_read || status == IoStatus::want_write) {
        status = stream_.handshake();
        if (status == IoStatus::ok) co_return ChannelStatus::ok;
        if (status == IoStatus::failed) break;   // the thread's error queue still tells why
        const ChannelStatus waited = co_await after(status, Wait::wait_read);
        if (waited != ChannelStatus::ok) co_return waited;
    }
    co_return ChannelStatus::broken_tls;
}

asio::awaitable<void> LoginChannel::part(protocol::Bytes farewell) {
    set_deadline(parting_limit);
    if (!stream_.is_ready()) farewell = {};   // in the middle of a TLS handshake nothing can be said
    ChannelStatus status = co_await write(farewell);
    stream_.shut_down();
    std::array<std::byte, 512> ignored;
    for (std::size_t total = 0; status == ChannelStatus::ok && total < max_parting_bytes;) {
        const net::IoResult got = stream_.read(ignored);
        total += got.size;
        status = co_await after(got.status, Wait::wait_read);
    }
    close();
}

void LoginChannel::close() {
    release();   // the stream that it returns closes the descriptor
}

bool LoginChannel::is_peer_trusted() const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(stream_.descriptor(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.pid > 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

std::vector<std::byte> LoginChannel::take_pending() {
    std::vector<std::byte> pending;
    while (stream_.has_pending()) {
        std::array<std::byte, 1024> part;
        const net::IoResult got = stream_.read(part);
        const auto end = part.begin() + static_cast<std::ptrdiff_t>(got.size);
        pending.insert(pending.end(), part.begin(), end);
        if (got.size == 0) break;
    }
    return pending;
}

net::Stream LoginChannel::release() {
    deadline_.disarm();
    if (waiting_.is_open()) waiting_.release();
    return std::move(stream_);
}

}  // namespace pgweir::proxy
