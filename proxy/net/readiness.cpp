#include "proxy/net/readiness.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace pgweir::proxy::net {
namespace {

constexpr std::size_t batch_size = 128;   // measured: larger ones gain nothing

int checked(int result, const char* call) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), call);
    return result;
}

}  // namespace

Readiness::Readiness(Handlers handlers, std::chrono::milliseconds interval)
    : handlers_(std::move(handlers)), interval_(interval) {
    epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    wake_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    epoll_event event{};
    // Each write is a new edge, so it need never be read.
    event.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
    event.data.ptr = nullptr;
    checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
}

Readiness::~Readiness() {
    ::close(wake_);
    ::close(epoll_);
}

void Readiness::add(int descriptor, Watched& watched) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
    event.data.ptr = &watched;
    checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void Readiness::remove(int descriptor) {
    // Fails only when the descriptor is not in the set, which is what is wanted.
    static_cast<void>(::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr));
}

void Readiness::wake() {
    // Cannot fail: nobody writes 2^64 times.
    static_cast<void>(::eventfd_write(wake_, 1));
}

void Readiness::stop() {
    is_stopped_.store(true, std::memory_order_release);
    wake();
}

void Readiness::run() {
    while (!is_stopped_.load(std::memory_order_acquire)) serve_batch(is_busy_ ? 0 : static_cast<int>(interval_.count()));
}

void Readiness::serve_batch(int timeout_ms) {
    std::array<epoll_event, batch_size> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) continue;
        Edges edges;
        edges.hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        edges.readable = edges.hung_up || (event.events & EPOLLIN) != 0;
        edges.writable = (event.events & EPOLLOUT) != 0;
        handlers_.on_ready(*static_cast<Watched*>(event.data.ptr), edges);
    }
    is_busy_ = handlers_.on_batch_end();
}

}  // namespace pgweir::proxy::net
