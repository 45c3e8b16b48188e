// One logged-in client on its relay thread: a small struct, no coroutine, no buffer of
// its own while it is idle. A resource of the thread's ClientTable.
#pragma once

#include "metrics/catalog.hpp"
#include "proxy/client/logged_in_client.hpp"
#include "proxy/core/ids.hpp"
#include "proxy/core/relay_core.hpp"
#include "proxy/core/waiter_queue.hpp"
#include "proxy/net/out_buffer.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/server/lease.hpp"
#include "proxy/server/server_connection.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace pgweir::proxy {

enum class ClientPhase {
    idle,       // holds no server and waits for none
    waiting,    // in the queue
    preparing,  // holds a server that is being checked or set up for it
    active,     // holds a server
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
    std::string address;
    SessionSettings settings;
    CancelKey cancel_key;

    ClientPhase phase = ClientPhase::idle;
    bool is_queued = false;            // stands in the list of those to be visited again
    bool may_read = false;             // an edge said so and the kernel was not drained since
    bool has_hung_up = false;          // the client will send no more
    bool is_broken = false;            // writing failed: to be dropped when nobody is in the middle of using it
    bool knows_settings = false;       // it was told how the server spells its settings
    std::vector<std::byte> held;       // read and not yet dealt with
    net::OutBuffer out;
    Unleased unleased;
    Lease lease;
    WaiterId waiter{};                 // phase waiting
    std::vector<std::byte> failure;    // phase preparing: the server's refusal of the settings
    std::string lost_server;           // what the next statement must be told: the server went away meanwhile
    TimePoint last_active{};
};

}  // namespace pgweir::proxy
