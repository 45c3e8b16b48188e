// SET, RESET and set_config: which settings, and for how long.
#include "tests/support/statement.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

TEST_CASE("statement traits: what SET and RESET do is told apart", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"SET work_mem = '1MB'", "settings +changes"},
        {"set session work_mem to 1", "settings +changes"},
        {"SET SESSION AUTHORIZATION r", "settings +changes"},
        {"SET ROLE r", "settings +changes"},
        {"SET TIME ZONE 'UTC'", "settings +changes"},
        {"SET NAMES 'UTF8'", "settings +changes"},
        {"SET XML OPTION DOCUMENT", "settings +changes"},
        {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "settings +changes"},
        {"SET SESSION TRANSACTION READ ONLY", "settings +changes"},
        {"SET LOCAL work_mem = 1", "+changes +local1"},
        {"SET LOCAL ROLE r", "+changes +local1"},
        {"SET LOCAL TIME ZONE LOCAL", "+resets +changes +local1"},
        {"SET LOCAL work_mem TO DEFAULT", "+resets +changes +local1"},
        {"SET TRANSACTION READ ONLY", "+changes +local1"},
        {"SET TRANSACTION SNAPSHOT 'x'", "+changes +local1"},
        {"SET LOCAL a = 1; SET b = 1; SET TRANSACTION READ ONLY", "settings +changes +local2"},
        {"SET CONSTRAINTS ALL DEFERRED", ""},
        {"SET work_mem TO DEFAULT", "settings +resets +changes"},
        {"SET work_mem = default", "settings +resets +changes"},
        {"SET work_mem = 'default'", "settings +changes"},
        {"SET work_mem = \"default\"", "settings +changes"},
        {"SET SESSION AUTHORIZATION DEFAULT", "settings +resets +changes"},
        {"SET TIME ZONE LOCAL", "settings +resets +changes"},
        {"SET TIME ZONE DEFAULT", "settings +resets +changes"},
        {"SET NAMES", "settings +resets +changes"},
        {"SET NAMES; SELECT 1", "settings +resets +changes"},
        {"RESET work_mem", "settings +resets +changes"},
        {"RESET ALL", "settings +resets +changes"},
        {"RESET ROLE", "settings +resets +changes"},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: the keywords of SET may be names of settings", "[proxy]") {
    const auto [sql, name] = GENERATE(table<std::string, std::string>({
        {"SET local.x = 1", "local.x"},
        {"SET LOCAL . x TO 1", "local.x"},
        {"SET session.x = 1", "session.x"},
        {"SET SESSION local.x = 1", "local.x"},
        {"SET transaction.x = 1", "transaction.x"},
        {"SET constraints.x = 1", "constraints.x"},
        {"SET time.zone = 1", "time.zone"},
        {"SET names.x = 1", "names.x"},
        {"SET local = 1", ""},
        {"SET transaction TO 1", ""},
        {"SET \"local\" work_mem = 1", ""},
    }));
    CAPTURE(sql);
    const auto traits = traits_of(sql);
    CHECK(words_of(traits) == "settings +changes");
    CHECK(custom_settings_of(traits) == name);
}

TEST_CASE("statement traits: names with a dot are told", "[proxy]") {
    const auto [sql, names] = GENERATE(table<std::string, std::string>({
        {"SET App.X = 'y'", "app.x"},
        {"SET app . /**/ x TO 'y'", "app.x"},
        {"SET \"App\".\"X y\" TO 'y'", "App.X y"},
        {"SET \"app.x\" = 1", "app.x"},
        {"SET a.b.c = 1", "a.b.c"},
        {"SET LOCAL app.x = 1", "app.x"},
        {"SET LOCAL local.x = 1", "local.x"},
        {"RESET app.x", "app.x"},
        {"SET work_mem = 1", ""},
        {"SET search_path = a.b", ""},
        {"SELECT set_config('app.x', 'y', false)", "app.x"},
        {"SELECT set_config('app.x', 'y', true)", "app.x"},
        {"SELECT set_config('work_mem', 'a.b', true)", ""},
        {"SET a.b = 1; SET c.d = 1; SELECT set_config('e.f', set_config('g.h', '', true), true)", "a.b c.d e.f g.h"},
    }));
    CAPTURE(sql);
    CHECK(custom_settings_of(traits_of(sql)) == names);
}

