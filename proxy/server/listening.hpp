// The shared listening server of a pool: one server that LISTENs to all channels that
// any client of the pool listens to, and hands each notification to all of them, in
// order. Any thread may subscribe; the first relay thread works on the server.
//
// It is leased from the pool like any other, so it counts in pool_size and usage, and goes
// back when nobody listens any more. If it dies its listeners are told, because
// a gap in notifications cannot be hidden.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/listen_core.hpp"
#include "proxy/core/refusal.hpp"
#include "proxy/core/waiter_queue.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/mailbox.hpp"
#include "proxy/server/server_connection.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class Pool;
class ServerKeeper;

// The thread that works on the listening servers of all pools.
constexpr ThreadIndex listening_thread{0};

// What that thread lends them. Lifetime: the thread's.
struct ListeningSurroundings {
    net::Readiness& set;
    std::span<std::byte> buffer;
    ServerKeeper& keeper;
};

// What clients hear, each on its own thread, by Letter (mailbox.hpp): listening_changed,
// notifications, listening_lost. All come in the order in which they came about: after the answer to a
// set_channels no notification comes that was meant for what stood before it.
class Listening {
public:
    // Lifetime: `pool` owns it, and outlives the relay threads. `threads`: their mailboxes, in their order.
    Listening(Pool& pool, std::vector<Mailbox*> threads);

    // For any relay thread.

    // From now on `client` listens to exactly these channels (raw names, without quotes);
    // empty for none. Each call is answered by one letter listening_changed: when the server has
    // confirmed that it listens to all of them, at once when it does already. Unsubscribing
    // needs no confirmation. A call that fails leaves the client with those channels of its
    // call that it had before. A client that reads listening_lost gets no answer any more.
    void set_channels(const ClientId& client, std::vector<std::string> channels);
    // The same without an answer, for a client that only gives channels up.
    void keep_channels(const ClientId& client, std::vector<std::string> channels);
    // The client has gone: no letter. May be called for one that never listened.
    void forget(const ClientId& client);

    // Whether the pool's answer to `client` is for its Listening.
    static bool is_meant(const ClientId& client);

    // For the listening thread.

    // One of the three has been called. Requires: letter.listening is this.
    void take(Letter& letter, const ListeningSurroundings& surroundings);
    // What the pool answered.
    void granted(ServerConnection& server);
    void refused(const Refusal& refusal);
    void on_ready(net::Edges edges);
    // Goes on where on_ready stopped to let its clients read.
    void go_on();
    // Deadlines. Call about every 100 ms.
    void tick(TimePoint now);
    // The daemon ends: the server is closed, and nobody is told, for everybody is told to go.
    void end();
    // It has neither clients nor a server, and waits for none: no tick is needed.
    bool is_at_rest() const { return server_ == nullptr && !is_waiting_ && core_.is_empty(); }

private:
    // What of ours the server is answering.
    enum class Query { none, settings, change, check };
    enum class Visit { done, unfinished, lost };
    // What those are told who do not get what they wanted, or lose it.
    struct Failure {
        std::string text{};
        SharedMessage message{};
        Refusal refusal{};
    };

    void post_to_self(Letter::Kind kind, const ClientId& client, std::vector<std::string> channels);
    void advance();
    void ask_for_server();
    void start(ServerConnection& server);
    void give_back();
    void send(Query query, std::string_view sql);
    void visit();
    Visit read();
    bool judge(protocol::Bytes bytes);
    void note_error(protocol::Bytes body);
    void note_parameter(protocol::Bytes body);
    void answered();
    void hand_out(protocol::Bytes message, protocol::Bytes body);
    void lost(const std::string& why);
    void refuse(const Refusal& refusal);
    // Tells clients what the core said, and empties `news_`.
    void tell(const Failure& failure);
    void post(Letter letter);
    void deliver(ThreadIndex thread);

    Pool& pool_;
    const std::vector<Mailbox*> threads_;

    // What follows belongs to the listening thread.
    const ListeningSurroundings* surroundings_ = nullptr;
    ListenCore core_;
    std::vector<ListenNews> news_;          // of the core's, to be told
    ServerConnection* server_ = nullptr;
    bool is_waiting_ = false;               // for a server
    WaiterId waiter_{};
    Query query_ = Query::none;
    TimePoint sent_at_{};
    TimePoint heard_at_{};
    bool has_listened_ = false;             // this server has confirmed something
    bool is_useless_ = false;               // it refused what it must not refuse
    int failed_starts_ = 0;                 // servers lost in a row before they confirmed anything
    std::string error_text_;                // of the query under way
    SharedMessage error_;
    std::vector<std::vector<Notification>> undelivered_;   // by thread
    std::vector<std::byte> outgoing_;       // reused
    bool has_ended_ = false;
};

}  // namespace pgweir::proxy
