#include "proxy/core/failed_block.hpp"

#include "protocol/backend.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_errors.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::BackendType;
using protocol::Bytes;
using protocol::FrontendType;
using protocol::Reader;

// COMMIT or ROLLBACK, when that is all of the text.
Form ending(std::string_view sql, const ClientSession& session) {
    if (session.is_text_opaque) return Form::other;
    const StatementTraits traits = traits_of(sql, nullptr);
    if (traits.statements.size() != 1) return Form::other;
    const Form form = traits.statements.front().form;
    return form == Form::commit || form == Form::rollback ? form : Form::other;
}

Form ending_named(std::string_view name, const ClientSession& session) {
    if (name.empty()) {
        const std::string_view definition = session.unnamed.definition;
        return session.unnamed.parsed == 0 ? Form::other : ending(definition.substr(0, definition.find('\0')), session);
    }
    const auto known = session.statements.find(kept_name(name));
    return known == session.statements.end() || !known->second.text ? Form::other : ending(known->second.text->sql(), session);
}

bool is_taken(std::string_view name, const ClientSession& session) {
    const std::string kept = kept_name(name);
    return session.statements.contains(kept) ||
           std::any_of(session.prepared.begin(), session.prepared.end(), [&](const auto& one) { return one.first == kept; });
}

// A COMMIT of what is gone; any other goes on as a ROLLBACK.
bool refuses(Form form, ClientSession& session, std::vector<std::byte>& out) {
    return form == Form::commit && !session.undone.error.empty() && refuses_commit(session, out);
}

BlockAnswer parse(Bytes body, ClientSession& session, std::vector<std::byte>& out) {
    Reader reader(body);
    const std::string_view name = reader.cstring();
    const std::string_view definition = protocol::as_text(reader.rest());
    const std::string_view sql = reader.cstring();
    if (!reader.ok() || session.statements.size() >= max_client_statements) return BlockAnswer::fails;
    const Form form = ending(sql, session);
    if (form == Form::other) return BlockAnswer::fails;
    if (refuses(form, session, out)) return BlockAnswer::refused;
    StatementSummary summary = summary_of(traits_of(sql, nullptr));
    if (name.empty()) {
        session.unnamed = {.parsed = next_parse_number(), .definition = std::string(definition), .summary = std::move(summary)};
    } else if (is_taken(name, session)) {
        const std::vector<std::byte> error = statement_error(protocol::sqlstate::duplicate_prepared_statement,
                                                             "prepared statement \"" + kept_name(name) + "\" already exists",
                                                             "StorePreparedStatement");
        out.insert(out.end(), error.begin(), error.end());
        return BlockAnswer::refused;
    } else {
        // Known to this client alone: the table of texts is for those that many share.
        auto text = std::make_shared<const PreparedText>(PreparedText{std::string(definition), std::move(summary)});
        session.statements.emplace(kept_name(name), NamedStatement{.text = std::move(text), .parsed = next_parse_number()});
    }
    protocol::write_bare(out, BackendType::parse_complete);
    return BlockAnswer::answered;
}

BlockAnswer bind(Bytes body, BlockPortal& portal, ClientSession& session, std::vector<std::byte>& out) {
    Reader reader(body);
    reader.cstring();   // the portal
    const std::string_view name = reader.cstring();
    portal.form = reader.ok() ? ending_named(name, session) : Form::other;
    if (portal.form == Form::other) return BlockAnswer::fails;
    if (refuses(portal.form, session, out)) return BlockAnswer::refused;
    if (name.empty()) session.unnamed.is_bound = true;
    protocol::write_bare(out, BackendType::bind_complete);
    return BlockAnswer::answered;
}

BlockAnswer describe(Bytes body, const BlockPortal& portal, const ClientSession& session, std::vector<std::byte>& out) {
    Reader reader(body);
    const bool is_statement = reader.u8() == 'S';
    const std::string_view name = reader.cstring();
    const Form form = is_statement ? ending_named(name, session) : portal.form;
    if (!reader.ok() || form == Form::other) return BlockAnswer::fails;
    if (is_statement) protocol::write_no_parameters(out);
    protocol::write_bare(out, BackendType::no_data);
    return BlockAnswer::answered;
}

BlockAnswer execute(BlockPortal& portal, ClientSession& session, std::vector<std::byte>& out) {
    if (std::exchange(portal.form, Form::other) == Form::other) return BlockAnswer::fails;
    session.deferred = Deferred::none;
    session.undone = {};
    protocol::write_command_complete(out, "ROLLBACK");
    return BlockAnswer::answered;
}

}  // namespace

void write_transaction_failed(ClientSession& session, std::vector<std::byte>& out) {
    Undone& undone = session.undone;
    if (undone.error.empty() || std::exchange(undone.is_told, true)) {
        const std::vector<std::byte> error =
            statement_error(protocol::sqlstate::in_failed_sql_transaction, transaction_aborted, {});
        out.insert(out.end(), error.begin(), error.end());
        return;
    }
    out.insert(out.end(), undone.error.begin(), undone.error.end());
    if (session.deferred == Deferred::none) undone = {};
}

bool refuses_commit(ClientSession& session, std::vector<std::byte>& out) {
    session.deferred = Deferred::none;
    const Undone undone = std::exchange(session.undone, {});
    out.insert(out.end(), undone.error.begin(), undone.error.end());
    return !undone.error.empty();
}

BlockAnswer answer_in_block(const ClientFrame& frame, Bytes body, BlockPortal& portal, ClientSession& session,
                            std::vector<std::byte>& out) {
    if (frame.is_large()) return BlockAnswer::fails;
    switch (frame.type) {
    case FrontendType::parse: return parse(body, session, out);
    case FrontendType::bind: return bind(body, portal, session, out);
    case FrontendType::describe: return describe(body, portal, session, out);
    case FrontendType::execute: return execute(portal, session, out);
    default: return BlockAnswer::fails;
    }
}

bool begins_with_rollback(std::string_view sql) {
    SqlScanner scanner(sql);
    const SqlToken first = scanner.next();
    if (!first.is("rollback") && !first.is("abort")) return false;
    SqlToken token = scanner.next();
    if (token.is("work") || token.is("transaction")) token = scanner.next();
    return token.is(';') && scanner.is_certain();
}

}  // namespace pgweir::proxy
