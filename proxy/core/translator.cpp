// Runs of messages, and those of the simple protocol.
#include "proxy/core/translator.hpp"

#include "protocol/frontend.hpp"
#include "proxy/core/made_names.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_errors.hpp"
#include "proxy/core/types_question.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

using protocol::Bytes;
using protocol::FrontendType;
using protocol::Noted;
using protocol::Origin;

namespace {

bool is_copy(FrontendType type) {
    return type == FrontendType::copy_data || type == FrontendType::copy_done || type == FrontendType::copy_fail;
}

// A statement without a text, and without parameters.
constexpr std::string_view empty_definition("\0\0\0", 3);

// What a text may do that is not looked through. A setting with a dot in its name only that name can find
// again: of those the first words tell. Not in an encoding in which they cannot be read.
StatementSummary unseen(std::string_view first_words) {
    StatementSummary summary = summary_of(traits_of(first_words, nullptr));
    return {.effects = Effect::unseen, .commits = true, .custom_settings = std::move(summary.custom_settings)};
}

}  // namespace

Translation Translator::run(Bytes bytes, std::vector<std::byte>& buffer) {
    Outgoing out(bytes, buffer);
    if (const std::size_t eaten = eat_body(bytes, cursor_.body_left); eaten > 0) out.keep(eaten);
    while (out.taken() < bytes.size()) {
        const Bytes rest = bytes.subspan(out.taken());
        const ClientFrame frame = front_frame(rest);
        const bool is_barred = work_.is_barred && !exchange_.wants_sync() && !is_copy(frame.type);
        if (frame.status == ClientFrame::Status::incomplete) result_.stop = ClientStop::incomplete;
        else if (frame.status == ClientFrame::Status::violation) result_.stop = ClientStop::violation;
        else if (frame.type == FrontendType::terminate) result_.stop = ClientStop::terminate;
        else if (exchange_.outstanding() >= max_outstanding) result_.stop = ClientStop::backlog;
        else if (is_barred || work_.awaits_description) result_.stop = ClientStop::unsettled;
        if (result_.stop != ClientStop::none) break;

        const bool begins_segment = exchange_.is_complete() && exchange_.status() == protocol::TransactionStatus::idle;
        if (begins_segment) {
            segment_begin_ = out.taken();
            is_repeatable_ = frame.type == FrontendType::bind || frame.type == FrontendType::describe ||
                             (frame.type == FrontendType::parse && is_types_question(rest));
            describes_portal_ = was_told_ = false;
        } else if (!work_.repetition.segment.empty()) {
            work_.repetition.segment.clear();
        }
        result_.stop = one(frame, body_of(rest, frame), out);
        if (result_.stop != ClientStop::none) break;
        cursor_ = FrameCursor{frame.to_come, frame.type};
        if (frame.type == FrontendType::sync && is_repeatable_) retain(bytes.subspan(segment_begin_, out.taken() - segment_begin_));
    }
    result_.taken = out.taken();
    result_.to_server = out.finish();
    return result_;
}

// Keeps a segment that uses named statements, so that it can be done again when one of them
// has become unusable. Not when the client relies on a description it got before.
void Translator::retain(Bytes segment) {
    is_repeatable_ = false;
    if (segment.size() > max_held_frame || (was_told_ && !describes_portal_)) return;
    work_.repetition.segment.assign(segment.begin(), segment.end());
    work_.repetition.has_answered = false;
}

ClientStop Translator::one(const ClientFrame& frame, Bytes body, Outgoing& out) {
    switch (frame.type) {
    case FrontendType::query: query(frame, body, out); return ClientStop::none;
    case FrontendType::parse: return parse(frame, body, out);
    case FrontendType::bind: {
        const ClientStop stop = bind(frame, body, out);
        if (stop == ClientStop::none) ++result_.binds;
        return stop;
    }
    case FrontendType::describe: return describe(frame, body, out);
    case FrontendType::close: close(frame, body, out); return ClientStop::none;
    case FrontendType::execute: ++result_.statements; break;
    case FrontendType::sync: ++work_.segment; break;
    case FrontendType::function_call:
        ++work_.segment;
        work_.add(StatementSummary{.effects = Effect::unseen}, {});
        break;
    default: break;
    }
    pass(frame, out);
    return ClientStop::none;
}

void Translator::pass(const ClientFrame& frame, Outgoing& out, Noted noted) {
    out.keep(frame.here);
    exchange_.sent(frame.type, Origin::client, noted);
}

void Translator::note_sent(FrontendType type, Origin origin, Note note) {
    work_.notes.push_back(std::move(note));
    exchange_.sent(type, origin, Noted::yes);
}

