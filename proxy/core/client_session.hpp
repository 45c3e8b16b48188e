// What a client's session is, wherever it is served: its settings, prepared statements,
// channels, and a transaction that has begun in name only. What PostgreSQL would keep in
// one backend is kept here and carried to whichever server the client gets. A value of
// the client's.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message_type.hpp"
#include "proxy/core/prepared_text.hpp"
#include "proxy/core/sql_characters.hpp"
#include "proxy/core/server_standing.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// Most named statements of one client. PostgreSQL has no limit; drivers keep a few hundred. Chosen.
constexpr std::size_t max_client_statements = 10'000;

// What is longer in a message names the same statement as that much of it does.
inline std::string kept_name(std::string_view name) { return std::string(name.substr(0, max_identifier)); }

struct NamedStatement {
    PreparedTextPtr text = {};     // null: too large to keep, known to its server by the client's own name
    ParseNumber parsed = 0;
    std::uint64_t told_shape = 0;  // hash of the description that the client was given; 0: none
    std::uint32_t pending_in = 0;  // the segment its Parse was sent in; 0: it is known to have succeeded
};

// The unnamed statement: made by a Parse without a name, gone with the next Query.
struct UnnamedStatement {
    ParseNumber parsed = 0;          // 0: there is none
    std::string definition;          // as in PreparedText; empty when it was too large to keep
    StatementSummary summary;
    bool is_bound = false;           // a Bind has used it
};

// A transaction that was begun without a server.
enum class Deferred : std::uint8_t {
    none,
    begun,    // its BEGIN goes ahead of the first statement
    failed,   // that statement got no server, or the transaction lost its own: everything fails until ROLLBACK
};

// Why what a client has done is gone together with its server.
struct Undone {
    std::vector<std::byte> error;   // an ErrorResponse; empty: nothing is
    bool is_told = false;           // the client has read it. Its COMMIT fails nevertheless: drivers keep errors to themselves
};

struct ClientSession {
    StandingPtr startup;     // what the startup packet asked for: the values RESET goes back to. Never null
    StandingPtr settings;    // what a server must stand at. Never null
    std::unordered_map<std::string, NamedStatement> statements;
    UnnamedStatement unnamed;
    PreparedSql prepared;
    std::vector<std::string> channels;   // raw names
    // A server has refused the settings, perhaps because a role or schema is gone: RESET and DISCARD ALL are
    // answered without one, so that there is a way out.
    bool is_stuck = false;
    Deferred deferred = Deferred::none;
    std::string begin;                   // the text of a deferred BEGIN
    Undone undone;                       // until the end of its transaction, or, outside of a block, its next message
    std::shared_ptr<const Welcome> reported;   // what it believes of its server's parameters; may be null
    // client_encoding is one in which bytes that look like ASCII may be halves of other
    // characters: no text can be judged.
    bool is_text_opaque = false;

    protocol::TransactionStatus status() const;
};

// Whether it has a statement that was too large to keep.
bool has_large_statement(const ClientSession& session);

// Whether a NotificationResponse with that body is of one of the channels.
bool is_of(const std::vector<std::string>& channels, protocol::Bytes notification);

// Whether client_encoding among the settings is such a one.
bool has_opaque_encoding(const SessionSettings& settings);

}  // namespace pgweir::proxy
