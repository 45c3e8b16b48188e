// Messages of the extended protocol that speak of prepared statements.
#include "proxy/core/translator.hpp"

#include "protocol/frontend.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/core/statement_errors.hpp"
#include "proxy/core/survey.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace pgweir::proxy {

using protocol::Bytes;
using protocol::FrontendType;
using protocol::Noted;
using protocol::Origin;
using protocol::Reader;

namespace {

// Where the names at the beginning of a message end: with a large one, in what must be there before it is streamed.
Bytes names_in(const ClientFrame& frame, Bytes body) {
    return frame.is_large() ? body.first(min_streamed - protocol::frame_header_size) : body;
}

// The header of a message in which one name was replaced by another.
void write_header(std::vector<std::byte>& out, const ClientFrame& frame, std::size_t old_name, std::size_t new_name) {
    protocol::Writer writer(out);
    writer.u8(static_cast<std::uint8_t>(frame.type));
    writer.i32(static_cast<std::int32_t>(frame.body_size() - old_name + new_name + sizeof(std::int32_t)));
}

}  // namespace

ClientStop Translator::parse(const ClientFrame& frame, Bytes body, Outgoing& out) {
    Reader reader(names_in(frame, body));
    const std::string_view name = reader.cstring();
    if (!reader.ok()) {
        // A small message without an end to its name is PostgreSQL's to refuse.
        if (frame.is_large()) return ClientStop::violation;
        pass(frame, out);
        return ClientStop::none;
    }
    const std::string_view definition = protocol::as_text(reader.rest());
    if (!session_.is_text_opaque) result_.sql = definition.substr(0, definition.find('\0'));
    if (!name.empty() && may_rewrite()) {
        const ClientStop stop = parse_named(name, definition, frame, out);
        if (stop == ClientStop::none) ++result_.parses;
        return stop;
    }
    ++result_.parses;
    ++result_.server_parses;
    if (!name.empty() || exchange_.is_skipping()) {
        pass(frame, out);
        return ClientStop::none;
    }
    Note note{.kind = Note::Kind::unnamed_parse, .parsed = next_parse_number(), .stood = standing_.unnamed};
    if (exchange_.wants_sync()) note.unnamed_before = std::make_unique<UnnamedStatement>(session_.unnamed);
    session_.unnamed.parsed = standing_.unnamed = note.parsed;
    session_.unnamed.is_bound = false;
    session_.unnamed.definition.clear();
    if (!frame.is_large()) session_.unnamed.definition = definition;
    if (frame.is_large() || session_.is_text_opaque) {
        session_.unnamed.summary = unseen_summary();
    } else {
        const std::string_view sql = definition.substr(0, definition.find('\0'));
        const StatementTraits traits = traits_of(sql, rules_.watched);
        note_made(traits, sql);
        session_.unnamed.summary = summary_of(traits);
        if (clear_sequences(session_.unnamed.summary, out)) note.stood = 0;
        own_if_named(session_.unnamed.summary, out);
    }
    work_.notes.push_back(std::move(note));
    pass(frame, out, Noted::yes);
    return ClientStop::none;
}

ClientStop Translator::parse_named(std::string_view name, std::string_view definition, const ClientFrame& frame, Outgoing& out) {
    NamedStatement* known = nullptr;
    if (const ClientStop stop = use_named(name, known); stop != ClientStop::none) return stop;
    const auto is_it = [name](const auto& one) { return one.first == kept_name(name); };
    const bool is_prepared_by_sql = std::any_of(session_.prepared.begin(), session_.prepared.end(), is_it);
    if (known != nullptr || (is_prepared_by_sql && work_.forgetting == 0)) {
        parse_again(known, name, definition, frame, out);
        return ClientStop::none;
    }
    NamedStatement named{.parsed = next_parse_number(), .pending_in = work_.segment};
    Note note{.kind = Note::Kind::parse, .parsed = named.parsed, .client_name = kept_name(name)};
    if (frame.is_large()) {
        result_.keeps_large = true;
        out.keep(frame.here);
    } else {
        const std::string_view sql = definition.substr(0, definition.find('\0'));
        const StatementTraits traits = traits_of(sql, rules_.watched);
        note_made(traits, sql);
        named.text = session_.statements.size() < max_client_statements ? rules_.texts->intern(definition, traits) : nullptr;
        if (!named.text) {
            refuse(frame,
                   statement_error(protocol::sqlstate::out_of_memory, "too many prepared statements", {},
                                   "pgweir keeps at most " + std::to_string(max_client_statements) +
                                       " of them for one client, and a limited amount of text in all."),
                   out);
            return ClientStop::none;
        }
        // Parsed anew by every client, however many have it: what the server made of it for
        // somebody else may be from before a change of the schema.
        standing_.statements.erase(*named.text, environment(), true);
        while (standing_.statements.shrink(rules_.max_statements - 1)) {}
        close_stale(out);
        const ServerStatement& statement = standing_.statements.add(named.text, environment(), named.parsed);
        note.name = statement.name;
        out.skip(frame.here);
        protocol::write_parse(out.insert(), name_of(statement.name), definition);
    }
    ++result_.server_parses;
    session_.statements.insert_or_assign(kept_name(name), std::move(named));
    note_sent(FrontendType::parse, Origin::client, std::move(note));
    return ClientStop::none;
}

