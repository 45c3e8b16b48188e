#include "proxy/core/survey.hpp"

#include "proxy/core/sql_scanner.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace pgweir::proxy {
namespace {

// Every statement gives rows of three texts: kind, name, value. They are separate because
// planning a UNION of them takes longer than they do. Operators are spelled out and relations are in
// pg_catalog, for search_path is the client's. No constant holds a backslash.

// Settings that belong to a transaction: what they say between two of them is of no use.
constexpr std::string_view not_transaction_settings =
    "name OPERATOR(pg_catalog.<>) ALL ('{transaction_isolation,transaction_read_only,transaction_deferrable}')";

// A value as text of ASCII only, whatever client_encoding is: see unescape.
std::string escaped(const std::string& value) {
    return "pg_catalog.encode(pg_catalog.convert_to(" + value + ", pg_catalog.getdatabaseencoding()), 'escape')";
}

// `setting` is in the parameter's base unit and without it, which set_config takes back exactly.
std::string settings_sql(const std::string& custom_names) {
    std::string kind = "'setting'";
    std::string is_wanted = "source OPERATOR(pg_catalog.=) 'session'";
    if (!custom_names.empty()) {
        kind = "CASE WHEN " + is_wanted + " THEN 'setting' ELSE 'listed' END";
        is_wanted = "(" + is_wanted + " OR pg_catalog.lower(name) OPERATOR(pg_catalog.=) ANY (" + custom_names + "))";
    }
    return "SELECT " + kind + ", name, " + escaped("setting") + " FROM pg_catalog.pg_settings WHERE " + is_wanted + " AND " +
           std::string(not_transaction_settings) + "; ";
}

// A custom setting that an extension has defined is listed above; the others only their names find.
std::string custom_sql(const std::string& custom_names) {
    return "SELECT 'custom', name, " + escaped("pg_catalog.current_setting(name, true)") + " FROM pg_catalog.unnest(" +
           custom_names + ") name WHERE pg_catalog.current_setting(name, true) IS NOT NULL; ";
}

// session_user follows SET SESSION AUTHORIZATION, what pg_stat_activity says does not.
std::string identity_sql() {
    return "SELECT 'setting', 'role', " + escaped("pg_catalog.current_setting('role')") +
           " WHERE pg_catalog.current_setting('role') OPERATOR(pg_catalog.<>) 'none'; "
           "SELECT 'setting', 'session_authorization', " + escaped("session_user::pg_catalog.text") +
           " FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())"
           " WHERE pg_catalog.pg_get_userbyid(usesysid) OPERATOR(pg_catalog.<>) session_user; ";
}

// Whatever lies in the session's schema for temporary objects depends on that schema: DISCARD TEMP finds
// it in the same way. 2615 is pg_namespace's own number, which never changes.
constexpr std::string_view objects_sql =
    "SELECT 'locks', '', pg_catalog.count(*) FROM pg_catalog.pg_locks"
    " WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid(); "
    "SELECT 'temporary', '', '' FROM pg_catalog.pg_depend WHERE refclassid OPERATOR(pg_catalog.=) 2615::pg_catalog.oid"
    " AND refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() LIMIT 1; "
    "SELECT 'cursor', name, '' FROM pg_catalog.pg_cursors WHERE is_holdable; "
    "SELECT 'channel', pg_catalog.pg_listening_channels(), ''; ";

std::string prepared_sql() {
    return "SELECT 'prepared', name, statement FROM pg_catalog.pg_prepared_statements WHERE from_sql"
           " AND pg_catalog.left(name, " + std::to_string(our_statement_prefix.size()) + ") OPERATOR(pg_catalog.<>) " +
           quote_literal(our_statement_prefix);
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Undoes encode(..., 'escape'): a doubled backslash, or three octal digits for a byte beyond ASCII.
std::optional<std::string> unescape(std::string_view escaped_value) {
    std::string value;
    for (std::size_t at = 0; at < escaped_value.size(); ++at) {
        const char c = escaped_value[at];
        const std::string_view rest = escaped_value.substr(at + 1);
        if (c != '\\') {
            value += c;
        } else if (rest.starts_with('\\')) {
            value += '\\';
            at += 1;
        } else if (rest.size() >= 3 && std::all_of(rest.begin(), rest.begin() + 3, is_octal)) {
            value += static_cast<char>((rest[0] - '0') * 64 + (rest[1] - '0') * 8 + (rest[2] - '0'));
            at += 3;
        } else {
            return std::nullopt;
        }
    }
    return value;
}

// Whether the text from here is PREPARE of that name.
bool is_prepare_of(SqlScanner scanner, std::string_view name) {
    if (!scanner.next().is("prepare")) return false;
    const SqlToken token = scanner.next();
    if (token.kind == SqlTokenKind::word || token.kind == SqlTokenKind::quoted_word) {
        const std::optional<std::string> plain = plain_name(token.text);
        // A name that only the server can spell is taken to be the one: it has told us it is there.
        return !plain || *plain == name;
    }
    return false;
}

}  // namespace

std::string survey_sql(std::span<const std::string> custom_settings) {
    std::string names;
    for (const std::string& name : custom_settings)
        names += (names.empty() ? "ARRAY[" : ", ") + quote_literal(lower_case(name)) + "::pg_catalog.text";
    if (!names.empty()) names += ']';
    std::string sql = std::string(plain_transaction_sql) + settings_sql(names);
    if (!names.empty()) sql += custom_sql(names);
    return sql + identity_sql() + std::string(objects_sql) + prepared_sql();
}

void SurveyReader::row(protocol::Bytes body) {
    protocol::Reader reader(body);
    std::array<std::string_view, 3> columns;
    bool is_sound = reader.i16() == static_cast<std::int16_t>(columns.size());
    for (std::string_view& column : columns) {
        const std::int32_t length = is_sound ? reader.i32() : -1;
        is_sound = is_sound && length >= 0;
        if (is_sound) column = protocol::as_text(reader.bytes(static_cast<std::size_t>(length)));
    }
    is_sound = is_sound && reader.ok() && reader.at_end() && take_in(columns[0], columns[1], columns[2]);
    is_good_ = is_good_ && is_sound;
}

bool SurveyReader::take_in(std::string_view kind, std::string_view name, std::string_view value) {
    if (kind == "setting") return add_setting(name, value);
    if (kind == "listed") {
        listed_.push_back(lower_case(name));
    } else if (kind == "custom") {
        const std::string lower = lower_case(name);
        const bool is_set = std::any_of(facts_.settings.begin(), facts_.settings.end(), [&](const auto& set) { return set.first == lower; });
        if (!is_set && std::find(listed_.begin(), listed_.end(), lower) == listed_.end()) return add_setting(name, value);
    } else if (kind == "locks") {
        const char* end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, facts_.advisory_locks);
        return error == std::errc() && stop == end;
    } else if (kind == "temporary") {
        facts_.has_temporary_objects = true;
    } else if (kind == "cursor") {
        facts_.has_holdable_cursors = true;
    } else if (kind == "channel") {
        facts_.channels.emplace_back(name);
    } else if (kind == "prepared") {
        const std::optional<std::string_view> prepare = find_prepare(value, name);
        if (!prepare) return false;
        facts_.prepared.emplace_back(name, *prepare);
    } else {
        return false;
    }
    return true;
}

bool SurveyReader::add_setting(std::string_view name, std::string_view escaped_value) {
    std::optional<std::string> value = unescape(escaped_value);
    if (value) facts_.settings.emplace_back(lower_case(name), *std::move(value));
    return value.has_value();
}

SessionFacts SurveyReader::take() {
    SessionFacts facts = std::move(facts_);
    std::sort(facts.settings.begin(), facts.settings.end());
    *this = SurveyReader();
    return facts;
}

std::optional<std::string_view> find_prepare(std::string_view text, std::string_view name) {
    std::optional<std::string_view> found;
    SqlScanner scanner(text);
    for (;;) {
        const SqlScanner begin = scanner;
        SqlToken token = scanner.next();
        if (token.kind == SqlTokenKind::end) return found;
        const char* first = token.text.data();
        const char* last = first;
        for (; token.kind != SqlTokenKind::end && !token.is(';'); token = scanner.next()) last = token.text.data() + token.text.size();
        if (is_prepare_of(begin, name)) found = text.substr(static_cast<std::size_t>(first - text.data()), static_cast<std::size_t>(last - first));
    }
}

}  // namespace pgweir::proxy
