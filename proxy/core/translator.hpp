// The way from a client to the server it holds. Most bytes go on as they came; messages that
// speak of named statements are rewritten to the names the server knows, what the server
// lacks is put in front of them, and what statements may do to the session is noted.
// A pure function of the states it is given; used for one run of bytes.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/exchange.hpp"
#include "proxy/core/client_frame.hpp"
#include "proxy/core/client_session.hpp"
#include "proxy/core/lease_work.hpp"
#include "proxy/core/outgoing.hpp"
#include "proxy/core/server_standing.hpp"
#include "proxy/core/watched_names.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Requests outstanding on one server; beyond it the client is not read until replies
// have come. Chosen: a blast of 20,000 pipelined four-message statements passes.
constexpr std::size_t max_outstanding = 100'000;

enum class ClientStop {
    none,        // all bytes were dealt with
    incomplete,  // the rest is the beginning of a frame
    terminate,   // the rest begins with Terminate
    violation,   // the rest is no message a client may send now
    backlog,     // max_outstanding is reached
    unsettled,   // the rest depends on replies that have not come yet
};

// What translating may rely on.
struct TranslatorRules {
    TextTable* texts = nullptr;
    const WatchedNames* watched = nullptr;   // may be null
    std::size_t max_statements = 500;       // of ours on one server
    // The server is the client's own, and its statements have the client's names: session pooling, or
    // an earlier Translation has said so.
    bool owns_server = false;
};

struct Translation {
    protocol::Bytes to_server{};    // Lifetime: the input's and the buffer's
    std::size_t taken = 0;          // bytes from the front of the input that were dealt with
    ClientStop stop = ClientStop::none;
    int statements = 0;             // Query and Execute messages among them
    int parses = 0;                 // Parse messages among them
    int server_parses = 0;          // Parse messages that went on, ours included
    int binds = 0;                  // Bind messages among them
    bool keeps_large = false;       // a named statement too large to be carried is among them
    bool owns_server = false;       // from now on the server must be the client's own
    NamesToWatch made;                   // to be watched from now on: see made_names
    std::string_view sql{};         // of the last statement, when it can be read. Lifetime: the input's and the session's
};

class Translator {
public:
    Translator(ClientSession& session, ServerStanding& standing, LeaseWork& work, protocol::Exchange& exchange, FrameCursor& cursor,
               const TranslatorRules& rules)
        : session_(session), standing_(standing), work_(work), exchange_(exchange), cursor_(cursor), rules_(rules), owns_server_(rules.owns_server) {}

    // `buffer` is used when something has to be rewritten.
    Translation run(protocol::Bytes bytes, std::vector<std::byte>& buffer);

private:
    ClientStop one(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    void pass(const ClientFrame& frame, Outgoing& out, protocol::Noted noted = protocol::Noted::no);
    void query(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    void note_made(const StatementTraits& traits, std::string_view sql);
    void add_executed(const std::string& name);
    bool speaks_of_named(const ClientFrame& frame, std::string_view sql, const Statement& statement, Outgoing& out);
    void execute_named(std::string_view sql, std::string_view word, const NamedStatement& named, const ClientFrame& frame, Outgoing& out);
    void deallocate_named(const std::string& name, const NamedStatement& named, const ClientFrame& frame, Outgoing& out);
    bool clear_sequences(const StatementSummary& summary, Outgoing& out);
    void own_if_named(const StatementSummary& summary, Outgoing& out);
    ClientStop parse(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    ClientStop parse_named(std::string_view name, std::string_view definition, const ClientFrame& frame, Outgoing& out);
    void parse_again(NamedStatement* known, std::string_view name, std::string_view definition, const ClientFrame& frame, Outgoing& out);
    ClientStop bind(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    ClientStop describe(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    void close(const ClientFrame& frame, protocol::Bytes body, Outgoing& out);
    void use_unnamed(Outgoing& out);
    ClientStop use_named(std::string_view name, NamedStatement*& found) const;
    bool refuse_aborted(const NamedStatement& named, std::string_view routine, const ClientFrame& frame, Outgoing& out);
    ServerStatement& make_ready(const NamedStatement& named, Outgoing& out);
    void ask_shape(const ServerStatement& statement, Outgoing& out);
    void close_stale(Outgoing& out);
    void refuse(const ClientFrame& frame, std::vector<std::byte> error, Outgoing& out);
    void note_sent(protocol::FrontendType type, protocol::Origin origin, Note note);
    void retain(protocol::Bytes segment);
    // Nothing is under way that may end it.
    bool is_in_failed_transaction() const {
        return exchange_.outstanding() == 0 && exchange_.status() == protocol::TransactionStatus::failed;
    }
    bool may_rewrite() const { return !owns_server_ && !exchange_.is_skipping(); }
    std::uint64_t environment() const { return work_.environment != 0 ? work_.environment : session_.settings->environment; }

    ClientSession& session_;
    ServerStanding& standing_;
    LeaseWork& work_;
    protocol::Exchange& exchange_;
    FrameCursor& cursor_;
    const TranslatorRules& rules_;
    Translation result_;
    bool owns_server_;
    // The segment in hand: where it began, and whether it is one that could be done again.
    std::size_t segment_begin_ = 0;
    bool is_repeatable_ = false;
    bool describes_portal_ = false;
    bool was_told_ = false;
};

}  // namespace pgweir::proxy