// A name that is taken is the server's to refuse, once it has found no other fault. `known` is null when
// the client has prepared it in SQL.
void Translator::parse_again(NamedStatement* known, std::string_view name, std::string_view definition, const ClientFrame& frame,
                             Outgoing& out) {
    ++result_.server_parses;
    if (known == nullptr || !known->text || frame.is_large() || is_in_failed_transaction()) {
        pass(frame, out);
        return;
    }
    const ServerStatement& statement = make_ready(*known, out);
    out.skip(frame.here);
    protocol::write_parse(out.insert(), name_of(statement.name), definition);
    note_sent(FrontendType::parse, Origin::client,
              Note{.kind = Note::Kind::refused, .name = statement.name, .client_name = std::string(name)});
}

// The named statement a message means; null when the client has none of that name, and then
// PostgreSQL says so itself.
ClientStop Translator::use_named(std::string_view name, NamedStatement*& found) const {
    found = nullptr;
    const auto known = session_.statements.find(kept_name(name));
    if (known == session_.statements.end() || known->second.parsed < work_.forgetting) return ClientStop::none;
    const std::uint32_t pending_in = known->second.pending_in;
    if (pending_in != 0 && pending_in != work_.segment) return ClientStop::unsettled;
    found = &known->second;
    return ClientStop::none;
}

ClientStop Translator::bind(const ClientFrame& frame, Bytes body, Outgoing& out) {
    Reader reader(names_in(frame, body));
    const std::string_view portal = reader.cstring();
    const std::string_view name = reader.cstring();
    if (!reader.ok() && frame.is_large()) return ClientStop::violation;
    if (!reader.ok() || exchange_.is_skipping()) {
        pass(frame, out);
        return ClientStop::none;
    }
    if (name.empty()) {
        if (clear_sequences(session_.unnamed.summary, out)) standing_.unnamed = 0;
        own_if_named(session_.unnamed.summary, out);
        use_unnamed(out);
        session_.unnamed.is_bound = true;
        work_.add(session_.unnamed.summary, std::string_view(session_.unnamed.definition));
        pass(frame, out);
        return ClientStop::none;
    }
    if (!may_rewrite()) {
        pass(frame, out);
        return ClientStop::none;
    }
    NamedStatement* named = nullptr;
    if (const ClientStop stop = use_named(name, named); stop != ClientStop::none) return stop;
    std::string server_name(no_statement);
    if (named != nullptr && named->text) {
        if (refuse_aborted(*named, "exec_bind_message", frame, out)) return ClientStop::none;
        if (clear_sequences(named->text->summary, out)) standing_.unnamed = 0;
        const ServerStatement& statement = make_ready(*named, out);
        if (named->told_shape != 0 && named->told_shape != statement.shape) {
            if (statement.shape == 0) {
                ask_shape(statement, out);
                return ClientStop::unsettled;
            }
            standing_.statements.erase(*named->text, environment(), true);
            refuse(frame, statement_error(protocol::sqlstate::feature_not_supported, "cached plan must not change result type",
                                         "RevalidateCachedQuery"),
                   out);
            return ClientStop::none;
        }
        was_told_ |= named->told_shape != 0;
        // The summary is shared with clients whose texts can be judged.
        work_.add(session_.is_text_opaque ? unseen_summary() : named->text->summary, named->text->sql());
        if (!session_.is_text_opaque) result_.sql = named->text->sql();
        server_name = name_of(statement.name);
        work_.notes.push_back(Note{.kind = Note::Kind::bind, .name = statement.name, .client_name = kept_name(name)});
    } else if (!name.starts_with(our_statement_prefix)) {
        if (named != nullptr || !session_.prepared.empty()) work_.add(unseen_summary(), {});
        pass(frame, out);
        return ClientStop::none;
    } else {
        work_.notes.push_back(Note{.kind = Note::Kind::bind, .client_name = std::string(name)});
    }
    out.skip(frame.here);
    std::vector<std::byte>& buffer = out.insert();
    write_header(buffer, frame, name.size(), server_name.size());
    protocol::Writer(buffer).cstring(portal).cstring(server_name).bytes(body.subspan(portal.size() + name.size() + 2));
    exchange_.sent(FrontendType::bind, Origin::client, Noted::yes);
    return ClientStop::none;
}

