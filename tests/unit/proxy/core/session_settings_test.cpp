#include "proxy/core/session_settings.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace pgweir::test {

using proxy::BaselineSettings;
using proxy::environment_of;
using proxy::quote_literal;
using proxy::quote_name;
using proxy::reset_sql;
using proxy::restore_missing_sql;
using proxy::restore_settings_sql;
using proxy::SessionSettings;
using proxy::switch_settings_sql;

namespace {

std::string set_config(const std::string& name, const std::string& value) {
    return "pg_catalog.length(pg_catalog.set_config(" + name + ", " + value + ", false))";
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

TEST_CASE("session settings: a literal reads the same whatever client_encoding is", "[proxy]") {
    CHECK(quote_literal("h\xc3\xa4") == " E'h\\303\\244'");
    CHECK(quote_literal("\x80\xff'") == " E'\\200\\377'''");
}

TEST_CASE("session settings: a name is always in quotes", "[proxy]") {
    CHECK(quote_name("Plain") == "\"Plain\"");
    CHECK(quote_name("a\"b") == "\"a\"\"b\"");
}

TEST_CASE("session settings: nothing differs, nothing is sent", "[proxy]") {
    const SessionSettings settings = {{"datestyle", "ISO, DMY"}, {"timezone", "UTC"}, {"role", "app"}};
    CHECK(switch_settings_sql({}, {}, baseline).empty());
    CHECK(switch_settings_sql(settings, settings, baseline).empty());
    const SessionSettings in_another_order = {settings[2], settings[1], settings[0]};
    CHECK(switch_settings_sql(settings, in_another_order, baseline).empty());
    CHECK(switch_settings_sql({}, {}, {{"role", "app"}}).empty());
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

TEST_CASE("session settings: a role is given up first and taken last", "[proxy]") {
    SECTION("given up") {
        CHECK(switch_settings_sql({{"role", "app"}}, {}, baseline) == "RESET ROLE; ");
        CHECK(switch_settings_sql({{"jit", "on"}, {"role", "app"}}, {}, baseline) ==
              "RESET ROLE; SELECT " + set_config("'jit'", "'off'"));
    }
    SECTION("taken") {
        const SessionSettings wanted = {{"role", "app"}, {"work_mem", "64"}};
        CHECK(switch_settings_sql({}, wanted, baseline) ==
              "SELECT " + set_config("'work_mem'", "'64'") + ", " + set_config("'role'", "'app'"));
    }
    SECTION("exchanged") {
        CHECK(switch_settings_sql({{"role", "app"}}, {{"role", "admin"}}, baseline) ==
              "RESET ROLE; SELECT " + set_config("'role'", "'admin'"));
    }
    SECTION("laid down while something else changes, which the role may have no right to") {
        const SessionSettings from = {{"log_statement", "all"}, {"role", "app"}};
        CHECK(switch_settings_sql(from, {{"role", "app"}}, baseline) ==
              "RESET ROLE; RESET \"log_statement\"; SELECT " + set_config("'role'", "'app'"));
    }
    SECTION("the baseline's own, likewise") {
        const BaselineSettings with_role = {{"role", "app"}};
        CHECK(switch_settings_sql({{"role", "admin"}}, {}, with_role) ==
              "RESET ROLE; SELECT " + set_config("'role'", "'app'"));
        CHECK(switch_settings_sql({}, {{"jit", "on"}}, with_role) ==
              "RESET ROLE; SELECT " + set_config("'jit'", "'on'") + ", " + set_config("'role'", "'app'"));
    }
}

TEST_CASE("session settings: a session user goes before its role, which it takes away", "[proxy]") {
    const SessionSettings both = {{"role", "app"}, {"session_authorization", "owner"}};
    CHECK(switch_settings_sql(both, {}, baseline) == "RESET ROLE; RESET SESSION AUTHORIZATION; ");
    CHECK(switch_settings_sql({}, both, baseline) ==
          "SELECT " + set_config("'session_authorization'", "'owner'") + ", " + set_config("'role'", "'app'"));
    const SessionSettings another_user = {{"role", "app"}, {"session_authorization", "guest"}};
    CHECK(switch_settings_sql(both, another_user, baseline) ==
          "RESET ROLE; RESET SESSION AUTHORIZATION; SELECT " + set_config("'session_authorization'", "'guest'") + ", " +
              set_config("'role'", "'app'"));
    const SessionSettings another_role = {{"role", "admin"}, {"session_authorization", "owner"}};
    CHECK(switch_settings_sql(both, another_role, baseline) == "RESET ROLE; SELECT " + set_config("'role'", "'admin'"));
}

TEST_CASE("session settings: what a RESET has undone is set again", "[proxy]") {
    const SessionSettings startup = {{"timezone", "UTC"}, {"jit", "on"}};
    SECTION("all of it, the client's values before the baseline's") {
        CHECK(restore_settings_sql(startup, baseline, "") ==
              "SELECT " + set_config("'application_name'", "'pgweir'") + ", " + set_config("'timezone'", "'UTC'") + ", " +
                  set_config("'jit'", "'on'"));
        CHECK(restore_settings_sql({}, {}, "").empty());
    }
    SECTION("of nobody knows what") {
        const std::string sql = restore_missing_sql({{"jit", "on"}, {"role", "r"}}, baseline);
        CHECK(sql.find("(VALUES ('application_name', 'pgweir'), ('jit', 'on')) v") != std::string::npos);
        CHECK(restore_missing_sql({}, {}).empty());
    }
    SECTION("one parameter") {
        CHECK(restore_settings_sql(startup, baseline, "jit") == "SELECT " + set_config("'jit'", "'on'"));
        CHECK(restore_settings_sql(startup, baseline, "application_name") ==
              "SELECT " + set_config("'application_name'", "'pgweir'"));
        CHECK(restore_settings_sql(startup, baseline, "work_mem").empty());
    }
    SECTION("RESET ROLE goes back to the startup packet's role, RESET ALL does not touch it") {
        const SessionSettings with_role = {{"role", "app"}};
        CHECK(restore_settings_sql(with_role, {}, "role") == "SELECT " + set_config("'role'", "'app'"));
        CHECK(restore_settings_sql(with_role, {}, "").empty());
        CHECK(restore_settings_sql(with_role, {{"role", "base"}}, "") == "SELECT " + set_config("'role'", "'base'"));
    }
}

TEST_CASE("session settings: what has a part in understanding a statement makes the environment", "[proxy]") {
    const SessionSettings settings = {{"search_path", "a"}, {"timezone", "UTC"}};
    const auto environment = environment_of(settings);
    CHECK(environment == environment_of({{"timezone", "UTC"}, {"search_path", "a"}}));
    CHECK(environment == environment_of({{"app.tenant", "7"}, {"jit", "off"}, {"search_path", "a"}, {"timezone", "UTC"}}));
    const std::vector<SessionSettings> others = {{},
                                                 {{"search_path", "a"}},
                                                 {{"search_path", "b"}, {"timezone", "UTC"}},
                                                 {{"search_path", "UTC"}, {"timezone", "a"}},
                                                 {{"search_path", "a"}, {"timezone", "UTC"}, {"role", "x"}},
                                                 {{"search_path", "a"}, {"timezone", "UTC"}, {"session_authorization", "x"}}};
    for (const SessionSettings& other : others) CHECK(environment_of(other) != environment);
}

TEST_CASE("session settings: a reset goes back to the baseline, each statement by itself", "[proxy]") {
    CHECK(reset_sql({}) == std::vector<std::string>{"DISCARD ALL"});
    CHECK(reset_sql(baseline) ==
          std::vector<std::string>{"DISCARD ALL", "SELECT " + set_config("'application_name'", "'pgweir'") + ", " +
                                                      set_config("'jit'", "'off'")});
}

}  // namespace pgweir::test
