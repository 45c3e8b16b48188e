#include "proxy/core/lease_work.hpp"

#include "proxy/core/hinted_settings.hpp"
#include "proxy/core/session_settings.hpp"
#include "proxy/core/sql_scanner.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using protocol::Outcome;

void finish(const Note& note, LeaseWork& work, ClientSession& session, ServerStanding& standing) {
    const auto named = session.statements.find(note.client_name);
    const bool has_name = !note.client_name.empty() && named != session.statements.end();
    switch (note.kind) {
    case Note::Kind::parse:
        if (has_name && named->second.parsed == note.parsed) named->second.pending_in = 0;
        break;
    case Note::Kind::deallocate:
        if (has_name && named->second.parsed == note.parsed) session.statements.erase(named);
        break;
    case Note::Kind::describe:
        // What an EXECUTE gives depends on what stands under the name it speaks of.
        if (has_name && named->second.text && !named->second.text->summary.effects.has(Effect::unseen))
            named->second.told_shape = work.description;
        if (ServerStatement* statement = standing.statements.find_name(note.name)) statement->shape = work.description;
        work.awaits_description = false;
        break;
    case Note::Kind::unnamed_parse:
    case Note::Kind::replay:
    case Note::Kind::close:
    case Note::Kind::client_close:
    case Note::Kind::bind:
    case Note::Kind::refused: break;
    }
}

// One that was skipped leaves what stood before. A later one may be on its way.
void undo_unnamed(const Note& note, Outcome outcome, ServerStanding& standing) {
    if (standing.unnamed == note.parsed) standing.unnamed = outcome == Outcome::failed ? 0 : note.stood;
}

void undo(Note& note, Outcome outcome, LeaseWork& work, ClientSession& session, ServerStanding& standing) {
    switch (note.kind) {
    case Note::Kind::parse:
        if (const auto named = session.statements.find(note.client_name);
            named != session.statements.end() && named->second.parsed == note.parsed)
            session.statements.erase(named);
        standing.statements.erase_name(note.name, false);
        break;
    case Note::Kind::replay:
        if (note.name != 0) standing.statements.erase_name(note.name, false);
        else undo_unnamed(note, outcome, standing);
        break;
    case Note::Kind::unnamed_parse:
        if (session.unnamed.parsed == note.parsed) {
            const bool stands_again = outcome == Outcome::skipped && note.unnamed_before;
            session.unnamed = stands_again ? std::move(*note.unnamed_before) : UnnamedStatement();
        }
        undo_unnamed(note, outcome, standing);
        break;
    case Note::Kind::close:
        if (outcome == Outcome::skipped) standing.statements.stale().push_back(note.name);
        break;
    case Note::Kind::client_close:
        // Its own Parse is settled by now, or undone after this.
        note.before.pending_in = 0;
        if (outcome == Outcome::skipped) session.statements.try_emplace(note.client_name, std::move(note.before));
        break;
    case Note::Kind::deallocate:
        --work.own_deallocates;
        standing.statements.stale().push_back(note.name);
        break;
    case Note::Kind::describe: work.awaits_description = false; break;
    case Note::Kind::bind:
    case Note::Kind::refused: break;
    }
}

// Whether a text that sets something may set what decides how statements are understood: not
// when setting one thing is all it does, and that is known to have no part in it.
bool may_change_environment(const StatementSummary& summary, std::string_view sql) {
    if (summary.local_sets != 1 || summary.effects.has(Effect::settings)) return true;
    SqlScanner scanner(sql.substr(0, sql.find('\0')));
    if (!scanner.next().is("set")) return true;
    SqlToken name = scanner.next();
    if (name.is("local")) name = scanner.next();
    const bool is_harmless = !summary.custom_settings.empty() || name.is("transaction") ||
                             (name.kind == SqlTokenKind::word && !decides_understanding(plain_name(name.text).value_or("")));
    if (!is_harmless) return true;
    for (SqlToken token = name; token.kind != SqlTokenKind::end; token = scanner.next())
        if (token.is(';')) return scanner.next().kind != SqlTokenKind::end;
    return false;
}

}  // namespace

void LeaseWork::settle(protocol::Exchange& exchange, ClientSession& session, ServerStanding& standing) {
    failure.reset();
    if (!exchange.has_outcomes()) return;
    outcomes.clear();
    exchange.take_outcomes(outcomes);
    std::vector<std::pair<Note, Outcome>> undone;
    for (const Outcome outcome : outcomes) {
        if (notes.empty()) return;
        Note note = std::move(notes.front());
        notes.pop_front();
        if (outcome == Outcome::done) finish(note, *this, session, standing);
        else undone.emplace_back(std::move(note), outcome);
    }
    // What was built upon something is taken away before it.
    for (auto last = undone.rbegin(); last != undone.rend(); ++last) undo(last->first, last->second, *this, session, standing);
    if (!undone.empty() && undone.front().second == Outcome::failed) failure = std::move(undone.front().first);
}

void LeaseWork::abandon(ClientSession& session, ServerStanding& standing) {
    for (auto last = notes.rbegin(); last != notes.rend(); ++last) undo(*last, Outcome::skipped, *this, session, standing);
    notes.clear();
}

bool LeaseWork::would_ask_for_past(const StatementSummary& summary) const {
    return summary.effects.has(Effect::sequence_use) && !has_advanced && !effects.has(Effect::sequence_advance) &&
           !summary.effects.has(Effect::sequence_advance);
}

void LeaseWork::add(const StatementSummary& summary, std::string_view sql) {
    may_commit |= summary.commits;
    ends_block = summary.ends_block;
    local_sets += summary.local_sets;
    if (summary.effects.empty() && !summary.changes_settings) return;
    asks_for_past |= would_ask_for_past(summary);
    effects |= summary.effects;
    if (summary.forgets_statements) forgetting = next_parse_number();
    // What must be known before the client's next message is understood.
    is_barred |= summary.effects.has(Effects(Effect::settings) | Effect::prepared_statement | Effect::listening | Effect::unseen | Effect::watched);
    is_barred |= !summary.resets.empty() || !summary.local_resets.empty();
    resets.insert(resets.end(), summary.resets.begin(), summary.resets.end());
    local_resets.insert(local_resets.end(), summary.local_resets.begin(), summary.local_resets.end());
    unlistened.insert(unlistened.end(), summary.unlistened.begin(), summary.unlistened.end());
    const auto add_setting = [this](const std::string& name) {
        if (std::find(custom_settings.begin(), custom_settings.end(), name) == custom_settings.end()) custom_settings.push_back(name);
    };
    std::for_each(summary.custom_settings.begin(), summary.custom_settings.end(), add_setting);
    const bool is_dark = summary.effects.has(Effects(Effect::unseen) | Effect::watched);
    if (is_dark) {
        const std::vector<std::string> hinted = hinted_settings(sql.substr(0, sql.find('\0')));
        std::for_each(hinted.begin(), hinted.end(), add_setting);
    }
    if (is_dark || (summary.changes_settings && may_change_environment(summary, sql))) environment = next_parse_number();
}

}  // namespace pgweir::proxy
