#include "proxy/core/statement_traits.hpp"

#include "tests/support/statement.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

namespace pgweir::test {

using proxy::Effect;
using proxy::StatementTraits;

TEST_CASE("statement traits: ordinary statements leave nothing", "[proxy]") {
    const auto sql = GENERATE(
        as<std::string>{}, "", ";", "SELECT 1", "(SELECT 1)", "TABLE t", "VALUES (1)", "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1", "DELETE FROM t", "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "COPY t FROM STDIN", "BEGIN", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a", "FETCH 1 FROM c",
        "MOVE 1 FROM c", "NOTIFY c", "SHOW ALL", "VACUUM t", "ANALYZE", "LOCK TABLE t", "ALTER TABLE t ADD b int",
        "TRUNCATE t", "COMMENT ON TABLE t IS 'set'", "GRANT ALL ON t TO r", "SECURITY LABEL ON TABLE t IS 'x'",
        "IMPORT FOREIGN SCHEMA s FROM SERVER v INTO t", "REFRESH MATERIALIZED VIEW v", "DISCARD PLANS",
        "DISCARD SEQUENCES", "EXPLAIN SELECT 1", "EXPLAIN (ANALYZE) INSERT INTO t VALUES (1)",
        "DECLARE c CURSOR FOR SELECT 1", "SELECT pg_advisory_xact_lock(1)",
        "SELECT set_configuration, holding, temps, nextvalue FROM temp", "SELECT currentval('s')");
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)).empty());
}

