#include "proxy/admin/admin_command.hpp"

#include "protocol/sqlstate.hpp"
#include "proxy/admin/shows.hpp"
#include "proxy/core/sql_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace pgweir::proxy {
namespace {

namespace sqlstate = protocol::sqlstate;

// Of a text that is repeated in an error: what was meant is seen from its beginning.
constexpr std::size_t repeated_text = 40;

struct DriverParameter {
    std::string_view name;
    const char* value;
};

// What drivers ask for or set when they connect. The console has no such settings; these are what is true of it.
constexpr std::array driver_parameters = {
    DriverParameter{"application_name", ""},
    DriverParameter{"bytea_output", "hex"},
    DriverParameter{"client_encoding", "UTF8"},
    DriverParameter{"client_min_messages", "notice"},
    DriverParameter{"datestyle", "ISO"},
    DriverParameter{"default_transaction_read_only", "off"},
    DriverParameter{"extra_float_digits", "1"},
    DriverParameter{"idle_in_transaction_session_timeout", "0"},
    DriverParameter{"intervalstyle", "postgres"},
    DriverParameter{"jit", "off"},
    DriverParameter{"lock_timeout", "0"},
    DriverParameter{"search_path", ""},
    DriverParameter{"server_encoding", "UTF8"},
    DriverParameter{"standard_conforming_strings", "on"},
    DriverParameter{"statement_timeout", "0"},
    DriverParameter{"timezone", "UTC"},
    DriverParameter{"transaction_isolation", "read committed"},
    DriverParameter{"transaction_read_only", "off"},
};

// Accepted without effect: the first word of a statement, and the tag it is answered with.
constexpr std::array<std::pair<std::string_view, const char*>, 12> without_effect = {{
    {"BEGIN", "BEGIN"},       {"START", "BEGIN"},       {"COMMIT", "COMMIT"},         {"END", "COMMIT"},
    {"ROLLBACK", "ROLLBACK"}, {"ABORT", "ROLLBACK"},    {"RESET", "RESET"},           {"DISCARD", "DISCARD ALL"},
    {"CLOSE", "CLOSE CURSOR ALL"}, {"UNLISTEN", "UNLISTEN"}, {"DEALLOCATE", "DEALLOCATE ALL"}, {"LISTEN", "LISTEN"},
}};

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

using Tokens = std::vector<SqlToken>;

// The text from one token to the end of the last.
std::string_view span_of(const Tokens& tokens, std::size_t first) {
    if (first >= tokens.size()) return {};
    const char* begin = tokens[first].text.data();
    return {begin, static_cast<std::size_t>(tokens.back().text.data() + tokens.back().text.size() - begin)};
}

// Without quotes, doubled ones undone.
std::string unquoted(std::string_view text) {
    if (text.size() < 2 || (text.front() != '"' && text.front() != '\'') || text.back() != text.front()) return std::string(text);
    const char quote = text.front();
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        out += text[i];
        if (text[i] == quote) ++i;
    }
    return out;
}

// A name as it stands, dashes and dots included; nullopt when there are several, or none.
std::optional<std::string> name_in(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text.front() == '"' || text.front() == '\'') {
        SqlScanner scanner(text);
        const SqlToken token = scanner.next();
        if (token.text.size() != text.size() || !scanner.is_certain()) return std::nullopt;
        return unquoted(text);
    }
    const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == '\'' || c == '"' || c == '=';
    });
    return is_plain ? std::optional(std::string(text)) : std::nullopt;
}

