// Traits of statements as words that can be compared and read, texts respelled without a
// change of meaning, and a collection of statements of every kind.
#pragma once

#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_traits.hpp"
#include "proxy/core/watched_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

inline std::string joined(std::string words, std::string_view word) {
    if (!words.empty())
        words += ' ';
    return words += word;
}

// Names that are watched, for what can be found.
inline proxy::WatchedNames watched_names(const std::vector<std::string>& names, proxy::SessionTrace trace = proxy::SessionTrace::visible) {
    proxy::NamesToWatch watched;
    for (const std::string& name : names) watched.names.push_back({name, trace});
    return proxy::WatchedNames(watched);
}

inline std::string names_of(proxy::Effects effects) {
    using proxy::Effect;
    constexpr std::array names = {
        "settings",     "advisory_lock", "advisory_unlock", "temporary_object", "holdable_cursor",
        "cursor_close", "prepared",      "listening",       "sequence_advance", "sequence_use",
        "library",      "unseen",        "watched",         "uncarried"};
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (effects.has(static_cast<Effect>(1U << i)))
            all = joined(all, names[i]);
    return all;
}

// "listen c, other"; RESET of a name with a dot is said as it is meant.
inline std::string forms_of(const proxy::StatementTraits& traits) {
    constexpr std::array names = {"other",
                                  "empty",
                                  "begin",
                                  "commit",
                                  "rollback",
                                  "discard_all",
                                  "reset_all",
                                  "reset",
                                  "close_all",
                                  "unlisten_all",
                                  "advisory_unlock_all",
                                  "deallocate_all",
                                  "deallocate",
                                  "listen",
                                  "unlisten",
                                  "prepare",
                                  "execute"};
    std::string all;
    for (const proxy::Statement& statement : traits.statements) {
        if (!all.empty())
            all += ", ";
        all += names[static_cast<std::size_t>(statement.form)];
        if (!statement.name.empty())
            all += ' ' + proxy::plain_name(statement.name).value_or("?");
    }
    return all;
}

inline std::string custom_settings_of(const proxy::StatementTraits& traits) {
    std::string all;
    for (const std::string_view name : traits.custom_settings)
        all = joined(all, proxy::plain_name(name).value_or("?"));
    return all;
}

// Everything but names of custom settings, which a change of case may change.
inline std::string words_of(const proxy::StatementTraits& traits) {
    std::string all = names_of(traits.effects);
    if (traits.predicts_pin)
        all = joined(all, "+pin");
    if (!traits.resets.empty())
        all = joined(all, "+resets");
    if (traits.commits)
        all = joined(all, "+commits");
    if (traits.changes_settings)
        all = joined(all, "+changes");
    if (traits.local_sets > 0)
        all = joined(all, "+local" + std::to_string(traits.local_sets));
    return all;
}

inline proxy::StatementTraits traits_of(std::string_view sql) {
    return proxy::traits_of(sql, nullptr);
}

// The same tokens with `between` in front of each and behind the last, words in capitals. Only right for a text
// that is read with certainty.
inline std::string respelled(std::string_view sql, std::string_view between) {
    proxy::SqlScanner scanner(sql);
    std::string text(between);
    for (auto token = scanner.next(); token.kind != proxy::SqlTokenKind::end; token = scanner.next()) {
        std::string word(token.text);
        if (token.kind == proxy::SqlTokenKind::word)
            std::ranges::transform(word, word.begin(),
                                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
        text += word;
        text += between;
    }
    return text;
}

constexpr std::array<std::string_view, 62> sample_statements = {
    "SELECT a, \"b\" FROM t WHERE c = 'it''s' AND d > 1.5e3 AND e = $1",
    "INSERT INTO t VALUES (1, E'a\\'b', $x$;$x$, U&'\\0041', B'01', N'n')",
    "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
    "SELECT 1 INTO t2",
    "SELECT 1 INTO TEMP t2",
    "SELECT 1 INTO pg_temp.t2",
    "SET work_mem = '1MB'",
    "SET SESSION work_mem TO DEFAULT",
    "SET LOCAL work_mem = 1",
    "SET local.x = 1",
    "SET app.x TO 'y'",
    "SET \"App\".\"X\" TO 'y'",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "SET CONSTRAINTS ALL DEFERRED",
    "SET TIME ZONE LOCAL",
    "SET NAMES",
    "RESET work_mem",
    "RESET app.x",
    "RESET ALL",
    "DISCARD ALL",
    "DISCARD TEMP",
    "SELECT set_config('a.b', (array['x', 'y'])[1], true)",
    "SELECT set_config('a', 'b', false)",
    "SELECT set_config($1, $2, true)",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_advisory_unlock(1)",
    "SELECT pg_advisory_unlock_all()",
    "SELECT nextval('s'), currval('s')",
    "CREATE TABLE t (a int)",
    "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
    "CREATE TABLE t AS EXECUTE p",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)",
    "DROP TABLE t",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "DECLARE c CURSOR FOR SELECT 1",
    "CLOSE ALL",
    "CLOSE c",
    "PREPARE p AS SELECT 1",
    "PREPARE TRANSACTION 'x'",
    "DEALLOCATE ALL",
    "DEALLOCATE PREPARE p",
    "EXECUTE p (1, 'x')",
    "LISTEN c",
    "UNLISTEN c",
    "UNLISTEN *",
    "LOAD 'l'",
    "DO 'x'",
    "CALL p()",
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE NOT DEFERRABLE",
    "START TRANSACTION",
    "COMMIT WORK",
    "END",
    "COMMIT AND CHAIN",
    "ROLLBACK",
    "ABORT TRANSACTION",
    "ROLLBACK TO SAVEPOINT s",
    "EXPLAIN (ANALYZE, VERBOSE) EXECUTE p",
    "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1",
    "((SELECT 1) UNION SELECT 2)",
    "NONSENSE",
};

}   // namespace pgweir::test
