#include "proxy/core/made_names.hpp"

#include "proxy/core/function_source.hpp"
#include "proxy/core/reserved_words.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_heads.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

// Where the name of what is watched stands: right behind the kind of object, or behind the word that
// leads to the table it is about.
struct ObjectKind {
    std::string_view word;
    std::string_view leads_to_table = {};   // empty: the object itself
    bool has_source = false;
};
constexpr std::array<ObjectKind, 8> kinds = {{
    {.word = "function", .has_source = true},
    {.word = "procedure", .has_source = true},
    {.word = "aggregate"},
    {.word = "table"},
    {.word = "view"},
    {.word = "trigger", .leads_to_table = "on"},
    {.word = "policy", .leads_to_table = "on"},
    {.word = "rule", .leads_to_table = "to"},
}};

// Between CREATE and the kind of object stand at most so many words.
constexpr int max_words_before = 6;

const ObjectKind* kind_of_object(const SqlToken& token) {
    const auto* const found = std::find_if(kinds.begin(), kinds.end(), [&](const ObjectKind& kind) { return token.is(kind.word); });
    return found == kinds.end() ? nullptr : found;
}

// The last part of the name that begins with `token`. Empty when only the server can spell it.
std::string last_part(SqlToken token, SqlScanner scanner) {
    for (SqlToken next = scanner.next(); next.is('.'); next = scanner.next()) token = scanner.next();
    return lower_case(plain_name(token.text).value_or(""));
}

bool is_before_name(const SqlToken& token) {
    return token.is("if") || token.is("not") || token.is("exists") || token.is("only") || token.is("concurrently");
}

std::string name_behind(SqlScanner scanner) {
    SqlToken token = scanner.next();
    while (is_before_name(token)) token = scanner.next();
    return last_part(token, scanner);
}

// Behind the first `word` of the statement, or behind its end.
SqlScanner behind(SqlScanner scanner, std::string_view word) {
    for (SqlToken token = scanner.next(); !is_statement_end(token) && !token.is(word);) token = scanner.next();
    return scanner;
}

// The kind of object that CREATE or ALTER speaks of; `scanner` is behind it afterwards.
const ObjectKind* read_kind(SqlScanner& scanner) {
    for (int words = 0; words < max_words_before; ++words) {
        const SqlToken token = scanner.next();
        if (is_statement_end(token)) return nullptr;
        if (const ObjectKind* kind = kind_of_object(token)) return kind;
    }
    return nullptr;
}

// Of a source in a language that need not be known.
SourceReading read_any(std::string_view source) {
    SourceReading reading = read_source(source, SourceLanguage::sql);
    SourceReading other = read_source(source, SourceLanguage::other);
    reading.trace = std::max(reading.trace, other.trace);
    for (std::string& name : other.custom_settings) reading.custom_settings.push_back(std::move(name));
    return reading;
}

// The names that a definition is about. `scanner`: behind its kind of object.
std::vector<std::string> defined_names(SqlScanner scanner, const ObjectKind& kind) {
    std::vector<std::string> names;
    names.push_back(name_behind(kind.leads_to_table.empty() ? scanner : behind(scanner, kind.leads_to_table)));
    SqlScanner renaming = behind(scanner, "rename");
    if (renaming.next().is("to")) names.push_back(name_behind(renaming));
    std::erase_if(names, [](const std::string& name) { return name.empty() || reserved_words.find(name) != nullptr; });
    return names;
}

// A body of SQL statements that is no string makes the end of a statement uncertain.
bool has_atomic_body(std::string_view text) {
    SqlScanner scanner(text);
    SqlToken before;
    for (SqlToken token = scanner.next(); token.kind != SqlTokenKind::end; token = scanner.next()) {
        if (before.is("begin") && token.is("atomic")) return true;
        before = token;
    }
    return false;
}

}  // namespace

NamesToWatch made_names(std::string_view sql, const WatchedNames* watched) {
    NamesToWatch made;
    const bool is_one = has_atomic_body(sql);
    const auto trace_of = [&](std::string_view word) {
        SessionTrace trace = watched == nullptr ? SessionTrace::none : watched->trace_of(word);
        for (const WatchedName& one : made.names)
            if (one.name == word) trace = std::max(trace, one.trace);
        return trace;
    };
    SqlScanner scanner(sql);
    for (SqlToken first = scanner.next(); first.kind != SqlTokenKind::end; first = scanner.next()) {
        SqlScanner definition = scanner;
        SqlToken last = first;
        while (last.kind != SqlTokenKind::end && (is_one || !last.is(';'))) last = scanner.next();
        if (!first.is("create") && !first.is("alter")) continue;
        const ObjectKind* kind = read_kind(definition);
        if (kind == nullptr) continue;
        const char* begin = SqlScanner(definition).next().text.data();
        const std::string_view text(begin, static_cast<std::size_t>(last.text.data() - begin));
        SourceReading reading = kind->has_source ? read_any(text) : SourceReading{};
        mentions(text, [&](std::string_view word) {
            reading.trace = std::max(reading.trace, trace_of(word));
            return false;
        });
        if (reading.trace == SessionTrace::none) continue;
        for (std::string& name : defined_names(definition, *kind)) made.names.push_back({std::move(name), reading.trace});
        made.add({.custom_settings = std::move(reading.custom_settings)});
    }
    return made;
}

}  // namespace pgweir::proxy
