// One logged-in client on its relay thread: a small struct, no coroutine, no buffer of
// its own while it is idle. A resource of the thread's ClientTable.
#pragma once

#include "metrics/catalog.hpp"
#include "proxy/client/logged_in_client.hpp"
#include "proxy/core/ids.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/listen_handover.hpp"
#include "proxy/core/pool_core.hpp"
#include "proxy/core/sequence_users.hpp"
#include "proxy/core/unleased.hpp"
#include "proxy/core/waiter_queue.hpp"
#include "proxy/net/out_buffer.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/lease.hpp"
#include "proxy/server/mailbox.hpp"
#include "proxy/server/server_connection.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

enum class ClientPhase {
    idle,       // holds no server and waits for none
    waiting,    // in the queue
    preparing,  // holds a server that is being checked or set up for it
    active,     // holds a server
    settling,   // holds a server that is asked what it has left there
    subscribing,   // waits until the pool's listening server listens to its channels
    closing,    // its last words are on their way out; reads no more
    gone,       // taken out of the table at the end of the batch
};

struct Client : net::Watched, Lessee {
    Client() : Watched(Kind::client) {}

    ClientId id{};
    net::Stream stream;
    Ticket ticket;
    std::shared_ptr<Pool> pool;
    config::PoolMode pool_mode = config::PoolMode::transaction;
    std::string user;
    Membership membership;             // in its pool; ends when it parts
    std::string address;
    ClientSession session;
    std::shared_ptr<const WatchedNames> watched;   // as of its last lease
    CancelKey cancel_key;

    ClientPhase phase = ClientPhase::idle;
    bool is_queued = false;            // stands in the list of those to be visited again
    bool may_read = false;             // an edge said so and the kernel was not drained since
    bool has_hung_up = false;          // the client will send no more
    bool is_watched = false;           // stands in the list of those that may hold a server
    bool is_broken = false;            // writing failed: to be dropped when nobody is in the middle of using it
    std::vector<std::byte> held;       // read and not yet dealt with
    net::OutBuffer out;
    std::size_t counted_out = 0;       // memory of `out`, as counted in BufferedBytes
    Unleased unleased;
    Lease lease;
    std::optional<LeaseMark> mark;     // of its last lease
    WaiterId waiter{};                 // phase waiting
    StatementWants wants;              // phase waiting: of its statement
    SequenceUse sequence_use = SequenceUse::unsure;   // whether it asks so: then what advances one keeps the server
    int without_sequences = 0;         // transactions in a row that had nothing to do with one
    bool has_own_sequences = false;    // what its last server remembers of them is its own, or nothing
    std::optional<PinReason> sticky;   // phase active: what keeps its server until DISCARD ALL
    bool owns_server = false;          // phase active: its prepared statements have its own names there
    bool has_listened = false;         // the pool's Listening knows it
    std::vector<SharedMessage> notifications;   // came in the middle of a transaction
    std::vector<std::string> subscribed;   // phase subscribing: the channels it had before
    std::optional<ListenHandover> handover;   // its server listens, and the pool's listening server is to
    std::vector<std::byte> failure;    // phase preparing: the server's refusal of the settings
    TimePoint last_active{};
    TimePoint connected_at{};
};

}  // namespace pgweir::proxy
