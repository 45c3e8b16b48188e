// What each verb of the console does.
#include "proxy/admin/console.hpp"
#include "proxy/admin/shows.hpp"

#include "protocol/sqlstate.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pgweir::proxy {

namespace asio = boost::asio;
namespace sqlstate = protocol::sqlstate;

namespace {

// How often is looked whether what a command waits for has come.
constexpr std::chrono::milliseconds look_again(20);

CommandError relays_silent() {
    return {sqlstate::query_canceled, "the relay threads did not answer in time", "They are overloaded; try again."};
}

using PoolList = std::vector<std::shared_ptr<Pool>>;

// The named pool, or all of them without a name; none when there is none of that name.
PoolList pools_of(const ConsoleServices& services, const std::string& name) {
    PoolList found;
    for (const auto& [database, pool] : services.pools())
        if (name.empty() || database == name) found.push_back(pool);
    return found;
}

CommandError no_database(const std::string& name) { return {sqlstate::invalid_catalog_name, fmt::format("no such database: {}", name)}; }

template <class Condition>
asio::awaitable<void> wait_until(Condition condition) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (!condition()) {
        boost::system::error_code ec;
        timer.expires_after(look_again);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
}

asio::awaitable<CommandResult> show(ConsoleServices& services, const AdminCommand& command) {
    if (command.show == nullptr) {
        Done help{command.tag, "Console usage", help_text()};
        co_return help;
    }
    const std::optional<ConsoleSnapshot> snapshot = co_await take_snapshot(services, command.show->needs);
    if (!snapshot) co_return relays_silent();
    Table table = make_table(*command.show, *snapshot);
    co_return table;
}

asio::awaitable<CommandResult> pause(PoolList pools) {
    for (const auto& pool : pools) pool->pause();
    const auto is_over = [&pools] {
        return std::all_of(pools.begin(), pools.end(), [](const auto& pool) { return !pool->has_busy_servers() || !pool->facts().is_paused; });
    };
    co_await wait_until(is_over);
    const bool was_resumed = std::any_of(pools.begin(), pools.end(), [](const auto& pool) { return !pool->facts().is_paused; });
    if (was_resumed) {
        CommandError error{sqlstate::query_canceled, "PAUSE was ended by RESUME"};
        co_return error;
    }
    Done done{"PAUSE"};
    co_return done;
}

asio::awaitable<CommandResult> wait_close(PoolList pools) {
    const auto is_over = [&pools] { return std::none_of(pools.begin(), pools.end(), [](const auto& pool) { return pool->has_outdated_servers(); }); };
    co_await wait_until(is_over);
    Done done{"WAIT_CLOSE"};
    co_return done;
}

asio::awaitable<CommandResult> kill(ConsoleServices& services, PoolList pools) {
    for (const auto& pool : pools) pool->pause();
    std::function<void(Relay&)> task = [pools](Relay& relay) {
        for (const auto& pool : pools) relay.kill_all(*pool);
    };
    const bool is_done = co_await services.on_relays(std::move(task));
    if (!is_done) co_return relays_silent();
    Done done{"KILL"};
    co_return done;
}

asio::awaitable<CommandResult> kill_client(ConsoleServices& services, std::int64_t number) {
    const std::optional<ClientId> id = client_of(number, services.relay_threads);
    auto was_there = std::make_shared<std::atomic<bool>>(false);
    if (id) {
        std::function<void(Relay&)> task = [was_there, one = *id](Relay& relay) { *was_there = relay.kill(one); };
        const bool is_done = co_await services.on_relay(id->thread, std::move(task));
        if (!is_done) co_return relays_silent();
    }
    if (!*was_there) {
        CommandError error{sqlstate::undefined_object, fmt::format("no such client: {}", number), "SHOW CLIENTS has the ids."};
        co_return error;
    }
    Done done{"KILL_CLIENT"};
    co_return done;
}

CommandResult result_of(Unpinned outcome, std::int64_t number) {
    switch (outcome) {
    case Unpinned::done: return Done{"UNPIN"};
    case Unpinned::unknown_client: return CommandError{sqlstate::undefined_object, fmt::format("no such client: {}", number), "SHOW PINS has the ids."};
    case Unpinned::not_pinned: return CommandError{sqlstate::object_not_in_prerequisite_state, fmt::format("client {} pins no server", number)};
    case Unpinned::in_transaction:
        return CommandError{sqlstate::object_not_in_prerequisite_state, fmt::format("client {} is in the middle of a transaction", number),
                            "Try again when it is between two, or end it with KILL_CLIENT."};
    }
    return Done{"UNPIN"};
}

asio::awaitable<CommandResult> unpin(ConsoleServices& services, std::int64_t number) {
    const std::optional<ClientId> id = client_of(number, services.relay_threads);
    if (!id) co_return result_of(Unpinned::unknown_client, number);
    auto outcome = std::make_shared<std::atomic<Unpinned>>(Unpinned::unknown_client);
    std::function<void(Relay&)> task = [outcome, one = *id](Relay& relay) { *outcome = relay.unpin(one); };
    const bool is_done = co_await services.on_relay(id->thread, std::move(task));
    if (!is_done) co_return relays_silent();
    co_return result_of(*outcome, number);
}

std::optional<BreakerState> forced(const std::string& word) {
    if (word == "OPEN") return BreakerState::open;
    if (word == "CLOSE") return BreakerState::closed;
    return std::nullopt;
}

ShutdownMode mode_of(const AdminCommand& command) {
    if (command.verb == Verb::drain || command.name == "WAIT_FOR_SERVERS") return ShutdownMode::wait_for_servers;
    return command.name == "WAIT_FOR_CLIENTS" ? ShutdownMode::wait_for_clients : ShutdownMode::now;
}

CommandResult done_or(MaybeError error, const AdminCommand& command) {
    if (error) return *std::move(error);
    return Done{command.tag};
}

// Those that are done at once.
CommandResult do_at_once(ConsoleServices& services, const AdminCommand& command, const PoolList& pools) {
    for (const auto& pool : pools) {
        switch (command.verb) {
        case Verb::resume: pool->resume(); break;
        case Verb::disable: pool->set_disabled(true); break;
        case Verb::enable: pool->set_disabled(false); break;
        case Verb::reconnect: pool->reconnect(); break;
        case Verb::breaker: pool->force_breaker(forced(command.name)); break;
        case Verb::probe: pool->probe_upstream(); break;
        default: break;
        }
    }
    if (command.verb == Verb::set) return done_or(services.set(command.name, command.value), command);
    if (command.verb == Verb::shutdown || command.verb == Verb::drain) return done_or(services.shut_down(mode_of(command)), command);
    if (command.verb == Verb::suspend)
        return CommandError{sqlstate::feature_not_supported, "SUSPEND is not supported by pgweir", "Use PAUSE."};
    return Done{command.tag};
}

asio::awaitable<CommandResult> reload(ConsoleServices& services) {
    const bool is_taken = co_await services.reload();
    if (!is_taken) {
        CommandError error{sqlstate::config_file_error, "the configuration was not reloaded; the one in force stays",
                           "The log and SHOW EVENTS say what is wrong."};
        co_return error;
    }
    Done done{"RELOAD"};
    co_return done;
}

bool is_about_pools(const VerbRow& row) {
    return row.argument == Argument::database || row.argument == Argument::optional_database || row.verb == Verb::breaker;
}

}  // namespace

