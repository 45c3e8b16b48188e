// The admin console: what a session asks of the daemon, and the session itself, a coroutine on the
// first login thread. What it may say stands in admin_verb.hpp.
#pragma once

#include "proxy/admin/admin_command.hpp"
#include "proxy/admin/snapshot.hpp"
#include "proxy/admin/table.hpp"
#include "proxy/assembly.hpp"
#include "proxy/client/console_client.hpp"
#include "proxy/client/relay.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <variant>

namespace pgweir::proxy {

enum class ShutdownMode {
    now,
    wait_for_servers,   // as SIGTERM: clients go between their transactions, within drain_timeout
    wait_for_clients,   // clients go when they like
};

// The consoles that are open. Outlives their coroutines.
struct ConsoleRegistry {
    std::list<ConsoleView> open;

    // In places that count against max_client_conn.
    int ordinary() const;
};

// What is wrong with a command, or nothing.
using MaybeError = std::optional<CommandError>;

// Called on the first login thread; nothing here blocks it.
struct ConsoleServices {
    std::function<ConsoleSnapshot()> snapshot;
    // Does `task` on every relay thread. False: not all of them have done it within some seconds.
    std::function<boost::asio::awaitable<bool>(std::function<void(Relay&)> task)> on_relays;
    std::function<boost::asio::awaitable<bool>(ThreadIndex thread, std::function<void(Relay&)> task)> on_relay;
    std::function<boost::asio::awaitable<bool>()> reload;
    std::function<Pools()> pools;
    std::function<MaybeError(const std::string& key, const std::string& value)> set;
    std::function<MaybeError(ShutdownMode mode)> shut_down;
    std::size_t relay_threads = 0;
    std::string version;
    ConsoleRegistry* registry = nullptr;
};

// The daemon at this moment, with those of its clients that are asked for; nullopt when a relay thread is silent.
// Lifetime: `services` outlives the coroutine.
boost::asio::awaitable<std::optional<ConsoleSnapshot>> take_snapshot(ConsoleServices& services, Gathering what);

struct Done {
    std::string tag;
    std::string notice{};   // its message
    std::string detail{};
};

using CommandResult = std::variant<Table, Done, CommandError>;

// Runs what stands in the table of verbs and is allowed to `role`. `who`: for the log.
// Lifetime: `services` and `command` outlive the coroutine.
boost::asio::awaitable<CommandResult> run_command(ConsoleServices& services, ConsoleRole role, const std::string& who,
                                                  const AdminCommand& command);

// Lifetime: `services` outlives the coroutine.
boost::asio::awaitable<void> serve_console(ConsoleServices& services, ConsoleClient client);

}  // namespace pgweir::proxy
