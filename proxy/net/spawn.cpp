#include "proxy/net/spawn.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <spdlog/spdlog.h>

#include <cassert>
#include <exception>
#include <utility>

namespace pgweir::proxy::net {

// Counts one coroutine for as long as its completion handler lives. A handler that is
// destroyed uncalled, with its io_context, counts down as well.
class Coroutines::Token {
public:
    explicit Token(Coroutines& owner) : owner_(&owner) { owner.live_.fetch_add(1, std::memory_order_relaxed); }
    Token(Token&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Token& operator=(Token&&) = delete;
    ~Token() {
        if (owner_ == nullptr) return;
        if (owner_->live_.fetch_sub(1, std::memory_order_release) == 1) owner_->live_.notify_all();
    }

private:
    Coroutines* owner_;
};

namespace {

void log_exception(const char* name, const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        // Cancellation is how coroutines are told to end.
        if (error.code() != boost::asio::error::operation_aborted)
            spdlog::error("event=coroutine_failed coroutine={} text={:?}", name, error.what());
    } catch (const std::exception& error) {
        spdlog::error("event=coroutine_failed coroutine={} text={:?}", name, error.what());
    }
}

}  // namespace

Coroutines::~Coroutines() {
    assert(live() == 0);
}

void Coroutines::spawn(const boost::asio::any_io_executor& executor, const char* name,
                       boost::asio::awaitable<void> coroutine) {
    Token token(*this);
    auto finished = [name, held = std::move(token)](const std::exception_ptr& thrown) { log_exception(name, thrown); };
    boost::asio::co_spawn(executor, std::move(coroutine), std::move(finished));
}

void Coroutines::wait_until_none() const {
    for (int count = live_.load(std::memory_order_acquire); count != 0; count = live_.load(std::memory_order_acquire))
        live_.wait(count, std::memory_order_acquire);
}

}  // namespace pgweir::proxy::net
