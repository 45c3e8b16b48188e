#include "proxy/net/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <utility>

namespace pgweir::proxy::net {

struct Deadline::Watch {
    Watch(const boost::asio::any_io_executor& executor, std::function<void()> call)
        : timer(executor), on_pass(std::move(call)) {}

    boost::asio::steady_timer timer;
    std::function<void()> on_pass;
    std::uint64_t round = 0;   // a handler of an earlier round is void
    bool passed = false;
};

Deadline::Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_pass)
    : watch_(std::make_shared<Watch>(executor, std::move(on_pass))) {}

Deadline::~Deadline() {
    disarm();
}

void Deadline::arm(std::chrono::steady_clock::duration limit) {
    const std::uint64_t round = ++watch_->round;
    watch_->passed = false;
    watch_->timer.expires_after(limit);
    auto passed = [watch = watch_, round](const boost::system::error_code&) {
        if (watch->round != round) return;
        watch->passed = true;
        watch->on_pass();
    };
    watch_->timer.async_wait(std::move(passed));
}

void Deadline::disarm() {
    ++watch_->round;
    watch_->timer.cancel();
}

bool Deadline::has_passed() const {
    return watch_->passed;
}

}  // namespace pgweir::proxy::net
