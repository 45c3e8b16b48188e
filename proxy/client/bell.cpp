#include "proxy/client/bell.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pgweir::proxy {

namespace asio = boost::asio;

struct Bell::State {
    explicit State(const asio::any_io_executor& thread) : executor(thread), timer(thread) {}

    asio::any_io_executor executor;
    asio::steady_timer timer;
    bool has_rung = false;
};

Bell::Bell(const asio::any_io_executor& thread) : state_(std::make_shared<State>(thread)) {}

std::function<void()> Bell::rope() const {
    return [state = state_] {
        asio::post(state->executor, [state] {
            state->has_rung = true;
            state->timer.cancel();
        });
    };
}

asio::awaitable<void> Bell::wait(std::chrono::steady_clock::time_point deadline) const {
    const std::shared_ptr<State> state = state_;
    if (state->has_rung) co_return;
    state->timer.expires_at(deadline);
    boost::system::error_code cancelled;   // means that it has rung
    co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

bool Bell::has_rung() const { return state_->has_rung; }

}  // namespace pgweir::proxy
