#include "proxy/core/session_settings.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

namespace pgweir::test {

using proxy::BaselineSettings;
using proxy::quote_literal;
using proxy::reset_sql;
using proxy::SessionSettings;
using proxy::switch_settings_sql;

namespace {

std::string set_config(const std::string& name, const std::string& value) {
    return "pg_catalog.set_config(" + name + ", " + value + ", false)";
}

const BaselineSettings baseline = {{"application_name", "pgweir"}, {"jit", "off"}};

}  // namespace

TEST_CASE("session settings: a literal reads the same whatever standard_conforming_strings is", "[proxy]") {
    const auto [text, quoted] = GENERATE(table<std::string, std::string>({{"", "''"},
                                                                           {"plain", "'plain'"},
                                                                           {"it's", "'it''s'"},
                                                                           {"'", "''''"},
                                                                           {"a\\b", " E'a\\\\b'"},
                                                                           {"\\'", " E'\\\\'''"},
                                                                           {"$$ -- /* \n \"", "'$$ -- /* \n \"'"}}));
    CHECK(quote_literal(text) == quoted);
}

TEST_CASE("session settings: nothing differs, nothing is sent", "[proxy]") {
    const SessionSettings settings = {{"datestyle", "ISO, DMY"}, {"timezone", "UTC"}};
    CHECK(switch_settings_sql({}, {}, baseline).empty());
    CHECK(switch_settings_sql(settings, settings, baseline).empty());
    const SessionSettings in_another_order = {settings[1], settings[0]};
    CHECK(switch_settings_sql(settings, in_another_order, baseline).empty());
}

TEST_CASE("session settings: what a client wants is set in one statement", "[proxy]") {
    const SessionSettings wanted = {{"search_path", "a, \"B c\", public"}, {"application_name", "it's me"}};
    CHECK(switch_settings_sql({}, wanted, baseline) == "SELECT " + set_config("'search_path'", "'a, \"B c\", public'") + ", " +
                                                           set_config("'application_name'", "'it''s me'"));
}

TEST_CASE("session settings: only what differs is sent", "[proxy]") {
    const SessionSettings from = {{"timezone", "UTC"}, {"datestyle", "ISO"}};
    const SessionSettings to = {{"timezone", "UTC"}, {"datestyle", "German"}};
    CHECK(switch_settings_sql(from, to, baseline) == "SELECT " + set_config("'datestyle'", "'German'"));
}

TEST_CASE("session settings: what the next client does not want goes back", "[proxy]") {
    SECTION("to the baseline, where that has a word") {
        CHECK(switch_settings_sql({{"jit", "on"}}, {}, baseline) == "SELECT " + set_config("'jit'", "'off'"));
    }
    SECTION("to the server's own default otherwise") {
        CHECK(switch_settings_sql({{"timezone", "UTC"}}, {}, baseline) == "RESET \"timezone\"; ");
    }
    SECTION("both, and what is wanted instead") {
        const SessionSettings from = {{"jit", "on"}, {"timezone", "UTC"}, {"app.tenant", "7"}};
        CHECK(switch_settings_sql(from, {{"datestyle", "ISO"}}, baseline) ==
              "RESET \"timezone\"; RESET \"app.tenant\"; SELECT " + set_config("'jit'", "'off'") + ", " +
                  set_config("'datestyle'", "'ISO'"));
    }
}

TEST_CASE("session settings: a name with quotes stays one name", "[proxy]") {
    const std::string name = "a\"; drop table t; --";
    CHECK(switch_settings_sql({{name, "1"}}, {}, baseline) == "RESET \"a\"\"; drop table t; --\"; ");
    const std::string quoted_name = "it's";
    CHECK(switch_settings_sql({}, {{quoted_name, "1"}}, baseline) == "SELECT " + set_config("'it''s'", "'1'"));
}

TEST_CASE("session settings: a reset goes back to the baseline, each statement by itself", "[proxy]") {
    CHECK(reset_sql({}) == std::vector<std::string>{"DISCARD ALL"});
    CHECK(reset_sql(baseline) ==
          std::vector<std::string>{"DISCARD ALL", "SELECT " + set_config("'application_name'", "'pgweir'") + ", " +
                                                      set_config("'jit'", "'off'")});
}

}  // namespace pgweir::test