// The words in front: behind them may stand what is nobody's business.
CommandError unknown(std::string_view text) {
    std::string words(text.substr(0, std::min(text.find_first_of("'\"=$0123456789"), repeated_text)));
    std::replace_if(words.begin(), words.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    while (!words.empty() && words.back() == ' ') words.pop_back();
    return {sqlstate::syntax_error, fmt::format("invalid command '{}', use SHOW HELP;", words)};
}

CommandError wants(const VerbRow& row) {
    return {sqlstate::syntax_error, fmt::format("{} wants {}", row.words, row.form.empty() ? "nothing behind it" : row.form)};
}

AdminCommand command_of(const VerbRow& row) {
    AdminCommand command;
    command.verb = row.verb;
    command.tag = row.tag;
    return command;
}

bool is_driver_parameter(std::string_view name) {
    return std::any_of(driver_parameters.begin(), driver_parameters.end(), [&](const DriverParameter& one) { return one.name == name; });
}

AdminCommand nothing(std::string_view tag) {
    AdminCommand command = command_of(row_of(Verb::nothing));
    command.tag = tag;
    return command;
}

AdminCommand ping(std::string name, std::string value, std::string_view tag) {
    AdminCommand command = command_of(row_of(Verb::ping));
    command.name = std::move(name);
    command.value = std::move(value);
    command.tag = tag;
    return command;
}

// `SET key = value`, `SET key TO value`, and what PostgreSQL has beside it.
ParsedCommand parse_set(const Tokens& tokens, std::string_view text) {
    std::size_t at = 1;
    if (at < tokens.size() && (tokens[at].is(std::string_view("session")) || tokens[at].is(std::string_view("local")))) ++at;
    if (at + 1 < tokens.size() && tokens[at].is(std::string_view("time")) && tokens[at + 1].is(std::string_view("zone"))) return nothing("SET");
    if (at < tokens.size() && (tokens[at].is(std::string_view("characteristics")) || tokens[at].is(std::string_view("names")))) return nothing("SET");
    if (at < tokens.size() && tokens[at].is(std::string_view("transaction"))) return nothing("SET");
    std::size_t equals = at;
    while (equals < tokens.size() && !tokens[equals].is('=') && !tokens[equals].is(std::string_view("to"))) ++equals;
    if (equals == at || equals + 1 >= tokens.size()) return wants(row_of(Verb::set));
    const char* begin = tokens[at].text.data();
    const SqlToken& last = tokens[equals - 1];
    const std::string_view key(begin, static_cast<std::size_t>(last.text.data() + last.text.size() - begin));
    const std::optional<std::string> name = name_in(key);
    if (!name) return unknown(text);
    if (is_driver_parameter(lower(*name))) return nothing("SET");
    AdminCommand command = command_of(row_of(Verb::set));
    command.name = *name;
    command.value = unquoted(span_of(tokens, equals + 1));
    return command;
}

ParsedCommand parse_show(const Tokens& tokens, std::string_view text) {
    const std::string_view what = span_of(tokens, 1);
    AdminCommand command = command_of(row_of(Verb::show));
    if (upper(what) == "HELP") return command;
    command.show = find_show(what);
    if (command.show != nullptr) return command;
    const std::string name = lower(what) == "transaction isolation level" ? "transaction_isolation" : lower(what) == "time zone" ? "timezone" : lower(what);
    if (const char* value = driver_parameter(name)) return ping(name, value, "SHOW");
    return unknown(text);
}

// A constant, or one of the calls that drivers make to see whether somebody is there.
ParsedCommand parse_select(const Tokens& tokens, std::string_view text) {
    if (tokens.size() == 2 && tokens[1].kind == SqlTokenKind::number) return ping("?column?", std::string(tokens[1].text), "SELECT 1");
    const std::string call = lower(span_of(tokens, 1));
    if (call == "version()" || call == "pg_catalog.version()") return ping("version", "", "SELECT 1");
    if (call == "current_database()") return ping("current_database", "pgweir", "SELECT 1");
    // postgres.js asks for array types: there are none here.
    if (call.find(" pg_catalog.pg_type ") != std::string::npos) return ping("oid", "", "SELECT 0");
    if (call == "pg_advisory_unlock_all()") return ping("pg_advisory_unlock_all", "", "SELECT 1");
    return unknown(text);
}

ParsedCommand parse_breaker(const VerbRow& row, const Tokens& tokens) {
    AdminCommand command = command_of(row);
    if (tokens.size() < 2) return wants(row);
    command.name = upper(tokens[1].text);
    if (command.name != "OPEN" && command.name != "CLOSE" && command.name != "AUTO") return wants(row);
    if (tokens.size() == 2) return command;
    const std::optional<std::string> database = name_in(span_of(tokens, 2));
    if (!database) return wants(row);
    command.value = *database;
    return command;
}

ParsedCommand parse_shutdown(const VerbRow& row, const Tokens& tokens) {
    AdminCommand command = command_of(row);
    command.name = upper(span_of(tokens, 1));
    const bool is_known = command.name.empty() || command.name == "WAIT_FOR_SERVERS" || command.name == "WAIT_FOR_CLIENTS";
    if (!is_known) return wants(row);
    return command;
}

// `first`: the token behind the words of the verb.
ParsedCommand parse_argument(const VerbRow& row, const Tokens& tokens, std::size_t first) {
    AdminCommand command = command_of(row);
    const std::string_view argument = span_of(tokens, first);
    if (argument.empty()) {
        if (row.argument == Argument::none || row.argument == Argument::optional_database) return command;
        return wants(row);
    }
    if (row.argument == Argument::none) return wants(row);
    if (row.argument == Argument::number) {
        const char* end = argument.data() + argument.size();
        const auto [stop, error] = std::from_chars(argument.data(), end, command.number);
        if (error != std::errc() || stop != end || command.number <= 0) return wants(row);
        return command;
    }
    const std::optional<std::string> name = name_in(argument);
    if (!name) return wants(row);
    command.name = *name;
    return command;
}

ParsedCommand parse_one(const Tokens& tokens, std::string_view text) {
    const std::string word = upper(tokens.front().text);
    if (word == "SELECT") return parse_select(tokens, text);
    for (const auto& [first, tag] : without_effect)
        if (word == first) return nothing(tag);
    for (const VerbRow& row : verb_rows) {
        const bool has_two = row.verb == Verb::probe;
        const std::string_view head = row.words.substr(0, row.words.find(' '));
        if (row.words.empty() || word != head) continue;
        if (has_two && (tokens.size() < 2 || upper(tokens[1].text) != "UPSTREAM")) return unknown(text);
        switch (row.verb) {
        case Verb::show: return parse_show(tokens, text);
        case Verb::set: return parse_set(tokens, text);
        case Verb::breaker: return parse_breaker(row, tokens);
        case Verb::shutdown: return parse_shutdown(row, tokens);
        default: return parse_argument(row, tokens, has_two ? 2 : 1);
        }
    }
    return unknown(text);
}

}  // namespace

const char* driver_parameter(std::string_view name) {
    const auto found = std::find_if(driver_parameters.begin(), driver_parameters.end(), [&](const DriverParameter& one) { return one.name == name; });
    return found == driver_parameters.end() ? nullptr : found->value;
}

std::vector<ParsedCommand> parse_commands(std::string_view text) {
    std::vector<ParsedCommand> commands;
    SqlScanner scanner(text);
    Tokens tokens;
    while (true) {
        const SqlToken token = scanner.next();
        const bool is_end = token.kind == SqlTokenKind::end;
        if (!is_end && !token.is(';')) {
            tokens.push_back(token);
            continue;
        }
        if (!tokens.empty()) commands.push_back(parse_one(tokens, span_of(tokens, 0)));
        tokens.clear();
        const bool has_failed = !commands.empty() && std::holds_alternative<CommandError>(commands.back());
        if (is_end || has_failed) return commands;
    }
}

}  // namespace pgweir::proxy
