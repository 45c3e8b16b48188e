// A relay thread's own edge-triggered epoll set, and the loop that waits on it. Asio's
// per-operation reactor costs two empty receives or two epoll_ctl a transaction, and an
// own set nested in an io_context still two epoll_wait and two epoll_ctl when clients are
// few; here a descriptor is registered once, for everything, and the set is waited on directly.
//
// Edges may be stale or spurious: a handler reads and finds nothing, and that is all.
// So no generation is needed; what a `Watched` is must stay alive until the batch it
// was removed in has ended (`on_batch_end`).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

namespace pgweir::proxy::net {

// What a descriptor in the set belongs to; the base of whatever is watched.
struct Watched {
    enum class Kind : std::uint8_t { client, server };
    explicit Watched(Kind what) : kind(what) {}

    const Kind kind;
};

struct Edges {
    bool readable = false;   // also when the peer has closed
    bool writable = false;
    bool hung_up = false;    // the peer writes no more, or the connection is broken
};

class Readiness {
public:
    struct Handlers {
        std::function<void(Watched&, Edges)> on_ready;
        // After each batch, and at least once an interval: what was removed in it may go
        // now. True when there is more to do and the set is not to be waited for.
        std::function<bool()> on_batch_end;
    };

    // Throws std::system_error when the kernel gives no descriptors.
    Readiness(Handlers handlers, std::chrono::milliseconds interval);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    // Serves until `stop`. Call once, on the owning thread.
    void run();

    // The next four may be called from any thread; the descriptor must be open.
    void add(int descriptor, Watched& watched);
    void remove(int descriptor);
    // Makes the loop come round once more, soon.
    void wake();
    void stop();

private:
    void serve_batch(int timeout_ms);

    Handlers handlers_;
    const std::chrono::milliseconds interval_;
    int epoll_ = -1;
    int wake_ = -1;   // an eventfd in the set, watched by nobody
    bool is_busy_ = false;
    std::atomic<bool> is_stopped_{false};
};

}  // namespace pgweir::proxy::net