TEST_CASE("statement traits: the first word tells what a statement may leave", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"LISTEN c", "listening"},
        {"UNLISTEN *", "listening"},
        {"LOAD 'l'", "library +pin"},
        {"DO $$ BEGIN END $$", "unseen +commits"},
        {"CALL p()", "unseen +commits"},
        {"EXECUTE p", "unseen"},
        {"PREPARE p AS SELECT 1", "prepared"},
        {"PREPARE transaction AS SELECT 1", "prepared"},
        {"PREPARE transaction (int) AS SELECT 1", "prepared"},
        {"PREPARE TRANSACTION 'x'", "+commits"},
        {"PREPARE TRANSACTION E'x'", "+commits"},
        {"DEALLOCATE p", "prepared"},
        {"COMMIT", "+commits"},
        {"COMMIT PREPARED 'x'", "+commits"},
        {"END AND CHAIN", "+commits"},
        {"CLOSE c", "cursor_close"},
        {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "holdable_cursor +pin"},
        {"DECLARE c SCROLL CURSOR WITH /**/ HOLD FOR SELECT 1", "holdable_cursor +pin"},
        {"DECLARE hold CURSOR WITHOUT HOLD FOR SELECT 1", ""},
        {"DECLARE c CURSOR FOR WITH hold AS (SELECT 1) TABLE hold", ""},
        {"DISCARD ALL", "settings advisory_unlock temporary_object cursor_close prepared listening +resets +changes"},
        {"DISCARD TEMP", "temporary_object"},
        {"DISCARD TEMPORARY", "temporary_object"},
        {"DROP TABLE t", "temporary_object"},
        {"IDENTIFY_SYSTEM", "unseen"},
        {"frobnicate", "unseen"},
        {"\"select\" 1", "unseen"},
        {"'a'", "unseen"},
        {"((", "unseen"},
        {"()", "unseen"},
        {"SELECT 1; 2", "unseen"},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: temporary objects are seen in every spelling", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"CREATE TABLE t (a int)", "temporary_object"},
        {"CREATE TABLE temp (a int)", "temporary_object"},
        {"CREATE UNLOGGED TABLE t (a int)", "temporary_object"},
        {"CREATE TEMP TABLE t (a int)", "temporary_object +pin"},
        {"create /**/ local\ntemporary table t (a int)", "temporary_object +pin"},
        {"CREATE GLOBAL TEMP TABLE t (a int)", "temporary_object +pin"},
        {"CREATE OR REPLACE TEMP RECURSIVE VIEW v (a) AS SELECT 1", "temporary_object +pin"},
        {"CREATE TABLE pg_temp.t (a int)", "temporary_object +pin"},
        {"CREATE FUNCTION \"pg_temp\".f() RETURNS int LANGUAGE sql AS ''", "temporary_object +pin"},
        {"CREATE TABLE t AS EXECUTE p", "temporary_object unseen"},
        {"SELECT 1 INTO t", "temporary_object"},
        {"(SELECT 1 INTO t)", "temporary_object"},
        {"SELECT 1 INTO TEMP t", "temporary_object +pin"},
        {"SELECT 1 INTO LOCAL TEMPORARY TABLE t", "temporary_object +pin"},
        {"SELECT 1 INTO TABLE pg_temp.t", "temporary_object +pin"},
        {"SELECT insert INTO t FROM u", "temporary_object"},
        {"WITH x AS (SELECT 1) SELECT * INTO t FROM x", "temporary_object"},
        {"WITH x AS (SELECT 1) SELECT f(x) insert INTO t FROM x", "temporary_object"},
        {"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * INTO u FROM x", "temporary_object"},
        {"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x", ""},
        {"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", ""},
        {"WITH x AS (SELECT 1) MERGE INTO t USING x ON true WHEN MATCHED THEN DELETE", ""},
        {"EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1", "temporary_object +pin"},
        {"EXPLAIN (ANALYZE, TIMING (off)) SELECT 1 INTO t", "temporary_object"},
        {"EXPLAIN (SELECT 1 INTO t) UNION SELECT 2", "temporary_object"},
        {"EXPLAIN ANALYSE VERBOSE EXECUTE p", "unseen"},
        {"EXPLAIN (ANALYZE) WITH x AS (SELECT 1) INSERT INTO t TABLE x", ""},
        {"SELECT * FROM pg_temp.t", "temporary_object"},
        {"SELECT * FROM pg_temporary", ""},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: names of functions count anywhere outside strings and comments", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"SELECT pg_advisory_lock(1)", "advisory_lock +pin"},
        {"SELECT pg_catalog.PG_ADVISORY_LOCK_SHARED(1)", "advisory_lock +pin"},
        {"SELECT pg_try_advisory_lock(1, 2)", "advisory_lock +pin"},
        {"UPDATE t SET a = pg_try_advisory_lock_shared(1)", "advisory_lock +pin"},
        {"SELECT \"pg_advisory_lock\"(1)", "advisory_lock +pin"},
        {"SELECT \"PG_ADVISORY_LOCK\"(1)", ""},
        {"SELECT pg_advisory_unlock(1)", "advisory_unlock"},
        {"SELECT pg_advisory_unlock_shared(1)", "advisory_unlock"},
        {"SELECT pg_advisory_unlock_all()", "advisory_unlock"},
        {"INSERT INTO t VALUES (nextval('s'))", "sequence_advance"},
        {"SELECT setval('s', 1)", "sequence_advance"},
        {"SELECT currval('s'), lastval()", "sequence_use"},
        {"SELECT setseed(0.5)", "uncarried +pin"},
        {"SELECT set_limit(0.5)", "settings +changes"},
        {"SELECT dblink_connect('c', 'd')", "library unseen +pin"},
        {"SELECT dblink_disconnect('c')", "unseen"},
        {"SELECT query_to_xml('SELECT 1', true, true, '')", "unseen"},
        {"SELECT * FROM ts_stat('SELECT 1')", "unseen"},
        {"SELECT 'nextval', E'\\'nextval', $$nextval$$ -- nextval", ""},
        {"SELECT /* nextval /* nextval */ nextval */ 1", ""},
        {"DECLARE c CURSOR FOR SELECT nextval('s')", "sequence_advance"},
        {"PREPARE p AS SELECT nextval('s')", "prepared sequence_advance"},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: what looks like a statement inside a string is none", "[proxy]") {
    const auto sql =
        GENERATE(as<std::string>{}, "SELECT ';SET a = 1'", "SELECT 'a\\\\;SET a = 1'", "SELECT E'\\';SET a = 1;--'",
                 "SELECT E'a'\n';SET a = 1'", "SELECT $$;SET a = 1$$", "SELECT a$b$ FROM t WHERE c$b$ = ';SET a = 1'",
                 "SELECT $a$ $b$;SET a = 1;$a$", "SELECT \";SET a = 1\"", "SELECT 1 -- ;SET a = 1",
                 "SELECT 1 /* /* */ ;SET a = 1 */", "SELECT 1e5$x$;SET a = 1$x$");
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)).empty());
}

