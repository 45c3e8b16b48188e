// The only place where coroutines are started. Counts those that live, logs what they
// throw, and can be waited for, so that a drain knows when nothing is left.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>

namespace pgweir::proxy::net {

// A resource; outlives the io_contexts its coroutines run on. Any thread may call it.
class Coroutines {
public:
    Coroutines() = default;
    ~Coroutines();
    Coroutines(const Coroutines&) = delete;
    Coroutines& operator=(const Coroutines&) = delete;

    // Starts `coroutine` on `executor`. `name` is for the log line of an exception.
    // Lifetime of `name`: static.
    void spawn(const boost::asio::any_io_executor& executor, const char* name, boost::asio::awaitable<void> coroutine);

    int live() const { return live_.load(std::memory_order_relaxed); }

    // Blocks until no coroutine lives. Requires: called on a thread that runs none of them.
    void wait_until_none() const;

private:
    class Token;

    std::atomic<int> live_{0};
};

}  // namespace pgweir::proxy::net