ClientStop Translator::describe(const ClientFrame& frame, Bytes body, Outgoing& out) {
    Reader reader(body);
    const bool is_statement = reader.u8() == 'S';
    const std::string_view name = reader.cstring();
    if (!is_statement) describes_portal_ = true;
    if (!is_statement || !reader.ok() || exchange_.is_skipping()) {
        pass(frame, out);
        return ClientStop::none;
    }
    if (name.empty()) {
        use_unnamed(out);
        pass(frame, out);
        return ClientStop::none;
    }
    if (!may_rewrite()) {
        pass(frame, out);
        return ClientStop::none;
    }
    NamedStatement* named = nullptr;
    if (const ClientStop stop = use_named(name, named); stop != ClientStop::none) return stop;
    if ((named == nullptr || !named->text) && !name.starts_with(our_statement_prefix)) {
        pass(frame, out);
        return ClientStop::none;
    }
    Note note{.kind = Note::Kind::describe, .client_name = kept_name(name)};
    std::string server_name(no_statement);
    if (named != nullptr && named->text) {
        if (refuse_aborted(*named, "exec_describe_statement_message", frame, out)) return ClientStop::none;
        const ServerStatement& statement = make_ready(*named, out);
        note.name = statement.name;
        server_name = name_of(statement.name);
    }
    out.skip(frame.here);
    protocol::write_describe_statement(out.insert(), server_name);
    note_sent(FrontendType::describe, Origin::client, std::move(note));
    return ClientStop::none;
}

void Translator::close(const ClientFrame& frame, Bytes body, Outgoing& out) {
    Reader reader(body);
    const bool is_statement = reader.u8() == 'S';
    const std::string_view name = reader.cstring();
    if (!is_statement || !reader.ok() || exchange_.is_skipping()) {
        pass(frame, out);
        return;
    }
    if (name.empty()) {
        session_.unnamed.parsed = 0;
        standing_.unnamed = next_parse_number();   // whatever stands is nobody's: the Close may yet be skipped
        pass(frame, out);
        return;
    }
    const auto known = session_.statements.find(kept_name(name));
    const bool is_carried = may_rewrite() && known != session_.statements.end() && known->second.text;
    const bool is_ours = !owns_server_ && name.starts_with(our_statement_prefix);
    Note note{.kind = Note::Kind::client_close, .client_name = kept_name(name)};
    if (known != session_.statements.end()) {
        note.before = std::move(known->second);
        session_.statements.erase(known);
    } else if (!is_ours) {
        // One that was prepared in SQL, perhaps.
        if (!session_.prepared.empty()) work_.add(StatementSummary{.effects = Effect::prepared_statement}, {});
        pass(frame, out);
        return;
    }
    if (is_carried || is_ours) {
        // The server's statement is others' too. Closing one that is not there is no error.
        out.skip(frame.here);
        protocol::write_close_statement(out.insert(), no_statement);
    } else {
        out.keep(frame.here);
    }
    note_sent(FrontendType::close, Origin::client, std::move(note));
}

}  // namespace pgweir::proxy
