// What can be said to the console, once: the words, who may say them, the tag of the answer
// and a line of help. What stands in no row here is refused.
#pragma once

#include "proxy/client/console_client.hpp"

#include <array>
#include <string>
#include <string_view>

namespace pgweir::proxy {

enum class Verb {
    show,
    set,
    reload,
    pause,
    resume,
    disable,
    enable,
    reconnect,
    kill,
    kill_client,
    wait_close,
    suspend,
    shutdown,
    drain,
    unpin,
    breaker,
    probe,
    ping,    // SELECT of a constant, SHOW of a parameter: what drivers ask when they connect
    nothing, // SET of a session's parameter, BEGIN, RESET and the like: accepted, without effect
};

// What stands behind the words of a verb.
enum class Argument {
    none,
    database,             // required
    optional_database,    // all when left out
    number,               // a client's, of SHOW CLIENTS
    assignment,           // key = value
    word,                 // one of those of its own
    anything,             // judged elsewhere
};

struct VerbRow {
    Verb verb;
    std::string_view words;      // in capitals; empty for those that are not commands of ours
    Argument argument;
    ConsoleRole least;           // stats: whoever is in the console
    std::string_view tag;        // of CommandComplete
    std::string_view form;       // of the argument, for help
    std::string_view help;
};

inline constexpr auto verb_rows = std::to_array<VerbRow>({
    {Verb::show, "SHOW", Argument::anything, ConsoleRole::stats, "SHOW", "", "see below"},
    {Verb::set, "SET", Argument::assignment, ConsoleRole::admin, "SET", "key = value", "changes a limit until the next reload"},
    {Verb::reload, "RELOAD", Argument::none, ConsoleRole::admin, "RELOAD", "", "reads the configuration file anew"},
    {Verb::pause, "PAUSE", Argument::optional_database, ConsoleRole::admin, "PAUSE", "[db]", "gives nobody a server, and waits until none is held"},
    {Verb::resume, "RESUME", Argument::optional_database, ConsoleRole::admin, "RESUME", "[db]", "ends PAUSE and KILL"},
    {Verb::disable, "DISABLE", Argument::database, ConsoleRole::admin, "DISABLE", "db", "refuses new clients"},
    {Verb::enable, "ENABLE", Argument::database, ConsoleRole::admin, "ENABLE", "db", "ends DISABLE"},
    {Verb::reconnect, "RECONNECT", Argument::optional_database, ConsoleRole::admin, "RECONNECT", "[db]", "replaces every server as it comes free"},
    {Verb::kill, "KILL", Argument::optional_database, ConsoleRole::admin, "KILL", "[db]", "ends all clients and servers, and pauses"},
    {Verb::kill_client, "KILL_CLIENT", Argument::number, ConsoleRole::admin, "KILL_CLIENT", "id", "ends one client's session"},
    {Verb::wait_close, "WAIT_CLOSE", Argument::optional_database, ConsoleRole::admin, "WAIT_CLOSE", "[db]", "waits until RECONNECT has replaced all"},
    {Verb::suspend, "SUSPEND", Argument::none, ConsoleRole::admin, "SUSPEND", "", "is not supported: use PAUSE"},
    {Verb::shutdown, "SHUTDOWN", Argument::word, ConsoleRole::admin, "SHUTDOWN", "[WAIT_FOR_SERVERS | WAIT_FOR_CLIENTS]", "ends the daemon"},
    {Verb::drain, "DRAIN", Argument::none, ConsoleRole::admin, "DRAIN", "", "ends the daemon as SIGTERM does: within drain_timeout"},
    {Verb::unpin, "UNPIN", Argument::number, ConsoleRole::admin, "UNPIN", "id", "takes its server from a client that keeps it between transactions"},
    {Verb::breaker, "BREAKER", Argument::word, ConsoleRole::admin, "BREAKER", "OPEN | CLOSE | AUTO [db]", "forces the breaker, or lets it decide again"},
    {Verb::probe, "PROBE UPSTREAM", Argument::optional_database, ConsoleRole::admin, "PROBE", "[db]", "forgets what was learned of the upstream, and tries a login"},
    {Verb::ping, "", Argument::anything, ConsoleRole::stats, "SELECT", "", ""},
    {Verb::nothing, "", Argument::anything, ConsoleRole::stats, "SET", "", ""},
});

constexpr const VerbRow& row_of(Verb verb) { return verb_rows[static_cast<std::size_t>(verb)]; }

constexpr bool verb_rows_are_in_order() {
    for (std::size_t i = 0; i < verb_rows.size(); ++i)
        if (verb_rows[i].verb != static_cast<Verb>(i)) return false;
    return verb_rows.back().verb == Verb::nothing;
}
static_assert(verb_rows_are_in_order());

constexpr bool may(ConsoleRole role, ConsoleRole least) { return role != ConsoleRole::none && role >= least; }

// The text of SHOW HELP, made from this table and that of the SHOWs.
std::string help_text();

}  // namespace pgweir::proxy
