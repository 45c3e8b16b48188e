// A time limit for one phase of one coroutine. When it passes it calls what ends the
// phase's waiting; the coroutine then finds `has_passed` true and draws its conclusion.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace pgweir::proxy::net {

// A resource of the executor's thread. Its end disarms it: `on_pass` is never called
// afterwards, not even when the timer had already fired.
class Deadline {
public:
    Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_pass);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    // Starts (or starts again) with the full time; a limit that has passed is forgotten.
    void arm(std::chrono::steady_clock::duration limit);
    void disarm();

    bool has_passed() const;

private:
    struct Watch;

    std::shared_ptr<Watch> watch_;   // shared with handlers that may be queued when we end
};

}  // namespace pgweir::proxy::net
