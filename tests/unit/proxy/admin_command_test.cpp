#include "proxy/admin/admin_command.hpp"
#include "proxy/admin/shows.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

using proxy::AdminCommand;
using proxy::CommandError;
using proxy::ConsoleRole;
using proxy::parse_commands;
using proxy::ParsedCommand;
using proxy::Verb;

namespace {

AdminCommand only(const std::string& text) {
    const std::vector<ParsedCommand> commands = parse_commands(text);
    REQUIRE(commands.size() == 1);
    INFO(text);
    REQUIRE(std::holds_alternative<AdminCommand>(commands.front()));
    return std::get<AdminCommand>(commands.front());
}

CommandError error_of(const std::string& text) {
    const std::vector<ParsedCommand> commands = parse_commands(text);
    INFO(text);
    REQUIRE_FALSE(commands.empty());
    REQUIRE(std::holds_alternative<CommandError>(commands.back()));
    return std::get<CommandError>(commands.back());
}

}  // namespace

TEST_CASE("admin command: every SHOW is found in any case, with and without a semicolon", "[admin]") {
    for (const proxy::ShowRow& show : proxy::shows()) {
        const std::string word(show.word);
        CHECK(only("SHOW " + word).show == &show);
        CHECK(only("show " + word + ";").show == &show);
        CHECK(only("  /* why */ Show\t" + word + " ; ").show == &show);
    }
    CHECK(only("SHOW HELP").show == nullptr);
    CHECK(only("SHOW HELP").verb == Verb::show);
}

TEST_CASE("admin command: databases by name, in quotes or not", "[admin]") {
    CHECK(only("PAUSE").name.empty());
    CHECK(only("PAUSE app").name == "app");
    CHECK(only("pause my-db.v2").name == "my-db.v2");
    CHECK(only("PAUSE \"My \"\"db\"").name == "My \"db");
    CHECK(only("RESUME app").verb == Verb::resume);
    CHECK(only("KILL app").verb == Verb::kill);
    CHECK(only("RECONNECT").verb == Verb::reconnect);
    CHECK(only("WAIT_CLOSE app").verb == Verb::wait_close);
    CHECK(only("DISABLE app").verb == Verb::disable);
    CHECK(only("PROBE UPSTREAM").verb == Verb::probe);
    CHECK(only("probe upstream app").name == "app");
    error_of("DISABLE");
    error_of("PAUSE a b");
    error_of("PAUSE \"open");
    error_of("PROBE app");
}

TEST_CASE("admin command: numbers, words and assignments", "[admin]") {
    CHECK(only("KILL_CLIENT 17").number == 17);
    CHECK(only("UNPIN 3").verb == Verb::unpin);
    for (const char* bad : {"KILL_CLIENT", "KILL_CLIENT x", "KILL_CLIENT 0", "KILL_CLIENT -1", "KILL_CLIENT 99999999999999999999", "UNPIN 1 2"})
        error_of(bad);
    CHECK(only("BREAKER open").name == "OPEN");
    CHECK(only("BREAKER AUTO app").value == "app");
    error_of("BREAKER");
    error_of("BREAKER half_open");
    CHECK(only("SHUTDOWN").name.empty());
    CHECK(only("shutdown wait_for_clients").name == "WAIT_FOR_CLIENTS");
    error_of("SHUTDOWN later");
    const AdminCommand set = only("SET limits.pool_size = 5");
    CHECK(set.verb == Verb::set);
    CHECK(set.name == "limits.pool_size");
    CHECK(set.value == "5");
    CHECK(only("set query_wait_timeout to '30s'").value == "30s");
    CHECK(only("SET query_wait_timeout=30s;").value == "30s");
    CHECK(only("SET max_pinned = 25%").value == "25%");
    error_of("SET limits.pool_size");
    error_of("SET = 5");
}

TEST_CASE("admin command: what drivers send when they connect is accepted", "[admin]") {
    for (const char* text : {"SET extra_float_digits = 3", "SET client_encoding TO 'UTF8'", "SET SESSION TIME ZONE 'UTC'", "BEGIN", "COMMIT",
                             "ROLLBACK", "RESET ALL", "DISCARD ALL", "DEALLOCATE ALL", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"})
        CHECK(only(text).verb == Verb::nothing);
    CHECK(only("SELECT 1").verb == Verb::ping);
    CHECK(only("select version();").name == "version");
    CHECK(only("SHOW client_encoding").value == "UTF8");
    CHECK(only("SHOW TRANSACTION ISOLATION LEVEL").name == "transaction_isolation");
    CHECK(parse_commands("SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;").size() == 4);
}

TEST_CASE("admin command: nothing is nothing", "[admin]") {
    CHECK(parse_commands("").empty());
    CHECK(parse_commands(" ; ;; -- no\n").empty());
}

TEST_CASE("admin command: several are done in turn, up to the first that is none", "[admin]") {
    const std::vector<ParsedCommand> commands = parse_commands("SHOW POOLS; nonsense; SHOW STATS");
    REQUIRE(commands.size() == 2);
    CHECK(std::holds_alternative<CommandError>(commands.back()));
}

TEST_CASE("admin command: an error repeats words and no constant", "[admin]") {
    CHECK(error_of("ALTER USER x PASSWORD 'hunter2'").message == "invalid command 'ALTER USER x PASSWORD', use SHOW HELP;");
    CHECK(error_of("SHOW").message == "invalid command 'SHOW', use SHOW HELP;");
    CHECK(error_of("frob \"secret\"").message.find("secret") == std::string::npos);
    CHECK(error_of("frob \x01\xff x").message == "invalid command 'frob ?? x', use SHOW HELP;");
}

TEST_CASE("admin command: no text does harm", "[admin]") {
    std::string text = "SET limits.pool_size = '1";
    for (int byte = 0; byte < 256; ++byte) {
        for (const std::string& candidate : {std::string(1, static_cast<char>(byte)), "SHOW " + std::string(1, static_cast<char>(byte)),
                                             "PAUSE " + std::string(3, static_cast<char>(byte)), text + static_cast<char>(byte)})
            for (const ParsedCommand& parsed : parse_commands(candidate))
                if (const auto* error = std::get_if<CommandError>(&parsed)) CHECK(error->message.size() < 200);
    }
    CHECK(parse_commands(std::string(60'000, '(')).size() == 1);
}

TEST_CASE("admin verb: a stats user may look and nothing else, an ordinary one not even that", "[admin]") {
    for (const proxy::VerbRow& row : proxy::verb_rows) {
        const bool only_looks = row.verb == Verb::show || row.verb == Verb::ping || row.verb == Verb::nothing;
        INFO(row.words);
        CHECK(proxy::may(ConsoleRole::admin, row.least));
        CHECK(proxy::may(ConsoleRole::stats, row.least) == only_looks);
        CHECK_FALSE(proxy::may(ConsoleRole::none, row.least));
    }
}

TEST_CASE("admin verb: help names every command and every SHOW", "[admin]") {
    const std::string help = proxy::help_text();
    for (const proxy::VerbRow& row : proxy::verb_rows) CHECK(help.find(row.words) != std::string::npos);
    for (const proxy::ShowRow& show : proxy::shows()) CHECK(help.find("|" + std::string(show.word)) != std::string::npos);
}

}  // namespace pgweir::test
