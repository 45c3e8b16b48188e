#include "proxy/net/readiness.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pgweir::proxy::net {
namespace {

constexpr std::size_t batch_size = 128;   // measured: larger ones gain nothing

int make_epoll() {
    const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return descriptor;
}

}  // namespace

Readiness::Readiness(boost::asio::io_context& context, Handlers handlers)
    : epoll_(make_epoll()), waiter_(context, epoll_), handlers_(std::move(handlers)) {}

Readiness::~Readiness() = default;

void Readiness::start() { wait(); }

void Readiness::stop() {
    boost::system::error_code ignored;
    waiter_.cancel(ignored);
}

void Readiness::add(int descriptor, Watched& watched) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
    event.data.ptr = &watched;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Readiness::remove(int descriptor) {
    // Fails only when the descriptor is not in the set, which is what is wanted.
    static_cast<void>(::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr));
}

void Readiness::wait() {
    waiter_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code ec) {
        if (ec) return;
        drain();
        wait();
    });
}

void Readiness::drain() {
    std::array<epoll_event, batch_size> events{};
    int count = 0;
    do {
        count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            Edges edges;
            edges.hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
            edges.readable = edges.hung_up || (event.events & EPOLLIN) != 0;
            edges.writable = (event.events & EPOLLOUT) != 0;
            handlers_.on_ready(*static_cast<Watched*>(event.data.ptr), edges);
        }
        handlers_.on_batch_end();
    } while (count == static_cast<int>(events.size()));
}

}  // namespace pgweir::proxy::net
