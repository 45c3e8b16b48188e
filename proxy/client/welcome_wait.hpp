// The first client of a pool that has never had a server waits here until one has
// logged in: only a server can tell what clients are told at login.
#pragma once

#include "proxy/core/welcome.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <variant>

namespace pgweir::proxy {

class Pool;

struct NoWelcome {
    std::string upstream_text;   // the database's own words; empty when the time ran out in silence
};

// At once when the pool knows its welcome. Gives up when the pool knows why servers
// cannot be had, or at the deadline. Lifetime: `pool` is kept by the coroutine.
boost::asio::awaitable<std::variant<std::shared_ptr<const Welcome>, NoWelcome>> wait_for_welcome(
    std::shared_ptr<Pool> pool, std::chrono::steady_clock::time_point deadline);

}  // namespace pgweir::proxy
