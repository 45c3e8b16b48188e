#include "proxy/core/watched_names.hpp"

#include "tests/support/statement.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using proxy::Effect;
using proxy::Effects;
using proxy::WatchedNames;

namespace {

Effects effects_of(std::string_view sql, const WatchedNames& watched) {
    return proxy::traits_of(sql, &watched).effects;
}

}   // namespace

TEST_CASE("watched names: a word is found in any case", "[proxy]") {
    const WatchedNames watched = watched_names({"Take_Lock", "orders"});
    CHECK_FALSE(watched.empty());
    CHECK(watched.holds("take_lock"));
    CHECK(watched.holds("TAKE_LOCK"));
    CHECK(watched.holds("Orders"));
    CHECK_FALSE(watched.holds("order"));
    CHECK_FALSE(watched.holds("ordersx"));
    CHECK_FALSE(watched.holds("uakf_lock"));
    CHECK_FALSE(watched.holds(""));
}

TEST_CASE("watched names: none are none", "[proxy]") {
    const WatchedNames watched = watched_names({});
    CHECK(watched.empty());
    CHECK_FALSE(watched.holds("a"));
    CHECK_FALSE(watched.holds(std::string(64, 'a')));
    CHECK(watched_names({""}).empty());
}

TEST_CASE("watched names: beyond ASCII every word is any such name", "[proxy]") {
    const WatchedNames watched = watched_names({"stra\xc3\x9f"
                                                "e"});
    CHECK(
        watched.holds("stra\xdf"
                      "e"));
    CHECK(watched.holds("\xc3\x84"));
    CHECK_FALSE(watched.holds("strasse"));
    CHECK_FALSE(watched_names({"a"}).holds("\xc3\x84"));
}

TEST_CASE("watched names: a word that the server cuts may be any name", "[proxy]") {
    const WatchedNames watched = watched_names({std::string(63, 'x')});
    CHECK(watched.holds(std::string(63, 'X')));
    CHECK_FALSE(watched.holds(std::string(62, 'x')));
    CHECK(watched.holds(std::string(64, 'x')));
}

TEST_CASE("watched names: many names are all found", "[proxy]") {
    std::vector<std::string> names;
    for (int i = 0; i < 3000; ++i)
        names.push_back("fn_" + std::to_string(i));
    const WatchedNames watched = watched_names(names);
    int found = 0;
    for (int i = 0; i < 6000; ++i)
        found += watched.holds("FN_" + std::to_string(i)) ? 1 : 0;
    CHECK(found == 3000);
}

TEST_CASE("statement traits: a watched name anywhere outside strings and comments is seen", "[proxy]") {
    const WatchedNames watched = watched_names({"take_lock", "or\"ders"});
    const auto sql =
        GENERATE(as<std::string>{}, "SELECT take_lock(1)", "SELECT app.TAKE_LOCK(1)", "SELECT \"take_lock\"(1)",
                 "INSERT INTO take_lock VALUES (1)", "UPDATE t SET a = 1 FROM Take_Lock", "SELECT 1; TABLE take_lock",
                 "COPY take_lock FROM STDIN", "SELECT 1 FROM x.take_lock");
    CAPTURE(sql);
    CHECK(effects_of(sql, watched).has(Effect::watched));
}

TEST_CASE("statement traits: names that are not watched change nothing", "[proxy]") {
    const WatchedNames watched = watched_names({"take_lock"});
    const auto sql = GENERATE(as<std::string>{}, "SELECT take_lock_2(1)", "SELECT 'take_lock' -- take_lock",
                              "SELECT /* take_lock */ 1", "SELECT $$take_lock$$", "SELECT \"a\" FROM b");
    CAPTURE(sql);
    CHECK(effects_of(sql, watched).empty());
}

TEST_CASE("statement traits: what CALL runs is seen only where names are watched", "[proxy]") {
    CHECK(traits_of("CALL p()").effects == Effects(Effect::unseen));
    CHECK(effects_of("CALL p()", watched_names({})).empty());
    CHECK(effects_of("CALL p()", watched_names({"p"})) == Effects(Effect::watched));
}

TEST_CASE("statement traits: how much of what a watched name leaves can be found", "[proxy]") {
    using proxy::SessionTrace;
    CHECK(effects_of("SELECT f()", watched_names({"f"})) == Effects(Effect::watched));
    CHECK(effects_of("SELECT f()", watched_names({"f"}, SessionTrace::hidden)) == (Effects(Effect::watched) | Effect::unseen));
    const WatchedNames lasting = watched_names({"f"}, SessionTrace::lasting);
    CHECK(effects_of("SELECT f()", lasting) == (Effects(Effect::watched) | Effect::library | Effect::unseen));
    CHECK(proxy::traits_of("SELECT f()", &lasting).predicts_pin);
    // One with a doubled quote is not taken apart.
    CHECK(effects_of("SELECT \"or\"\"ders\"", watched_names({"f"})).has(Effect::unseen));
}

TEST_CASE("watched names: of two with one name the one counts that leaves more", "[proxy]") {
    using proxy::SessionTrace;
    proxy::NamesToWatch watched{.names = {{"f", SessionTrace::hidden}, {"F", SessionTrace::visible}}, .custom_settings = {"a.b"}};
    watched.add({.names = {{"g", SessionTrace::visible}}, .custom_settings = {"a.b", "c.d"}});
    const WatchedNames names(watched);
    CHECK(names.trace_of("f") == SessionTrace::hidden);
    CHECK(names.trace_of("g") == SessionTrace::visible);
    CHECK(names.trace_of("h") == SessionTrace::none);
    CHECK(names.custom_settings() == std::vector<std::string>{"a.b", "c.d"});
}

}   // namespace pgweir::test