void Translator::query(const ClientFrame& frame, Bytes body, Outgoing& out) {
    ++result_.statements;
    if (exchange_.is_skipping()) {
        pass(frame, out);
        return;
    }
    ++work_.segment;
    // PostgreSQL drops it at the beginning of every simple Query, unless that is itself skipped.
    session_.unnamed.parsed = 0;
    standing_.unnamed = exchange_.wants_sync() ? next_parse_number() : 0;
    const std::string_view text = protocol::as_text(body);
    if (!session_.is_text_opaque) result_.sql = text.substr(0, text.find('\0'));
    if (frame.is_large() || session_.is_text_opaque) {
        work_.add(unseen(session_.is_text_opaque ? std::string_view() : text.substr(0, min_streamed)), {});
        pass(frame, out);
        return;
    }
    const std::string_view sql = text.substr(0, text.find('\0'));
    const StatementTraits traits = traits_of(sql, rules_.watched);
    note_made(traits, sql);
    const bool is_plain = traits.effects.empty() && !traits.changes_settings && !traits.commits && !ends_block(traits);
    work_.ends_block = false;
    if (!is_plain) {
        const bool is_one = traits.statements.size() == 1;
        if (is_one && may_rewrite() && speaks_of_named(frame, sql, traits.statements.front(), out)) return;
        const StatementSummary summary = summary_of(traits);
        clear_sequences(summary, out);
        own_if_named(summary, out);
        const bool is_execute = is_one && traits.statements.front().form == Form::execute;
        if (is_execute && !owns_server_) add_executed(plain_name(traits.statements.front().name).value_or(""));
        else work_.add(summary, sql);
    }
    pass(frame, out);
}

// What a text defines may be used in the next message, or further on in the same text.
void Translator::note_made(const StatementTraits& traits, std::string_view sql) {
    if (!traits.defines) return;
    const NamesToWatch made = made_names(sql, rules_.watched);
    if (made.names.empty()) return;
    if (traits.statements.size() != 1) work_.effects |= Effect::unseen;
    work_.is_barred = true;
    result_.made.add(made);
}

// What EXECUTE runs was in view when it was prepared.
void Translator::add_executed(const std::string& name) {
    const auto known = std::find_if(session_.prepared.begin(), session_.prepared.end(), [&](const auto& one) { return one.first == name; });
    if (known == session_.prepared.end()) return;   // prepared in this transaction, or not at all
    StatementSummary summary = summary_of(traits_of(known->second, rules_.watched));
    summary.effects.take_away(Effect::prepared_statement);
    work_.add(summary, known->second);
}

// An EXECUTE or DEALLOCATE, by itself in a Query, of a statement which the client has prepared by message: PDO
// drops its statements so. False: it is something else.
bool Translator::speaks_of_named(const ClientFrame& frame, std::string_view sql, const Statement& statement, Outgoing& out) {
    if (statement.form != Form::execute && statement.form != Form::deallocate) return false;
    const std::string name = plain_name(statement.name).value_or("");
    const auto found = session_.statements.find(name);
    if (found == session_.statements.end() || found->second.pending_in != 0 || !found->second.text) return false;
    if (statement.form == Form::deallocate) deallocate_named(name, found->second, frame, out);
    else execute_named(sql, statement.name, found->second, frame, out);
    return true;
}

void Translator::execute_named(std::string_view sql, std::string_view word, const NamedStatement& named, const ClientFrame& frame,
                               Outgoing& out) {
    work_.add(named.text->summary, named.text->sql());
    const ServerStatement& statement = make_ready(named, out);
    std::string text(sql);
    text.replace(static_cast<std::size_t>(word.data() - sql.data()), word.size(), name_of(statement.name));
    out.skip(frame.here);
    protocol::write_query(out.insert(), text);
    exchange_.sent(FrontendType::query, Origin::client);
}

// The server's copy is others' too: another statement is made and dropped in its place, so
// that the client reads what PostgreSQL says to a DEALLOCATE at this point.
void Translator::deallocate_named(const std::string& name, const NamedStatement& named, const ClientFrame& frame, Outgoing& out) {
    Note note{.kind = Note::Kind::deallocate, .parsed = named.parsed, .client_name = name};
    note.name = standing_.statements.fresh_name();
    const std::string stand_in = name_of(note.name);
    out.skip(frame.here);
    protocol::write_parse(out.insert(), stand_in, empty_definition);
    exchange_.sent(FrontendType::parse, Origin::stand_in);
    protocol::write_query(out.insert(), "DEALLOCATE " + stand_in);
    note_sent(FrontendType::query, Origin::client, std::move(note));
    ++work_.own_deallocates;
}

}  // namespace pgweir::proxy
