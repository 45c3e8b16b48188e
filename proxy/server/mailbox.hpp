// What a relay thread is told by pools, helpers and other relay threads. Letters from
// other threads wake it once however many there are; letters to oneself cost no wake-up
// at all and are read at the end of the batch.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/refusal.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

namespace pgweir::proxy {

struct ServerConnection;

struct Letter {
    enum class Kind {
        server_granted,   // `server` is `client`'s
        refused,          // `client` will get no server: `refusal`
        server_arrived,   // a fresh login to take in
        close_server,     // `server` was idle here and is to be closed
        cancel_ended,     // the cancel for `server` was delivered, or failed
        cancel_wanted,    // somebody who knows `client`'s key wants its query cancelled
    };
    Kind kind;
    ClientId client{};
    ServerConnection* server = nullptr;
    Duration waited{};
    Refusal refusal{};
};

class Mailbox {
public:
    // `read` is called on the context's thread whenever there are letters from elsewhere.
    Mailbox(boost::asio::io_context& context, std::function<void()> read) : context_(context), read_(std::move(read)) {}

    // Any thread.
    void post(Letter letter);

    // Everything that has come, in place of what `into` held. The owning thread only.
    void take(std::vector<Letter>& into);

    // Makes the calling thread this mailbox's own.
    void adopt_thread();

private:
    boost::asio::io_context& context_;
    std::function<void()> read_;
    std::mutex mutex_;
    std::vector<Letter> letters_;      // from other threads
    std::atomic<bool> has_letters_{false};
    std::vector<Letter> own_letters_;  // from the owning thread, without the lock
};

}  // namespace pgweir::proxy
