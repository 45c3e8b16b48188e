#include "proxy/core/local_answers.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/failed_block.hpp"
#include "proxy/core/sql_scanner.hpp"

#include <algorithm>
#include <string>

namespace pgweir::proxy {
namespace {

bool stands_as_at_startup(const ClientSession& session) { return is_same(session.settings, session.startup); }

bool is_prepared(const ClientSession& session, const std::string& name) {
    const auto known = session.statements.find(name);
    if (known != session.statements.end()) return known->second.pending_in == 0;
    return std::any_of(session.prepared.begin(), session.prepared.end(), [&](const auto& one) { return one.first == name; });
}

// Between transactions.
bool is_answered_idle(const Statement& statement, const ClientSession& session) {
    switch (statement.form) {
    case Form::empty:
    case Form::begin:
    case Form::close_all:
    case Form::unlisten_all:
    case Form::unlisten:
    case Form::advisory_unlock_all:
    case Form::deallocate_all: return true;
    case Form::discard_all:
    case Form::reset_all: return session.is_stuck || stands_as_at_startup(session);
    case Form::reset: {
        if (session.is_stuck) return true;
        const std::string name = plain_name(statement.name).value_or("");
        const std::string* now = value_of(session.settings->settings, name);
        const std::string* then = value_of(session.startup->settings, name);
        return now != nullptr && then != nullptr && *now == *then;
    }
    case Form::deallocate: return is_prepared(session, plain_name(statement.name).value_or(""));
    case Form::commit:   // a warning is due
    case Form::rollback:
    case Form::listen:
    case Form::prepare:
    case Form::execute:
    case Form::other: return false;
    }
    return false;
}

// Those that may stand together in one text and still be answered here.
bool may_be_joined(Form form) {
    switch (form) {
    case Form::close_all:
    case Form::unlisten_all:
    case Form::advisory_unlock_all:
    case Form::deallocate_all:
    case Form::reset_all: return true;
    default: return false;
    }
}

void forget_prepared(ClientSession& session, const std::string& name) {
    session.statements.erase(name);
    std::erase_if(session.prepared, [&](const auto& one) { return one.first == name; });
}

void forget_all_prepared(ClientSession& session) {
    session.statements.clear();
    session.prepared.clear();
}

// Lets a setting stand as at startup again, or, without a name, all but whom the client has become.
void take_back(ClientSession& session, const std::string& name) {
    const auto is_meant = [&name](const auto& setting) {
        return name.empty() ? setting.first != "role" && setting.first != "session_authorization" : setting.first == name;
    };
    SessionSettings settings = session.settings->settings;
    std::erase_if(settings, is_meant);
    for (const auto& setting : session.startup->settings)
        if (is_meant(setting)) settings.push_back(setting);
    std::sort(settings.begin(), settings.end());
    session.settings = make_standing(std::move(settings));
    session.is_stuck = false;
}

void answer_commit(ClientSession& session, std::vector<std::byte>& out) {
    const bool has_failed = session.deferred == Deferred::failed;
    if (!refuses_commit(session, out)) protocol::write_command_complete(out, has_failed ? "ROLLBACK" : "COMMIT");
}

void answer_rollback(ClientSession& session, std::vector<std::byte>& out) {
    session.deferred = Deferred::none;
    session.undone = {};
    protocol::write_command_complete(out, "ROLLBACK");
}

void answer_one(const Statement& statement, std::string_view sql, Description description, ClientSession& session,
                std::vector<std::byte>& out) {
    switch (statement.form) {
    case Form::empty: protocol::write_bare(out, protocol::BackendType::empty_query_response); return;
    case Form::begin:
        session.deferred = Deferred::begun;
        session.begin = sql;
        protocol::write_command_complete(out, SqlScanner(sql).next().is("start") ? "START TRANSACTION" : "BEGIN");
        return;
    case Form::commit: answer_commit(session, out); return;
    case Form::rollback: answer_rollback(session, out); return;
    case Form::discard_all:
        forget_all_prepared(session);
        session.channels.clear();
        session.settings = session.startup;
        session.is_stuck = false;
        protocol::write_command_complete(out, "DISCARD ALL");
        return;
    case Form::reset_all:
    case Form::reset:
        if (session.is_stuck) take_back(session, statement.form == Form::reset ? plain_name(statement.name).value_or("") : std::string());
        protocol::write_command_complete(out, "RESET");
        return;
    case Form::close_all: protocol::write_command_complete(out, "CLOSE CURSOR ALL"); return;
    case Form::unlisten_all:
        session.channels.clear();
        protocol::write_command_complete(out, "UNLISTEN");
        return;
    case Form::unlisten:
        std::erase(session.channels, plain_name(statement.name).value_or(""));
        protocol::write_command_complete(out, "UNLISTEN");
        return;
    case Form::advisory_unlock_all:
        if (description == Description::wanted) protocol::write_void_row_description(out, "pg_advisory_unlock_all");
        protocol::write_empty_value_row(out);
        protocol::write_command_complete(out, "SELECT 1");
        return;
    case Form::deallocate_all:
        forget_all_prepared(session);
        protocol::write_command_complete(out, "DEALLOCATE ALL");
        return;
    case Form::deallocate:
        forget_prepared(session, plain_name(statement.name).value_or(""));
        protocol::write_command_complete(out, "DEALLOCATE");
        return;
    case Form::listen:
    case Form::prepare:
    case Form::execute:
    case Form::other: return;
    }
}

}  // namespace

bool is_answered_here(const StatementTraits& traits, const ClientSession& session) {
    if (traits.statements.empty() || session.is_text_opaque) return false;
    const Form first = traits.statements.front().form;
    if (session.deferred != Deferred::none)
        return traits.statements.size() == 1 && (first == Form::commit || first == Form::rollback || first == Form::empty);
    if (traits.statements.size() == 1) return is_answered_idle(traits.statements.front(), session);
    return std::all_of(traits.statements.begin(), traits.statements.end(), [&](const Statement& statement) {
        return may_be_joined(statement.form) && is_answered_idle(statement, session);
    });
}

void answer_here(const StatementTraits& traits, std::string_view sql, Description description, ClientSession& session,
                 std::vector<std::byte>& out) {
    for (const Statement& statement : traits.statements) answer_one(statement, sql, description, session, out);
}

}  // namespace pgweir::proxy
