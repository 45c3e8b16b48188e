// One relay thread: its io_context, its readiness set, its clients, and the routing of
// events and letters to whoever they are for. The first relay thread's index is 0.
#pragma once

#include "proxy/client/client_table.hpp"
#include "proxy/client/relay.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/mailbox.hpp"
#include "proxy/server/server_keeper.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace pgweir::proxy {

class RelayThread {
public:
    RelayThread(ThreadIndex index, CancelKeys& cancel_keys);
    ~RelayThread();

    void start();
    // The methods from here on may be called from any thread.
    void admit(LoggedInClient client);
    void begin_drain();
    void end_all();
    void set_client_idle_timeout(Duration timeout) { idle_timeout_.store(timeout, std::memory_order_relaxed); }
    std::size_t clients() const { return client_count_.load(std::memory_order_relaxed); }
    Mailbox& mailbox() { return mailbox_; }
    // Ends the loop and waits for the thread.
    void stop();

private:
    void route(net::Watched& watched, net::Edges edges);
    void deliver(Letter& letter);
    // Letters, visits, and the freeing of clients that have gone.
    void settle();
    void schedule_tick();

    const ThreadIndex index_;
    boost::asio::io_context context_{1};
    net::Readiness readiness_;
    Mailbox mailbox_;
    std::vector<std::byte> buffer_;
    ClientTable clients_;
    ServerKeeper keeper_;
    Relay relay_;
    boost::asio::steady_timer timer_;
    std::vector<Letter> letters_;          // being delivered
    std::vector<Client*> to_visit_;        // had more to do than their turn allowed
    std::vector<Client*> visiting_;
    bool settles_later_ = false;
    int ticks_ = 0;
    std::atomic<Duration> idle_timeout_{Duration::zero()};
    std::atomic<std::size_t> client_count_{0};
    std::thread thread_;
};

}  // namespace pgweir::proxy
