// What a login thread hands to a relay thread: a client that has been let in. A
// resource on its way; whoever holds it owns the socket and the ticket.
#pragma once

#include "config/options.hpp"
#include "proxy/client/cancel_key.hpp"
#include "proxy/core/gate.hpp"
#include "proxy/core/session_settings.hpp"
#include "proxy/core/waiter_queue.hpp"
#include "proxy/net/stream.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {

class Pool;

// Run-time parameters a client asked for in its startup packet (`options=-c` unfolded).
using ClientSettings = SessionSettings;

struct LoggedInClient {
    net::Stream stream;   // non-blocking, in no reactor
    Ticket ticket;
    std::shared_ptr<Pool> pool;
    config::PoolMode pool_mode = config::PoolMode::transaction;
    std::string user;
    std::string flow;      // of the pool's queue
    Priority priority = Priority::normal;
    std::string address;   // "10.0.0.7:51234", or "unix"
    ClientSettings settings;
    CancelKey cancel_key;              // already told to the client
    std::vector<std::byte> early;      // bytes the client sent behind its last login message
};

}  // namespace pgweir::proxy
