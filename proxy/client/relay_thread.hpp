// One relay thread: its readiness set, its clients, and the routing of edges, letters
// and tasks to whoever they are for. The first relay thread's index is 0.
#pragma once

#include "proxy/client/client_table.hpp"
#include "proxy/client/relay.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/listening.hpp"
#include "proxy/server/mailbox.hpp"
#include "proxy/server/server_keeper.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pgweir::proxy {

class RelayThread {
public:
    RelayThread(ThreadIndex index, CancelKeys& cancel_keys, TextTable& texts, BufferedBytes& buffered);
    ~RelayThread();

    void start();
    // The methods from here on may be called from any thread.
    void admit(LoggedInClient client);
    void begin_drain();
    void end_all();
    void set_client_idle_timeout(Duration timeout) { idle_timeout_.store(timeout, std::memory_order_relaxed); }
    std::size_t clients() const { return client_count_.load(std::memory_order_relaxed); }
    Mailbox& mailbox() { return mailbox_; }
    // Does `task` on this thread, soon.
    void ask(std::function<void(Relay&)> task);
    // Ends the loop and waits for the thread.
    void stop();

private:
    void route(net::Watched& watched, net::Edges edges);
    void deliver(Letter& letter);
    // Those of `deliver` that have to do with shared listening servers.
    void deliver_of_listening(Letter& letter);
    void take_for(Listening& listening, Letter& letter);
    // Tasks, letters, visits, deadlines, and the freeing of clients that have gone. True
    // when there is more to do at once.
    bool settle();
    void tick(TimePoint now);
    // Does `task` on this thread.
    void run(std::function<void()> task);
    void run_tasks();

    const ThreadIndex index_;
    net::Readiness readiness_;
    Mailbox mailbox_;
    std::vector<std::byte> buffer_;
    ClientTable clients_;
    ServerKeeper keeper_;
    Relay relay_;
    const ListeningSurroundings for_listening_;
    std::vector<Listening*> listening_;    // those that need ticks; the first relay thread has them all
    std::vector<Letter> letters_;          // being delivered
    std::vector<Client*> to_visit_;        // had more to do than their turn allowed
    std::vector<Client*> visiting_;
    TimePoint next_tick_{};
    int ticks_ = 0;
    std::mutex tasks_mutex_;
    std::vector<std::function<void()>> tasks_;   // from other threads
    std::atomic<bool> has_tasks_{false};
    std::atomic<Duration> idle_timeout_{Duration::zero()};
    std::atomic<std::size_t> client_count_{0};
    std::thread thread_;
};

}  // namespace pgweir::proxy
