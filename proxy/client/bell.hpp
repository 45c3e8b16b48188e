// Lets a login coroutine wait for something that happens on another thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace pgweir::proxy {

// A value that shares its state with the ropes it gave out: one may be pulled when the
// waiting coroutine is long gone.
class Bell {
public:
    explicit Bell(const boost::asio::any_io_executor& thread);

    // Rings, whoever calls it on whichever thread.
    std::function<void()> rope() const;

    // Until it rings or the deadline comes. Call once, on the bell's thread.
    boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point deadline) const;

    // Whether it has rung. The bell's thread only.
    bool has_rung() const;

private:
    struct State;

    std::shared_ptr<State> state_;
};

}  // namespace pgweir::proxy