asio::awaitable<CommandResult> run_command(ConsoleServices& services, ConsoleRole role, const std::string& who, const AdminCommand& command) {
    const VerbRow& row = row_of(command.verb);
    const ConsoleRole least = command.show != nullptr ? command.show->least : row.least;
    if (!may(role, least)) {
        const std::string what = command.show != nullptr ? fmt::format("SHOW {}", command.show->word) : std::string(row.words);
        CommandError denied{sqlstate::insufficient_privilege, fmt::format("permission denied: {} is for users with admin: true", what)};
        co_return denied;
    }
    if (row.least == ConsoleRole::admin)
        spdlog::warn("event=console_command user={:?} command=\"{}\" argument={:?}", who, row.words, command.verb == Verb::set ? command.name : command.name + command.value);
    PoolList pools;
    if (is_about_pools(row)) {
        const std::string& name = command.verb == Verb::breaker ? command.value : command.name;
        pools = pools_of(services, name);
        if (pools.empty() && !name.empty()) co_return no_database(name);
    }
    CommandResult result;
    switch (command.verb) {
    case Verb::show: result = co_await show(services, command); break;
    case Verb::reload: result = co_await reload(services); break;
    case Verb::pause: result = co_await pause(std::move(pools)); break;
    case Verb::wait_close: result = co_await wait_close(std::move(pools)); break;
    case Verb::kill: result = co_await kill(services, std::move(pools)); break;
    case Verb::kill_client: result = co_await kill_client(services, command.number); break;
    case Verb::unpin: result = co_await unpin(services, command.number); break;
    default: result = do_at_once(services, command, pools); break;
    }
    co_return result;
}

}  // namespace pgweir::proxy
