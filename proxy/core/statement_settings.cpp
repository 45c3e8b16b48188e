#include "proxy/core/statement_settings.hpp"

#include "proxy/core/statement_heads.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace pgweir::proxy {
namespace {

// How far the arguments of set_config are followed, so that calls within calls cost no
// more than a multiple of their length. Chosen.
constexpr int max_argument_tokens = 64;

bool is_identifier(const SqlToken& token) {
    return token.kind == SqlTokenKind::word || token.kind == SqlTokenKind::quoted_word;
}

// What can stand behind the name of a setting in SET. Most keywords of SET may be such names: SET local.x = 1.
bool is_behind_name(const SqlToken& token) { return token.is('.') || token.is('=') || token.is("to"); }

std::string_view joined(std::string_view first, std::string_view last) {
    return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

void take_name(std::string_view name, SettingWords& words) {
    words.name = name;
    if (name.find('.') == std::string_view::npos) return;   // within quotes too: "a.b" is that of a.b
    words.has_known_name = has_plain_name(name);
    if (words.has_known_name) words.custom_name = name;
}

// From the name's first token on; afterwards `token` is the one behind the name.
void read_name(SqlToken& token, SqlScanner& scanner, SettingWords& words) {
    std::string_view name = token.text;
    token = scanner.next();
    while (token.is('.')) {
        const SqlToken part = scanner.next();
        name = joined(name, part.text);
        if (!is_identifier(part)) break;
        token = scanner.next();
    }
    take_name(name, words);
}

// Settings that SET and RESET call by words of the grammar. PostgreSQL: gram.y, set_rest_more.
struct OwnWords {
    std::string_view first;
    std::string_view second;
    std::string_view setting;
};
constexpr std::array<OwnWords, 4> own_words = {{
    {"session", "authorization", "session_authorization"},
    {"authorization", "", "session_authorization"},   // behind SET SESSION
    {"time", "zone", "timezone"},
    {"names", "", "client_encoding"},
}};

// Afterwards `token` is the one behind them. False: a name stands here.
bool read_own_words(SqlToken& token, SqlScanner& scanner, SettingWords& words) {
    SqlScanner behind = scanner;
    const SqlToken next = behind.next();
    if (is_behind_name(next)) return false;
    for (const OwnWords& own : own_words) {
        const bool is_it = token.is(own.first) && (own.second.empty() || next.is(own.second));
        if (!is_it) continue;
        words.name = own.setting;
        scanner = behind;
        token = own.second.empty() ? next : scanner.next();
        return true;
    }
    return false;
}

// DEFAULT is reserved: in a SET it stands for nothing but itself.
bool has_default(SqlToken token, SqlScanner& scanner) {
    for (; !is_statement_end(token); token = scanner.next())
        if (token.is("default")) return true;
    return false;
}

// Without backslashes and doubled quotes, so that its value is what stands between them.
bool is_plain_literal(const SqlToken& token) {
    return token.kind == SqlTokenKind::string && token.text.size() >= 2 &&
           token.text.find_first_of("'\\", 1) == token.text.size() - 1;
}

std::string_view inside(const SqlToken& literal) { return literal.text.substr(1, literal.text.size() - 2); }

bool is_setting_character(char c) {
    return c == '.' || (is_in_word(c) && static_cast<unsigned char>(c) < 0x80);
}

// Behind the next comma of this argument list. False when there is none soon.
bool skip_argument(SqlScanner& scanner, int& tokens_left) {
    int depth = 0;
    while (tokens_left-- > 0) {
        const SqlToken token = scanner.next();
        if (is_statement_end(token)) return false;
        if (token.is('(') || token.is('[')) ++depth;
        if ((token.is(')') || token.is(']')) && --depth < 0) return false;
        if (depth == 0 && token.is(',')) return true;
    }
    return false;
}

bool is_true(const SqlToken& token) {
    return token.is("true") || (is_plain_literal(token) && is_same_folded(inside(token), "true"));
}

}  // namespace

SettingWords read_set(SqlScanner behind) {
    SettingWords words;
    SqlToken token = behind.next();
    const auto is_keyword = [&](std::string_view keyword) {
        return token.is(keyword) && !is_behind_name(SqlScanner(behind).next());
    };
    if (is_keyword("constraints")) return {SettingScope::none};
    if (is_keyword("transaction")) return {SettingScope::transaction};
    if (is_keyword("local")) {
        words.scope = SettingScope::transaction;
        token = behind.next();
    } else if (is_keyword("session")) {
        token = behind.next();
    }
    if (read_own_words(token, behind, words)) {
        const bool may_be_local = words.name == "timezone";
        const bool may_be_left_out = words.name == "client_encoding";
        words.is_default = token.is("default") || (may_be_local && token.is("local")) || (may_be_left_out && is_statement_end(token));
        return words;
    }
    if (is_identifier(token)) read_name(token, behind, words);
    words.is_default = has_default(token, behind);
    return words;
}

SettingWords read_reset(SqlScanner behind) {
    SettingWords words{.is_default = true};
    SqlToken token = behind.next();
    if (token.is("all")) words.name = all_settings;
    else if (!read_own_words(token, behind, words) && is_identifier(token)) read_name(token, behind, words);
    return words;
}

SettingWords read_set_config(SqlScanner behind) {
    SettingWords words{.has_known_name = false};
    if (!behind.next().is('(')) return words;
    int tokens_left = max_argument_tokens;
    SqlScanner at_value = behind;
    const SqlToken name = at_value.next();
    const bool is_plain = is_plain_literal(name) && std::ranges::all_of(inside(name), is_setting_character) && at_value.next().is(',');
    if (is_plain) {
        words.has_known_name = true;
        take_name(inside(name), words);
        behind = at_value;
    } else if (!skip_argument(behind, tokens_left)) {
        return words;
    }
    if (skip_argument(behind, tokens_left) && is_true(behind.next()) && behind.next().is(')'))
        words.scope = SettingScope::transaction;
    return words;
}

}  // namespace pgweir::proxy
