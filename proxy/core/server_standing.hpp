// What stands in the session of one server connection: settings, prepared statements, and
// what it has reported. Owned by the connection and used by the thread that holds it.
#pragma once

#include "proxy/core/prepared_text.hpp"
#include "proxy/core/session_settings.hpp"
#include "proxy/core/welcome.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pgweir::proxy {

// Settings as a whole, shared by the clients and servers that stand so. Immutable.
struct Standing {
    SessionSettings settings;
    std::uint64_t environment = 0;   // environment_of(settings)
};
using StandingPtr = std::shared_ptr<const Standing>;

StandingPtr make_standing(SessionSettings settings);
// Whether two stand alike, whoever made them.
bool is_same(const StandingPtr& left, const StandingPtr& right);

// SQL-level prepared statements of a session: name, and the PREPARE that made it.
using PreparedSql = std::vector<std::pair<std::string, std::string>>;

// The number of a Parse, over all clients and servers of the daemon: which of two came first.
using ParseNumber = std::uint64_t;
ParseNumber next_parse_number();

// One statement as a server has it. Its name there is never used again for another one.
struct ServerStatement {
    PreparedTextPtr text;
    std::uint64_t environment = 0;   // in which it was parsed
    std::uint32_t name = 0;          // see name_of
    ParseNumber parsed = 0;          // when
    std::uint64_t shape = 0;         // hash of its description; 0: not known
};

// The prepared statements that pgweir has made on one server, the least recently used last.
class ServerStatements {
public:
    // The statement of that text and environment; null when the server does not have it.
    // Touches it. Lifetime: until the next add or erase.
    ServerStatement* find(const PreparedText& text, std::uint64_t environment);
    // Requires: not there.
    ServerStatement& add(PreparedTextPtr text, std::uint64_t environment, ParseNumber number);
    // It is gone, or must not be used any more; its name is to be closed when `must_close`.
    void erase(const PreparedText& text, std::uint64_t environment, bool must_close);
    // The same for whatever has that name, if anything has.
    void erase_name(std::uint32_t name, bool must_close);

    // Whatever has that name; null when none has.
    ServerStatement* find_name(std::uint32_t name);

    // Takes the least recently used one off when there are more than `most`. True: there was one.
    bool shrink(std::size_t most);

    // Names that still stand on the server and are to be closed there.
    std::vector<std::uint32_t>& stale() { return stale_; }
    std::uint32_t fresh_name() { return next_name_++; }
    std::size_t size() const { return by_use_.size(); }

    // All are gone: DISCARD ALL, DEALLOCATE ALL, or a new connection.
    void clear();

private:
    struct Key {
        const PreparedText* text;
        std::uint64_t environment;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const {
            return std::hash<const void*>{}(key.text) ^ static_cast<std::size_t>(key.environment * 0x9e3779b97f4a7c15U);
        }
    };
    using Place = std::list<ServerStatement>::iterator;
    void erase(Place place, bool must_close);

    std::list<ServerStatement> by_use_;   // the one used last in front
    std::unordered_map<Key, Place, Hash> places_;
    std::vector<std::uint32_t> stale_;
    std::uint32_t next_name_ = 1;
};

// The name of a statement of ours on a server, and one that no statement ever has.
std::string name_of(std::uint32_t name);
constexpr std::string_view no_statement = "pgweir_0";

struct ServerStanding {
    // Everything but what it has reported is as after a login: a DISCARD ALL has run.
    void reset();

    StandingPtr settings;           // on top of the baseline; never null
    PreparedSql prepared;           // SQL-level, of the client that was served last
    ServerStatements statements;
    ParseNumber unnamed = 0;        // whose Parse made the unnamed statement that stands; 0: none stands
    std::shared_ptr<const Welcome> reported;   // what it has reported of its parameters; may be null
};

// A ParameterStatus that means nothing: Supavisor sends it every minute to a session that rests, in a transaction
// too; its application_name is what it was (field facts).
inline bool is_heartbeat(std::string_view name, std::string_view value) { return name == "application_name" && value == "Supavisor"; }

}  // namespace pgweir::proxy
