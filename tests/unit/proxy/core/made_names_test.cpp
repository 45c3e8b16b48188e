#include "proxy/core/made_names.hpp"

#include "tests/support/statement.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using Names = std::vector<std::string>;

namespace {

Names names_made(std::string_view sql, const proxy::WatchedNames* watched) {
    Names names;
    for (const proxy::WatchedName& one : proxy::made_names(sql, watched).names) names.push_back(one.name);
    return names;
}

}  // namespace

TEST_CASE("made names: functions whose source changes the session", "[proxy]") {
    const auto [sql, names] = GENERATE(table<std::string, Names>({
        {"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT set_config('a.b', '1', false) $$", {"f"}},
        {"create or replace function One.\"F\"() returns void language plpgsql as 'begin perform pg_advisory_lock(1); end'", {"f"}},
        {"CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN SET work_mem = '5MB'; END $$", {"p"}},
        {"CREATE FUNCTION f() RETURNS void BEGIN ATOMIC SELECT 1; SELECT set_config('a', 'b', false); END", {"f"}},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ plpy.execute('set work_mem = 1') $$", {"f"}},
        {"SELECT 1; CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'LISTEN x'", {"f"}},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", {}},
        {"CREATE FUNCTION f() RETURNS void LANGUAGE sql SET work_mem = '5MB' AS 'SELECT 1'", {}},
        {"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT set_config('a.b', '1', true) $$", {}},
        {"SELECT set_config('a.b', '1', false); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", {}},
        {"CREATE TEMP TABLE t (i int)", {}},
        {"CREATE TEMP VIEW v AS SELECT set_config('a.b', '1', false)", {}},
        {"CREATE FUNCTION", {}},
        {"CREATE", {}},
        {"", {}},
    }));
    CAPTURE(sql);
    CHECK(names_made(sql, nullptr) == names);
}

TEST_CASE("made names: what speaks of a watched name", "[proxy]") {
    const proxy::WatchedNames watched = watched_names({"taker"});
    const auto [sql, names] = GENERATE(table<std::string, Names>({
        {"CREATE VIEW v AS SELECT taker()", {"v"}},
        {"CREATE MATERIALIZED VIEW IF NOT EXISTS s.v AS SELECT taker()", {"v"}},
        {"CREATE TABLE IF NOT EXISTS public.t (i int DEFAULT taker())", {"t"}},
        {"CREATE TRIGGER x BEFORE UPDATE OF c ON s.t FOR EACH ROW EXECUTE FUNCTION taker()", {"t"}},
        {"CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION taker()", {"t"}},
        {"CREATE POLICY p ON t USING (taker() > 0)", {"t"}},
        {"CREATE RULE r AS ON INSERT TO t DO ALSO SELECT taker()", {"t"}},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT taker()'", {"f"}},
        {"ALTER FUNCTION taker() RENAME TO giver", {"taker", "giver"}},
        {"ALTER TABLE ONLY t ALTER i SET DEFAULT taker()", {"t"}},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT taker()'; CREATE VIEW v AS SELECT f()", {"f", "v"}},
        {"CREATE VIEW v AS SELECT other()", {}},
        {"CREATE TRIGGER x BEFORE UPDATE ON \"user\" EXECUTE FUNCTION taker()", {}},   // a reserved word is in every other text
        {"DROP FUNCTION taker()", {}},
    }));
    CAPTURE(sql);
    CHECK(names_made(sql, &watched) == names);
}

TEST_CASE("made names: what a function leaves, and the settings it names, are known at once", "[proxy]") {
    const proxy::NamesToWatch made = proxy::made_names(
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT set_config('a.b', '1', false) $$;"
        "CREATE FUNCTION g(n text) RETURNS void LANGUAGE sql AS $$ SELECT f(), set_config(n, '1', false) $$;"
        "CREATE VIEW v AS SELECT g('x')", nullptr);
    REQUIRE(made.names.size() == 3);
    CHECK(made.names[0].trace == proxy::SessionTrace::visible);
    CHECK(made.names[1].trace == proxy::SessionTrace::hidden);
    CHECK(made.names[2].trace == proxy::SessionTrace::hidden);
    CHECK(made.custom_settings == Names{"a.b"});
}

}  // namespace pgweir::test