TEST_CASE("statement traits: a statement is not hidden by what only looks like a string or comment", "[proxy]") {
    const auto sql =
        GENERATE(as<std::string>{}, "SELECT a$b$;SET a = 1;SELECT c$b$", "SELECT 'it''s';SET a = 1;--'",
                 "SELECT E'a\\\\';SET a = 1;--'", "SELECT E'a\\\\' 'b\\\\';SET a = 1", "SELECT 1 --\r;SET a = 1",
                 "SELECT 1 -- /*\n;SET a = 1; -- */", "SELECT 1 /* -- */;SET a = 1", "SELECT \"'\";SET a = 1;--'",
                 "SELECT '\"';SET a = 1;--\"", "SELECT $a$ $A$ $a$;SET a = 1; --$A$", "SELECT (1);SET a = 1",
                 "SELECT 5*/**/2;SET a = 1", "SELECT U&'a''';SET a = 1");
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == "settings +changes");
}

TEST_CASE("statement traits: a text in doubt is unknown, and what it seems to do counts as well", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"SELECT 'a", "unseen +commits"},
        {"SELECT 'a\\'; SET a = 1", "settings unseen +commits +changes"},
        {"SELECT 'a\\'; SET LOCAL a = 1; --'", "unseen +commits +changes"},
        {"SELECT U&\"a\" UESCAPE '!'", "unseen +commits"},
        {"SELECT 1 /* ", "unseen +commits"},
        {"SELECT $a$", "unseen +commits"},
        {"SELECT \"a", "unseen +commits"},
        {"SELECT \"set_configx", "unseen +commits"},
        {"SELECT 0x1f", "unseen +commits"},
        {"CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END", "temporary_object unseen +commits"},
        {std::string("SELECT 1\0", 9), "unseen +commits"},
        {std::string("SELECT '\0'", 10), "unseen +commits"},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: white space, comments and case of keywords change nothing", "[proxy]") {
    for (const std::string_view sql : sample_statements) {
        CAPTURE(sql);
        const StatementTraits traits = traits_of(sql);
        for (const std::string_view between :
             {" ", "\n\t", " /* ; ' */ ", " -- ' $$ /*\n", "\f--\r\n/**//* /* \" */ */"}) {
            const std::string other = respelled(sql, between);
            CAPTURE(other);
            const StatementTraits same = traits_of(other);
            CHECK(words_of(same) == words_of(traits));
            CHECK(forms_of(same) == forms_of(traits));
            CHECK(same.custom_settings.size() == traits.custom_settings.size());
        }
    }
}

TEST_CASE("statement traits: a further statement takes nothing away", "[proxy]") {
    for (const std::string_view first : sample_statements) {
        for (const std::string_view second : sample_statements) {
            const std::string sql = std::string(first) + ';' + std::string(second);
            CAPTURE(sql);
            const StatementTraits one = traits_of(first);
            const StatementTraits other = traits_of(second);
            const StatementTraits both = traits_of(sql);
            CHECK(both.effects == (one.effects | other.effects));
            CHECK(both.predicts_pin == (one.predicts_pin || other.predicts_pin));
            CHECK(both.commits == (one.commits || other.commits));
            CHECK(both.local_sets == one.local_sets + other.local_sets);
            CHECK(forms_of(both) == forms_of(one) + ", " + forms_of(other));
        }
    }
}

TEST_CASE("statement traits: any bytes are accepted and what is returned lies within them", "[proxy]") {
    constexpr std::string_view bytes = "'\"$\\;-*/()[].,=&@ \n\r\tEeUuNnBbXx01_aZ\x80\xff";
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::string sql(random() % 24, ' ');
        for (char& c : sql)
            c = bytes[random() % bytes.size()];
        if (round % 4 == 0)
            sql = "SET " + sql;
        if (round % 7 == 0)
            sql += "set_config('a.b', ";
        if (round % 11 == 0)
            sql += '\0';
        const StatementTraits traits = traits_of(sql);
        const auto is_inside = [&](std::string_view part) {
            return part.empty() || (part.data() >= sql.data() && part.data() + part.size() <= sql.data() + sql.size());
        };
        bool all_inside = true;
        for (const auto& statement : traits.statements)
            all_inside = all_inside && is_inside(statement.name);
        for (const auto name : traits.custom_settings)
            all_inside = all_inside && is_inside(name);
        CAPTURE(sql);
        REQUIRE(all_inside);
        REQUIRE(
            (!traits.statements.empty() || traits.effects.has(Effect::unseen) || sql.find(';') != std::string::npos));
    }
}

}   // namespace pgweir::test
