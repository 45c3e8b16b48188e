// A client that has logged in to the admin console: what a login thread hands over. A
// resource on its way; whoever holds it owns the socket and the ticket.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/gate.hpp"
#include "proxy/net/stream.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// What somebody may do in the console.
enum class ConsoleRole {
    none,    // not enter it
    stats,   // look
    admin,   // everything
};

// The database by which clients reach it, and the name that tools made for PgBouncer know.
constexpr bool is_console(std::string_view database) { return database == "pgweir" || database == "pgbouncer"; }

struct ConsoleClient {
    net::Stream stream;              // non-blocking, in no reactor
    Ticket ticket;
    std::string user;
    std::string address;             // "10.0.0.7:51234", or "unix"
    ConsoleRole role = ConsoleRole::none;
    std::vector<std::byte> farewell; // the last messages of its login, which are still to be sent
};

}  // namespace pgweir::proxy
