#include "proxy/client/welcome_wait.hpp"

#include "proxy/server/pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;

namespace {

// Rings on the login thread, whoever pulls it on whichever thread. Shared, because the
// pool may pull it when the login is long gone.
struct Bell {
    explicit Bell(const asio::any_io_executor& thread) : executor(thread), timer(thread) {}

    asio::any_io_executor executor;
    asio::steady_timer timer;
    bool has_rung = false;   // the login thread's
};

std::function<void()> rope_of(const std::shared_ptr<Bell>& bell) {
    return [bell] {
        asio::post(bell->executor, [bell] {
            bell->has_rung = true;
            bell->timer.cancel();
        });
    };
}

}  // namespace

asio::awaitable<std::variant<std::shared_ptr<const Welcome>, NoWelcome>> wait_for_welcome(
    std::shared_ptr<Pool> pool, std::chrono::steady_clock::time_point deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    while (true) {
        std::shared_ptr<const Welcome> welcome = pool->welcome();
        if (welcome) co_return welcome;

        const auto bell = std::make_shared<Bell>(executor);
        bell->timer.expires_at(deadline);
        pool->request_welcome(rope_of(bell));
        boost::system::error_code cancelled;   // means that the bell has rung
        co_await bell->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));

        welcome = pool->welcome();
        if (welcome) co_return welcome;
        std::optional<std::string> failure = pool->upstream_failure();
        if (failure) co_return NoWelcome{*std::move(failure)};
        if (!bell->has_rung) co_return NoWelcome{};
    }
}

}  // namespace pgweir::proxy
