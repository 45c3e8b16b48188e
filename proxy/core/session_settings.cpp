#include "proxy/core/session_settings.hpp"

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

constexpr std::string_view role = "role";
constexpr std::string_view session_authorization = "session_authorization";

// They decide with whose rights everything else is set.
bool is_identity(std::string_view name) { return name == role || name == session_authorization; }

// set_config takes a value as its text stands in a startup packet; SET would read a
// search_path list as one quoted name. The length comes back in place of the value, which need not
// have an equivalent in the client_encoding that it comes with.
void append_set_config(std::string& calls, std::string_view name, std::string_view value, std::string_view is_local = "false") {
    calls += calls.empty() ? "SELECT " : ", ";
    calls += "pg_catalog.length(pg_catalog.set_config(" + quote_literal(name) + ", " + quote_literal(value) + ", ";
    calls += is_local;
    calls += "))";
}

// What stands when `settings` say nothing of it.
const std::string* value_standing(const SessionSettings& settings, const BaselineSettings& baseline, std::string_view name) {
    if (const std::string* value = value_of(settings, name)) return value;
    const auto base = baseline.find(std::string(name));
    return base == baseline.end() ? nullptr : &base->second;
}

bool is_same(const std::string* left, const std::string* right) {
    return left == right || (left != nullptr && right != nullptr && *left == *right);
}

// The change of everything but the identity, in parts because RESET is no function.
struct Changes {
    std::string resets;
    std::string calls;

    bool empty() const { return resets.empty() && calls.empty(); }
};

Changes changes_of(const SessionSettings& from, const SessionSettings& to, const BaselineSettings& baseline) {
    Changes changes;
    for (const auto& [name, value] : from) {
        if (is_identity(name) || value_of(to, name) != nullptr) continue;
        if (const auto base = baseline.find(name); base != baseline.end())
            append_set_config(changes.calls, name, base->second);
        else
            changes.resets += "RESET " + quote_name(name) + "; ";
    }
    for (const auto& [name, value] : to) {
        if (is_identity(name)) continue;
        const std::string* standing = value_of(from, name);
        if (standing == nullptr || *standing != value) append_set_config(changes.calls, name, value);
    }
    return changes;
}

}  // namespace

const std::string* value_of(const SessionSettings& settings, std::string_view name) {
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& setting) { return setting.first == name; });
    return found == settings.end() ? nullptr : &found->second;
}

std::string quote_literal(std::string_view text) {
    const auto is_beyond_ascii = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
    const bool is_plain = text.find('\\') == std::string_view::npos && std::none_of(text.begin(), text.end(), is_beyond_ascii);
    std::string quoted = is_plain ? "'" : " E'";
    for (const char c : text) {
        if (is_beyond_ascii(c)) {
            const auto octal = [c](unsigned shift) { return static_cast<char>('0' + ((static_cast<unsigned>(static_cast<unsigned char>(c)) >> shift) & 7U)); };
            quoted += {'\\', octal(6), octal(3), octal(0)};
            continue;
        }
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + '\'';
}

std::string quote_name(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string switch_settings_sql(const SessionSettings& from, const SessionSettings& to, const BaselineSettings& baseline) {
    Changes changes = changes_of(from, to, baseline);
    const std::string* user = value_standing(from, baseline, session_authorization);
    const std::string* wanted_user = value_standing(to, baseline, session_authorization);
    const std::string* as = value_standing(from, baseline, role);
    const std::string* wanted_as = value_standing(to, baseline, role);
    const bool changes_user = !is_same(user, wanted_user) || !changes.empty();
    const bool changes_role = !is_same(as, wanted_as) || changes_user;

    std::string sql;
    if (as != nullptr && changes_role) sql += "RESET ROLE; ";
    if (user != nullptr && changes_user) sql += "RESET SESSION AUTHORIZATION; ";
    // A select list is evaluated from left to right. A new user takes the role away: it comes last.
    if (wanted_user != nullptr && changes_user) append_set_config(changes.calls, session_authorization, *wanted_user);
    if (wanted_as != nullptr && changes_role) append_set_config(changes.calls, role, *wanted_as);
    sql += changes.resets + changes.calls;
    const bool may_wait = std::any_of(from.begin(), from.end(), [](const auto& setting) { return setting.first.starts_with("default_transaction_"); });
    return may_wait && !sql.empty() ? std::string(plain_transaction_sql) + sql : sql;
}

std::string restore_settings_sql(const SessionSettings& startup, const BaselineSettings& baseline, std::string_view name) {
    std::string calls;
    if (!name.empty()) {
        if (const std::string* value = value_standing(startup, baseline, name)) append_set_config(calls, name, *value);
        return calls;
    }
    for (const auto& [base, value] : baseline)
        if (!is_identity(base) && value_of(startup, base) == nullptr) append_set_config(calls, base, value);
    for (const auto& [own, value] : startup)
        if (!is_identity(own)) append_set_config(calls, own, value);
    // RESET ALL leaves the identity alone, DISCARD ALL gives even that of the startup packet up.
    for (const std::string_view identity : {session_authorization, role})
        if (const std::string* value = value_standing({}, baseline, identity)) append_set_config(calls, identity, *value);
    return calls;
}

std::string restore_local_sql(const SessionSettings& startup, const BaselineSettings& baseline, std::string_view name) {
    std::string calls;
    if (const std::string* value = value_standing(startup, baseline, name)) append_set_config(calls, name, *value, "true");
    return calls;
}

// RESET makes the source of a value another one than the session.
std::string restore_missing_sql(const SessionSettings& startup, const BaselineSettings& baseline) {
    std::string values;
    const auto add = [&values](std::string_view name, std::string_view value) {
        if (is_identity(name)) return;
        values += values.empty() ? "(" : ", (";
        values += quote_literal(name) + ", " + quote_literal(value) + ")";
    };
    for (const auto& [name, value] : baseline)
        if (value_of(startup, name) == nullptr) add(name, value);
    for (const auto& [name, value] : startup) add(name, value);
    if (values.empty()) return values;
    return "SELECT pg_catalog.length(pg_catalog.set_config(s.name, v.value, false)) FROM (VALUES " + values +
           ") v (name, value) JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) OPERATOR(pg_catalog.=) v.name"
           " WHERE s.source OPERATOR(pg_catalog.<>) 'session'";
}

bool decides_understanding(std::string_view name) {
    constexpr std::array<std::string_view, 8> others = {"application_name", "client_min_messages", "idle_in_transaction_session_timeout",
                                                        "idle_session_timeout", "lock_timeout", "statement_timeout",
                                                        "transaction_timeout", "jit"};
    return name.find('.') == std::string_view::npos && std::find(others.begin(), others.end(), name) == others.end();
}

std::uint64_t environment_of(const SessionSettings& settings) {
    // FNV-1a, 64 bits, for each setting; in whatever order they stand.
    std::uint64_t all = 0;
    for (const auto& [name, value] : settings) {
        if (!decides_understanding(name)) continue;
        std::uint64_t hash = 0xcbf29ce484222325;
        const auto add = [&hash](std::string_view text) {
            for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
            hash = (hash ^ 0U) * 0x100000001b3;   // no name or value holds it
        };
        add(name);
        add(value);
        all += hash;
    }
    return all;
}

std::vector<std::string> reset_sql(const BaselineSettings& baseline) {
    std::vector<std::string> statements = {"DISCARD ALL"};
    std::string calls = restore_settings_sql({}, baseline, {});
    if (!calls.empty()) statements.push_back(std::move(calls));
    return statements;
}

}  // namespace pgweir::proxy
