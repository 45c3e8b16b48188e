#include "proxy/net/listener.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <spdlog/spdlog.h>

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace pgweir::proxy::net {

namespace asio = boost::asio;

namespace {

// Chosen: enough that a burst costs few wake-ups, few enough that logins get their turn.
constexpr int batch_size = 64;

// How long to leave clients in the backlog when descriptors or memory are short.
constexpr std::chrono::milliseconds shortage_pause(100);
constexpr std::chrono::seconds shortage_log_interval(1);

bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

struct Listener::Acceptor {
    Acceptor(const asio::any_io_executor& executor, ListeningSocket listening)
        : socket(std::move(listening)), waiting(executor, socket.release_descriptor()), pause(executor) {}

    ListeningSocket socket;             // keeps the unix socket's file
    asio::posix::stream_descriptor waiting;   // owns the descriptor
    asio::steady_timer pause;
};

Listener::Listener(Coroutines& coroutines, std::vector<asio::any_io_executor> targets,
                   std::function<void(Accepted)> on_accept)
    : coroutines_(coroutines), targets_(std::move(targets)), on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
    stop();
}

std::optional<ListenError> Listener::start(const config::ListenOptions& options) {
    auto tcp = listen_tcp(options.address, options.port);
    if (auto* error = std::get_if<ListenError>(&tcp)) return *error;
    std::vector<ListeningSocket> sockets = std::move(std::get<ListeningTcp>(tcp).sockets);
    const std::uint16_t port = std::get<ListeningTcp>(tcp).port;
    if (!options.unix_socket_dir.empty()) {
        auto local = listen_unix(options.unix_socket_dir, port);
        if (auto* error = std::get_if<ListenError>(&local)) return *error;
        sockets.push_back(std::get<ListeningSocket>(std::move(local)));
    }
    port_ = port;
    for (ListeningSocket& socket : sockets) {
        auto acceptor = std::make_shared<Acceptor>(targets_.front(), std::move(socket));
        acceptors_.push_back(acceptor);
        spdlog::info("event=listening address={}", acceptor->socket.name());
        coroutines_.spawn(targets_.front(), "accept_on", accept_on(std::move(acceptor)));
    }
    return std::nullopt;
}

void Listener::stop() {
    for (const auto& acceptor : acceptors_) {
        boost::system::error_code ignored;
        acceptor->waiting.close(ignored);
        acceptor->pause.cancel();
        acceptor->socket.remove_file();
    }
    acceptors_.clear();   // their coroutines end on their next turn
}

asio::awaitable<void> Listener::accept_on(std::shared_ptr<Acceptor> acceptor) {
    // After every wait the listener may be gone; a closed descriptor tells.
    while (acceptor->waiting.is_open()) {
        boost::system::error_code ec;
        co_await acceptor->waiting.async_wait(asio::posix::descriptor_base::wait_read,
                                              asio::redirect_error(asio::use_awaitable, ec));
        if (ec || !acceptor->waiting.is_open()) co_return;
        if (accept_batch(*acceptor)) continue;
        acceptor->pause.expires_after(shortage_pause);
        co_await acceptor->pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
}

// False when the system is short of descriptors or memory.
bool Listener::accept_batch(const Acceptor& acceptor) {
    const bool is_local = acceptor.socket.is_unix();
    // native_handle() is not const, though it changes nothing.
    const int listening = const_cast<Acceptor&>(acceptor).waiting.native_handle();
    for (int count = 0; count < batch_size; ++count) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        void* raw = &peer;
        const int descriptor = ::accept4(listening, static_cast<sockaddr*>(raw), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            deal_out(descriptor, is_local ? "unix" : address_text(peer), is_local);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
        if (is_shortage(errno)) {
            log_shortage(errno);
            return false;
        }
        // Everything else is about one connection that died in the backlog.
    }
    return true;
}

void Listener::deal_out(int descriptor, std::string address, bool is_local) {
    const std::size_t thread = next_target_;
    next_target_ = (next_target_ + 1) % targets_.size();
    Accepted accepted{Stream(descriptor), std::move(address), is_local, thread};
    // The callback is copied: the listener may be gone when another thread gets there.
    auto deliver = [call = on_accept_, taken = std::move(accepted)]() mutable { call(std::move(taken)); };
    asio::dispatch(targets_[thread], std::move(deliver));
}

void Listener::log_shortage(int error) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shortage_logged_at_ < shortage_log_interval) return;
    shortage_logged_at_ = now;
    spdlog::error("event=accept_failed text={:?}", std::generic_category().message(error));
}

}  // namespace pgweir::proxy::net
