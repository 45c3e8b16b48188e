#include "proxy/core/session_words.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

using pgweir::proxy::find_session_word;

TEST_CASE("session words: what leaves state behind is found wherever it stands", "[proxy]") {
    const auto [sql, leaves] = GENERATE(table<std::string, std::string>({
        {"SELECT set_config('search_path', 'x', false)", "setting"},
        {"select pg_catalog.SET_CONFIG('a','b',false)", "setting"},
        {"SELECT pg_advisory_lock(1)", "advisory_lock"},
        {"SELECT pg_try_advisory_lock_shared(1, 2)", "advisory_lock"},
        {"create temp table t(a int)", "temporary_object"},
        {"CREATE\nTEMPORARY VIEW v AS SELECT 1", "temporary_object"},
        {"SELECT 1 INTO pg_temp.t", "temporary_object"},
        {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", "holdable_cursor"},
        {"BEGIN;SELECT 1;CREATE/**/TEMP/**/TABLE t(a int);COMMIT", "temporary_object"},
        {"temp", "temporary_object"},
    }));
    CAPTURE(sql);
    const auto found = find_session_word(sql);
    REQUIRE(found);
    CHECK(*found == leaves);
}

TEST_CASE("session words: longer words and transaction-level locks are no state", "[proxy]") {
    const auto sql = GENERATE(as<std::string>{}, "", "SELECT temperature FROM household", "SELECT pg_advisory_xact_lock(1)",
                              "SELECT temp_id, holding, set_configuration FROM t", "SELECT 1", "\xff\xfe\x00temps",
                              "UPDATE t SET temps = 1", "SELECT pg_advisory_unlock_all()");
    CAPTURE(sql);
    CHECK_FALSE(find_session_word(sql));
}
