// A connection to the console that never blocks, for `pgweir top`: it is told when its descriptor can be read or written,
// and gathers the answers to all questions into a sample.
#pragma once

#include "proxy/top/show_table.hpp"

#include <poll.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

struct pg_conn;
struct pg_result;

namespace pgweir::proxy {

// A resource of one thread. Looking up the name of a host blocks, as libpq has it.
class ConsoleLink {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    enum class State {
        lost,         // no connection: before the first `connect`, and after a failure, which `error` tells
        connecting,
        ready,        // may be asked
        asking,
    };

    explicit ConsoleLink(std::string dsn) : dsn_(std::move(dsn)) {}

    void connect(TimePoint now);
    // Requires: ready.
    void ask(TimePoint now);
    // Goes on as far as it can. Call it when `wanted` says so, and when `deadline` has passed.
    void go_on(TimePoint now);

    // What to poll for; the descriptor is -1 when there is nothing.
    pollfd wanted() const;
    // When what is going on takes too long; far away when nothing is.
    TimePoint deadline() const;

    State state() const { return state_; }
    // One line, as the console or libpq put it; empty while all is well. A console that is connected may also refuse a question.
    const std::string& error() const { return error_; }
    // The sample that has become complete since the last call.
    std::optional<Sample> take();

private:
    struct Closer {
        void operator()(pg_conn* connection) const;
    };

    void go_on_connecting();
    void go_on_asking(TimePoint now);
    void send_question();
    void keep(const pg_result* result);
    void lose(std::string error);

    std::string dsn_;
    std::unique_ptr<pg_conn, Closer> connection_;
    State state_ = State::lost;
    bool wants_write_ = false;
    std::size_t question_ = 0;
    bool is_refused_ = false;
    Sample gathering_;
    std::optional<Sample> complete_;
    TimePoint deadline_ = TimePoint::max();
    std::string error_;
};

}  // namespace pgweir::proxy
