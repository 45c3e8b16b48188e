// What a relay thread is told by pools, helpers and other relay threads. Letters from
// other threads wake it once however many there are; letters to oneself cost no wake-up
// at all and are read at the end of the batch.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/refusal.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {

struct ServerConnection;
class Listening;

// A whole message for many. Immutable.
using SharedMessage = std::shared_ptr<const std::vector<std::byte>>;

struct Notification {
    ClientId client;
    SharedMessage message;   // a NotificationResponse
};

struct Letter {
    enum class Kind {
        server_granted,   // `server` is `client`'s
        refused,          // `client` will get no server: `refusal`
        server_arrived,   // a fresh login to take in
        close_server,     // `server` was idle here and is to be closed
        cancel_ended,     // the cancel for `server` was delivered, or failed
        cancel_wanted,    // somebody who knows `client`'s key wants its query cancelled
        // To the thread of the listening servers.
        listening_wanted,      // `client` wants to listen to `channels`
        listening_kept,        // `client` listens to `channels` and no longer to others
        listening_forgotten,   // `client` has gone
        listening_more,        // the server may have more to say
        // From it.
        listening_changed,     // what `client` wanted is in force; or not, if there is a `text`:
                               // then `message` is the server's ErrorResponse, or null for a `refusal`
        listening_lost,        // `client` listens to nothing any more: `text` says why
        notifications,         // `notifications` for clients of this thread
    };
    Kind kind;
    ClientId client{};
    ServerConnection* server = nullptr;
    Duration waited{};
    Refusal refusal{};
    std::function<void()> done{};   // cancel_wanted: to be called when it has ended
    Listening* listening = nullptr; // to its thread, and of `refused` when it was refused
    std::vector<std::string> channels{};
    std::string text{};
    SharedMessage message{};
    std::vector<Notification> notifications{};
};

class Mailbox {
public:
    // `wake` makes the owning thread look; it is called on the posting thread.
    explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    // Any thread.
    void post(Letter letter);

    // Everything that has come, in place of what `into` held. The owning thread only.
    void take(std::vector<Letter>& into);

    // Letters to oneself have woken nobody. The owning thread only.
    bool has_own_letters() const { return !own_letters_.empty(); }

    // Makes the calling thread this mailbox's own.
    void adopt_thread();

private:
    const std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Letter> letters_;      // from other threads
    std::atomic<bool> has_letters_{false};
    std::vector<Letter> own_letters_;  // from the owning thread, without the lock
};

}  // namespace pgweir::proxy
