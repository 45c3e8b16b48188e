// What is going on between one client and the server it holds: what was sent that must be
// remembered until its outcome is known, and what the statements run so far may have left
// in the session. Belongs to the lease.
#pragma once

#include "protocol/exchange.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/server_standing.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// A request whose outcome changes what we know of the client's or the server's statements.
struct Note {
    enum class Kind : std::uint8_t {
        parse,          // the client's, with a name
        unnamed_parse,  // the client's
        replay,         // ours, for the client; without a name the unnamed statement, or the Close of it
        close,          // ours, of a server statement no longer wanted
        client_close,   // the client's
        describe,       // of a statement: the client's, or ours to compare with what the client was told
        bind,           // of a named statement
        deallocate,     // a Query that stands for the DEALLOCATE of a named statement
        refused,        // sent to fail, so that the client can be given an error of ours in its place
    };
    Kind kind;
    std::uint32_t name = 0;                  // of the server's statement
    ParseNumber parsed = 0;                  // parse, unnamed_parse, replay of the unnamed one
    ParseNumber stood = 0;                   // of an unnamed one: what stood on the server before
    std::string client_name = {};
    NamedStatement before = {};              // client_close: what it took away
    std::unique_ptr<UnnamedStatement> unnamed_before = {};   // unnamed_parse: what it replaced, if it may yet be skipped
    std::vector<std::byte> error = {};       // refused: a whole ErrorResponse
};

// Those after which something may be left in the session, and those that may end it.
constexpr Effects leaving_effects = Effects(Effect::settings) | Effect::advisory_lock | Effect::temporary_object |
                                    Effect::holdable_cursor | Effect::prepared_statement | Effect::listening |
                                    Effect::library | Effect::unseen | Effect::watched | Effect::uncarried;
constexpr Effects ending_effects = Effects(Effect::advisory_unlock) | Effect::cursor_close;

// A segment with a single Bind is done again when its statement has become unusable; and one that must not fail,
// when its server is lost.
struct Repetition {
    std::vector<std::byte> segment;   // the client's messages; empty: it cannot be done again
    bool has_answered = false;        // the client has seen a reply to it
    bool has_begun = false;           // it is done again already
    bool swallows = false;            // the replies up to ReadyForQuery are of the attempt that failed
};

struct LeaseWork {
    // Takes in what has become of noted requests.
    void settle(protocol::Exchange& exchange, ClientSession& session, ServerStanding& standing);

    // The server is lost: nothing that is noted will ever be answered.
    void abandon(ClientSession& session, ServerStanding& standing);

    // Notes what a statement about to run may do.
    void add(const StatementSummary& summary, std::string_view sql);

    // currval or lastval, and nothing in this lease has advanced a sequence.
    bool would_ask_for_past(const StatementSummary& summary) const;

    // Settings of our making must be set again before the client goes on.
    bool wants_restoring() const { return !resets.empty() || !local_resets.empty(); }

    // The server must be asked what the client has left before somebody else gets it, or
    // because something that was left may be gone.
    bool wants_survey(bool is_pinned) const { return effects.has(leaving_effects) || (is_pinned && effects.has(ending_effects)); }

    std::deque<Note> notes;
    // The request that the last error answered, if it was noted; taken by whoever deals with the error.
    std::optional<Note> failure;

    // Since the lease began, or the session was last surveyed.
    Effects effects;
    int local_sets = 0;               // commands to come whose tag is SET and that leave nothing
    int own_deallocates = 0;          // commands to come whose tag is DEALLOCATE and that are about no SQL-level statement
    bool has_forgotten = false;       // DEALLOCATE ALL or DISCARD ALL was among them
    ParseNumber forgetting = 0;       // one is outstanding, which all older statements do not outlive; 0: none is
    std::optional<protocol::TransactionStatus> held_ready;   // a ReadyForQuery that the client gets when its settings stand again
    bool has_advanced = false;        // a sequence, perhaps, without naming it
    bool has_foreign_sequences = false;   // the server may remember what others have had of sequences
    bool asks_for_past = false;       // a statement was one that would
    bool may_commit = false;          // a COMMIT is among what is outstanding
    bool ends_block = false;          // what was sent last ends the transaction block, whatever becomes of it
    bool has_begun = false;           // the BEGIN that goes ahead of the client's first statement is not answered yet
    std::vector<std::string> resets;  // settings of our making that a RESET or DISCARD may have taken away; as in StatementSummary
    std::vector<std::string> local_resets;
    bool is_rolled_back = false;      // a ROLLBACK was among them: not all they did holds
    bool has_channels = false;        // the server listens to all that the client does
    std::vector<std::string> unlistened;   // raw channel names given up; "*" for all
    std::vector<std::string> custom_settings;
    // Nothing more of the client's may be sent until what is outstanding has been answered:
    // its effect on names and settings must be known first.
    bool is_barred = false;
    // In place of the session's own while a statement may have changed it; 0: the session's.
    std::uint64_t environment = 0;

    std::uint32_t segment = 1;        // counts Query and Sync messages: what an error may skip ends with one
    std::uint64_t description = 0;    // hash of the description that is coming in
    bool awaits_description = false;  // the client's next message waits for it

    Repetition repetition;
    std::vector<protocol::Outcome> outcomes;   // being taken in; kept for its memory
};

}  // namespace pgweir::proxy
