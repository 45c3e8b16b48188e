#include "proxy/client/welcome_wait.hpp"

#include "proxy/client/bell.hpp"
#include "proxy/server/pool.hpp"

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;

asio::awaitable<std::variant<std::shared_ptr<const Welcome>, NoWelcome>> wait_for_welcome(
    std::shared_ptr<Pool> pool, std::chrono::steady_clock::time_point deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    while (true) {
        std::shared_ptr<const Welcome> welcome = pool->welcome();
        if (welcome) co_return welcome;

        const Bell bell(executor);
        pool->request_welcome(bell.rope());
        co_await bell.wait(deadline);

        welcome = pool->welcome();
        if (welcome) co_return welcome;
        std::optional<std::string> failure = pool->upstream_failure();
        if (failure) co_return NoWelcome{*std::move(failure)};
        if (!bell.has_rung()) co_return NoWelcome{};
    }
}

}  // namespace pgweir::proxy