TEST_CASE("statement traits: a setting that the text does not name may be any", "[proxy]") {
    const auto sql =
        GENERATE(as<std::string>{}, "SELECT set_config($1, 'y', false)", "SELECT set_config('a' || 'b', 'y', false)",
                 "SELECT set_config('app.'\n'x', 'y', false)", "SELECT set_config(E'app.x', 'y', false)",
                 "SELECT set_config($$app.x$$, 'y', false)", "SELECT set_config('app.\xc3\xa4', 'y', false)",
                 "SELECT set_config('app.''x', 'y', false)", "SELECT set_config('app\\x', 'y', false)",
                 "SELECT set_config('app..x', 'y', false)", "SELECT set_config('app.1x', 'y', false)",
                 "SELECT set_config(name, value, false) FROM t", "SELECT set_config", "SELECT set_config()",
                 "SELECT set_config('app.x')", "CREATE AGGREGATE a (sfunc = set_config)", "SET app.\xc3\xa4 = 1",
                 "SET a\xc3\xa4.b = 1", "SET a.b. = 1");
    CAPTURE(sql);
    const auto traits = traits_of(sql);
    CHECK(traits.effects.has(proxy::Effect::settings));
    CHECK(traits.effects.has(proxy::Effect::unseen));
    CHECK(traits.effects.has(proxy::Effect::uncarried));
    CHECK(traits.predicts_pin);
    CHECK(custom_settings_of(traits).empty());
}

TEST_CASE("statement traits: what a call of set_config sets for its transaction may have any name", "[proxy]") {
    const auto sql = GENERATE(as<std::string>{}, "SELECT set_config($1, $2, true)", "select set_config(name, value, 'true') from t",
                              "SELECT set_config('app.' || x, f(a, b), TRUE)");
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == "+changes");
}

TEST_CASE("statement traits: set_config outlives its transaction unless it plainly does not", "[proxy]") {
    const auto [sql, words] = GENERATE(table<std::string, std::string>({
        {"SELECT set_config('a', 'b', false)", "settings +changes"},
        {"SELECT pg_catalog.SET_CONFIG('a', 'b', FALSE)", "settings +changes"},
        {"SELECT \"set_config\"('a', 'b', false)", "settings +changes"},
        {"SELECT \"SET_CONFIG\"('a', 'b', false)", ""},
        {"SELECT set_config('a', 'b', true)", "+changes"},
        {"SELECT set_config ( 'a' , 'b' , TRUE )", "+changes"},
        {"SELECT set_config('a', 'b', 'true')", "+changes"},
        {"SELECT set_config('a', 'b', 'on')", "settings +changes"},
        {"SELECT set_config('a', 'b', $1)", "settings +changes"},
        {"SELECT set_config('a', 'b', true = false)", "settings +changes"},
        {"SELECT set_config('a', 'b', true AND false)", "settings +changes"},
        {"SELECT set_config('a', 'b', \"true\")", "settings +changes"},
        {"SELECT set_config('a', $1, true), set_config('b', $2, true)", "+changes"},
        {"SELECT set_config('a', coalesce($1, (array['x,true)', 'y'])[1]), true)", "+changes"},
        {"SELECT set_config('a', set_config('b', 'c', false), true)", "settings +changes"},
        {"SELECT set_config('a', f('b', true), false)", "settings +changes"},
        {"SELECT set_config('a', 'b'; true)", "settings +changes"},
        {"VALUES (set_config('a', 'b', false))", "settings +changes"},
    }));
    CAPTURE(sql);
    CHECK(words_of(traits_of(sql)) == words);
}

TEST_CASE("statement traits: arguments of set_config are followed so far and no further", "[proxy]") {
    const auto call_with = [](int terms) {
        std::string sql = "SELECT set_config('a', 'b'";
        for (int i = 0; i < terms; ++i)
            sql += " || 'b'";
        return traits_of(sql + ", true)").effects;
    };
    CHECK(call_with(5).empty());
    CHECK(call_with(100) == proxy::Effects(proxy::Effect::settings));
}

TEST_CASE("statement traits: the count of local SETs stops rather than wraps", "[proxy]") {
    std::string sql;
    for (int i = 0; i < 300; ++i)
        sql += "SET LOCAL a = 1;";
    CHECK(traits_of(sql).local_sets == 255);
    CHECK(traits_of(sql).effects.empty());
    CHECK(traits_of(sql + "SELECT 'a").local_sets == 0);
}

}   // namespace pgweir::test
