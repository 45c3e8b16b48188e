// What a statement's text may do to its session, judged by its words alone. Coarse on
// purpose, on the safe side: what is said here only makes pgweir ask the server
// afterwards (core/survey), so a wrong yes costs a round trip and a wrong no would be a
// leak. Never fails, whatever the text. Only for texts in encodings whose bytes below 0x80
// are ASCII: not the opaque ones (client_session.cpp).
#pragma once

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

class WatchedNames;

// Kinds of session state. Bits of a set.
enum class Effect : std::uint16_t {
    settings = 1 << 0,            // SET, RESET, set_config and whatever else may outlive its transaction
    advisory_lock = 1 << 1,       // takes one for the session
    advisory_unlock = 1 << 2,     // gives some back
    temporary_object = 1 << 3,    // makes one, or drops something that may be one
    holdable_cursor = 1 << 4,     // declares one WITH HOLD
    cursor_close = 1 << 5,        // CLOSE, outside which no holdable cursor ends
    prepared_statement = 1 << 6,  // SQL-level PREPARE, DEALLOCATE
    listening = 1 << 7,           // LISTEN, UNLISTEN, and looking at what they have done
    sequence_advance = 1 << 8,    // nextval or setval by name: defines currval for the session
    sequence_use = 1 << 9,        // currval or lastval: needs what this session's server remembers
    library = 1 << 10,            // LOAD, dblink_connect: what no survey shows and no DISCARD ends
    unseen = 1 << 11,             // may set anything: it runs another text (DO, EXECUTE, CALL when nothing is watched), or cannot
                                  // be read with certainty
    watched = 1 << 12,            // a watched name: what it leaves can be found
    uncarried = 1 << 13,          // sets what no other server can be given: the seed of random(), a setting whose name is not in
                                  // the text
};

class Effects {
public:
    constexpr Effects() = default;
    constexpr Effects(Effect effect) : bits_(static_cast<std::uint16_t>(effect)) {}   // NOLINT: a set of one
    constexpr bool has(Effects any_of) const { return (bits_ & any_of.bits_) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr Effects& operator|=(Effects other) {
        bits_ = static_cast<std::uint16_t>(bits_ | other.bits_);
        return *this;
    }
    constexpr void take_away(Effects others) { bits_ = static_cast<std::uint16_t>(bits_ & ~others.bits_); }
    friend constexpr Effects operator|(Effects left, Effects right) { return left |= right; }
    friend constexpr bool operator==(Effects, Effects) = default;

private:
    std::uint16_t bits_ = 0;
};

// Statements that may be answered without a server when the client's session is as they
// would leave it, or that we must act upon. Only when the text is exactly that.
enum class Form : std::uint8_t {
    other,
    empty,                // the whole text is white space, comments and semicolons
    begin,                // BEGIN or START TRANSACTION with PostgreSQL's own options, each spelled exactly
    commit,               // COMMIT or END [WORK | TRANSACTION], without CHAIN
    rollback,             // ROLLBACK or ABORT likewise, without TO
    discard_all,
    reset_all,
    reset,                // RESET name: `name`
    close_all,
    unlisten_all,         // UNLISTEN *
    advisory_unlock_all,  // SELECT [pg_catalog.]pg_advisory_unlock_all()
    deallocate_all,       // DEALLOCATE [PREPARE] ALL
    deallocate,           // DEALLOCATE [PREPARE] name: `name`
    listen,               // LISTEN name
    unlisten,             // UNLISTEN name
    prepare,              // PREPARE name [(...)] AS: `name`
    execute,              // EXECUTE name [(...]: `name`. A caller that knows what was prepared under it takes
                          // that text's effects instead of `unseen`
};

struct Statement {
    Form form = Form::other;
    // The identifier a form speaks of, as it stands in the text, quotes included; with RESET also
    // several with dots between them. plain_name (core/sql_scanner) always knows what it is. Lifetime: the text given.
    std::string_view name = {};
};

// A setting that goes back to what PostgreSQL has for it, after which one of our making must be set again.
struct SettingReset {
    std::string_view name;   // as SettingWords::name
    bool is_local = false;   // until the end of the transaction
};

struct StatementTraits {
    Effects effects;
    // The state it will leave must keep its server: a lock, temporary object, holdable cursor or library.
    bool predicts_pin = false;
    // COMMIT, END, PREPARE TRANSACTION or COMMIT PREPARED is among them, or what may commit inside (DO,
    // CALL), or the text cannot be read with certainty.
    bool commits = false;
    // CREATE or ALTER is among them.
    bool defines = false;
    // A setting is changed, were it only for the transaction.
    bool changes_settings = false;
    // The number of statements whose tag will be SET though nothing outlives the transaction
    // (SET LOCAL, SET TRANSACTION); their `effects` say nothing. Never too many; 0 when in doubt.
    std::uint8_t local_sets = 0;
    // Every statement of the text, in order, when there are at most four and the text can be read with
    // certainty; empty otherwise. A text without any is one `empty`. A semicolon too many adds none, as
    // PostgreSQL answers nothing for it.
    boost::container::small_vector<Statement, 4> statements = {};
    // The names of settings with a dot in them that SET, RESET or set_config speaks of: PostgreSQL
    // does not list those, so they must be asked for. As they stand in the text; plain_name
    // (core/sql_scanner) always knows what they are. Lifetime: the text given.
    boost::container::small_vector<std::string_view, 2> custom_settings = {};
    // What RESET, DISCARD ALL or SET ... TO DEFAULT takes back and no later statement sets. Nothing is
    // said of set_config with NULL.
    boost::container::small_vector<SettingReset, 2> resets = {};
};

// `watched`: names that stand for functions, tables or views that may do such things
// inside; may be null. Lifetime of what is returned: the text.
StatementTraits traits_of(std::string_view sql, const WatchedNames* watched);

}  // namespace pgweir::proxy
