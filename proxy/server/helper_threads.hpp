// Threads for what blocks: server logins, PQcancel, PQfinish, hashing passwords, reading
// files. Cancels have threads of their own, so that a frozen upstream cannot hold up logins;
// files have one, so that logins to a frozen upstream cannot hold up the reload that mends its address.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <utility>

namespace pgweir::proxy {

class HelperThreads {
public:
    template <class Task>
    void run(Task&& task) {
        boost::asio::post(general_, std::forward<Task>(task));
    }

    template <class Task>
    void run_cancel(Task&& task) {
        boost::asio::post(cancels_, std::forward<Task>(task));
    }

    template <class Task>
    void run_reading(Task&& task) {
        boost::asio::post(reading_, std::forward<Task>(task));
    }

    // Waits until all that was given has been done.
    void join() {
        reading_.join();
        cancels_.join();
        general_.join();
    }

private:
    // Chosen: two pools' worth of logins in flight and some room; cancels mostly wait for the network.
    boost::asio::thread_pool general_{4};
    boost::asio::thread_pool cancels_{4};
    boost::asio::thread_pool reading_{1};
};

}  // namespace pgweir::proxy
