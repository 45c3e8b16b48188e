// A relay thread's own edge-triggered epoll set, nested in its io_context. Asio's
// per-operation reactor costs two empty receives or two epoll_ctl a transaction; here
// a descriptor is registered once, for everything, and never re-armed.
//
// Edges may be stale or spurious: a handler reads and finds nothing, and that is all.
// So no generation is needed; what a `Watched` is must stay alive until the batch it
// was removed in has ended (`on_batch_end`).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <vector>

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
        // After each batch: what was removed in it may go now.
        std::function<void()> on_batch_end;
    };

    Readiness(boost::asio::io_context& context, Handlers handlers);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    // Begins to wait. Call once, on the owning thread.
    void start();
    void stop();

    // The next two may be called from any thread; the descriptor must be open.
    void add(int descriptor, Watched& watched);
    void remove(int descriptor);

private:
    void wait();
    void drain();

    int epoll_;
    boost::asio::posix::stream_descriptor waiter_;
    Handlers handlers_;
};

}  // namespace pgweir::proxy::net
