// What is put in front of a client's message, or in its place, so that the server has what the
// message speaks of.
#include "proxy/core/translator.hpp"

#include "protocol/frontend.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_errors.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

using protocol::FrontendType;
using protocol::Origin;

namespace {

// Statements no longer wanted that are closed along with one message. Chosen: enough to keep up.
constexpr std::size_t max_closed_at_once = 16;

// PostgreSQL: postgres.c, IsTransactionExitStmt.
bool ends_transaction(std::string_view sql) {
    const SqlToken first = SqlScanner(sql).next();
    return first.is("commit") || first.is("end") || first.is("rollback") || first.is("abort") || first.is("prepare");
}

}  // namespace

// What others have had of sequences must not be seen. True: the server's unnamed statement is gone. Between
// messages that have no Sync yet there is no room for it.
bool Translator::clear_sequences(const StatementSummary& summary, Outgoing& out) {
    const bool may_see = work_.has_foreign_sequences && work_.would_ask_for_past(summary);
    if (!may_see || !exchange_.is_complete() || is_in_failed_transaction()) return false;
    work_.has_foreign_sequences = false;
    protocol::write_query(out.insert(), "DISCARD SEQUENCES");
    exchange_.sent(FrontendType::query, Origin::proxy);
    return true;
}

// A client that speaks in SQL of what it has prepared by message, in other ways than drivers do, has the
// server for itself from now on, and its statements there under its own names.
void Translator::own_if_named(const StatementSummary& summary, Outgoing& out) {
    const bool is_named = std::any_of(summary.named_statements.begin(), summary.named_statements.end(),
                                      [this](const std::string& name) { return session_.statements.contains(name); });
    if (!is_named || !may_rewrite() || is_in_failed_transaction()) return;
    owns_server_ = result_.owns_server = true;
    const bool is_alone = !exchange_.wants_sync();
    for (const auto& [name, named] : session_.statements) {
        if (!named.text) continue;
        ++result_.server_parses;
        protocol::write_parse(out.insert(), name, named.text->definition);
        exchange_.sent(FrontendType::parse, Origin::proxy);
        if (!is_alone) continue;   // its own Sync is to come
        protocol::write_sync(out.insert());
        exchange_.sent(FrontendType::sync, Origin::proxy);
    }
}

// Makes the unnamed statement on the server the client's own, or none.
void Translator::use_unnamed(Outgoing& out) {
    if (standing_.unnamed == session_.unnamed.parsed) return;
    if (session_.unnamed.parsed == 0 || session_.unnamed.definition.empty()) {
        protocol::write_close_statement(out.insert(), {});
        note_sent(FrontendType::close, Origin::proxy, Note{.kind = Note::Kind::replay, .stood = standing_.unnamed});
        standing_.unnamed = session_.unnamed.parsed = 0;
        return;
    }
    ++result_.server_parses;
    protocol::write_parse(out.insert(), {}, session_.unnamed.definition);
    const ParseNumber stood = std::exchange(standing_.unnamed, session_.unnamed.parsed);
    note_sent(FrontendType::parse, Origin::stand_in, Note{.kind = Note::Kind::replay, .parsed = standing_.unnamed, .stood = stood});
}

// The server's statement for one of the client's, put there now if it is not, or if it is
// older than the client's own Parse. Lifetime of what is returned: until the next statement.
ServerStatement& Translator::make_ready(const NamedStatement& named, Outgoing& out) {
    ServerStatement* statement = standing_.statements.find(*named.text, environment());
    if (statement != nullptr && statement->parsed >= named.parsed) return *statement;
    if (statement != nullptr) standing_.statements.erase(*named.text, environment(), true);
    while (standing_.statements.shrink(rules_.max_statements - 1)) {}
    close_stale(out);
    ServerStatement& fresh = standing_.statements.add(named.text, environment(), next_parse_number());
    ++result_.server_parses;
    protocol::write_parse(out.insert(), name_of(fresh.name), named.text->definition);
    note_sent(FrontendType::parse, Origin::stand_in, Note{.kind = Note::Kind::replay, .name = fresh.name});
    return fresh;
}

// A client that was told what a statement gives reads its rows by that, so a server that
// has parsed it anew must give the same. It is asked, and the client's message waits.
void Translator::ask_shape(const ServerStatement& statement, Outgoing& out) {
    protocol::write_describe_statement(out.insert(), name_of(statement.name));
    note_sent(FrontendType::describe, Origin::stand_in, Note{.kind = Note::Kind::describe, .name = statement.name});
    protocol::write_flush(out.insert());
    work_.awaits_description = true;
}

// In a failed transaction the server cannot be given a statement that it lacks, and PostgreSQL would not run it,
// except to end the transaction. False: nothing was refused.
bool Translator::refuse_aborted(const NamedStatement& named, std::string_view routine, const ClientFrame& frame, Outgoing& out) {
    if (!is_in_failed_transaction()) return false;
    const ServerStatement* statement = standing_.statements.find(*named.text, environment());
    const bool is_there = statement != nullptr && statement->parsed >= named.parsed;
    if (is_there || ends_transaction(named.text->sql())) return false;
    refuse(frame,
           statement_error(protocol::sqlstate::in_failed_sql_transaction, transaction_aborted, routine),
           out);
    return true;
}

void Translator::close_stale(Outgoing& out) {
    std::vector<std::uint32_t>& stale = standing_.statements.stale();
    for (std::size_t closed = 0; closed < max_closed_at_once && !stale.empty(); ++closed) {
        const std::uint32_t name = stale.back();
        stale.pop_back();
        protocol::write_close_statement(out.insert(), name_of(name));
        note_sent(FrontendType::close, Origin::proxy, Note{.kind = Note::Kind::close, .name = name});
    }
}

// The server must fail at this point as PostgreSQL would, transaction and pipeline with it;
// only the words are ours.
void Translator::refuse(const ClientFrame& frame, std::vector<std::byte> error, Outgoing& out) {
    out.skip(frame.here);
    protocol::write_describe_statement(out.insert(), no_statement);
    note_sent(FrontendType::describe, Origin::client, Note{.kind = Note::Kind::refused, .error = std::move(error)});
}

}  // namespace pgweir::proxy
