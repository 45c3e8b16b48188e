// What is answered without a server: transactions in which nothing happens, resets of nothing.
#include "proxy/core/local_answers.hpp"

#include "tests/support/idle_client.hpp"
#include "tests/support/split.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::Deferred;
using proxy::ServerNeed;

namespace {

std::string unit(std::string_view sql) { return parse("", sql) + bind("", "") + execute("") + sync(); }
std::string described_unit(std::string_view sql) { return parse("", sql) + bind("", "") + describe_portal() + execute("") + sync(); }

struct FailedClient : IdleClient {
    FailedClient() { session.deferred = Deferred::failed; }
};

}  // namespace

TEST_CASE("local answers: a BEGIN waits for the first statement", "[proxy]") {
    struct Row {
        const char* sql;
        const char* tag;
    };
    const Row row = GENERATE(Row{"begin", "BEGIN"}, Row{" BEGIN; ", "BEGIN"}, Row{"Start Transaction read only", "START TRANSACTION"},
                             Row{"BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN"});
    IdleClient client;
    SECTION("simple") { CHECK(client.takes(query(row.sql)) == "C:" + std::string(row.tag) + " Z:T "); }
    SECTION("extended") { CHECK(client.takes(unit(row.sql)) == "1 2 C:" + std::string(row.tag) + " Z:T "); }
    SECTION("extended and described") { CHECK(client.takes(described_unit(row.sql)) == "1 2 n C:" + std::string(row.tag) + " Z:T "); }
    CHECK(client.last.answered == 1);
    CHECK(client.session.deferred == Deferred::begun);
    CHECK(client.session.begin == row.sql);
    CHECK(client.takes(sync()) == "Z:T ");
    CHECK(client.needs_server(query("select 1")));
    CHECK(client.session.deferred == Deferred::begun);
}

TEST_CASE("local answers: a BEGIN that is not understood to the last word needs a server", "[proxy]") {
    const char* sql = GENERATE("begin; select 1", "begin isolation level nonsense", "begin; commit", "savepoint a", "begin work work",
                               "start", "begin; begin");
    IdleClient client;
    CHECK(client.needs_server(query(sql)));
    CHECK(client.session.deferred == Deferred::none);
}

TEST_CASE("local answers: a second BEGIN is the server's to warn of", "[proxy]") {
    IdleClient client;
    CHECK(client.takes(query("begin")) == "C:BEGIN Z:T ");
    CHECK(client.needs_server(query("begin")));
}

TEST_CASE("local answers: an empty transaction ends as it began", "[proxy]") {
    struct Row {
        const char* sql;
        const char* tag;
    };
    const Row row = GENERATE(Row{"commit", "COMMIT"}, Row{"END WORK", "COMMIT"}, Row{"rollback;", "ROLLBACK"}, Row{"ABORT", "ROLLBACK"});
    IdleClient client;
    client.takes(query("begin"));
    SECTION("simple") { CHECK(client.takes(query(row.sql)) == "C:" + std::string(row.tag) + " Z:I "); }
    SECTION("extended") { CHECK(client.takes(unit(row.sql)) == "1 2 C:" + std::string(row.tag) + " Z:I "); }
    CHECK(client.session.deferred == Deferred::none);
}

TEST_CASE("local answers: a warning about the end of no transaction is the server's to give", "[proxy]") {
    const char* sql = GENERATE("commit", "rollback");
    IdleClient client;
    CHECK(client.needs_server(query(sql)));
}

TEST_CASE("local answers: COMMIT AND CHAIN and savepoints are the server's", "[proxy]") {
    const char* sql = GENERATE("commit and chain", "rollback and chain", "rollback to savepoint a", "commit; select 1");
    IdleClient client;
    client.takes(query("begin"));
    CHECK(client.needs_server(query(sql)));
}

TEST_CASE("local answers: a client whose settings no server takes has a way out", "[proxy]") {
    IdleClient client;
    client.session.startup = proxy::make_standing({{"work_mem", "1MB"}});
    client.session.settings = proxy::make_standing({{"jit", "off"}, {"role", "gone"}, {"work_mem", "2MB"}});
    const auto left_by = [&client](std::string_view sql) {
        client.session.is_stuck = true;
        CHECK_THAT(client.takes(query(sql)), Catch::EndsWith("Z:I "));
        CHECK_FALSE(client.session.is_stuck);
        return client.session.settings->settings;
    };
    SECTION("one setting") { CHECK(left_by("reset role") == proxy::SessionSettings{{"jit", "off"}, {"work_mem", "2MB"}}); }
    SECTION("one of the startup packet") {
        CHECK(left_by("reset work_mem") == proxy::SessionSettings{{"jit", "off"}, {"role", "gone"}, {"work_mem", "1MB"}});
    }
    SECTION("all but the role") { CHECK(left_by("reset all") == proxy::SessionSettings{{"role", "gone"}, {"work_mem", "1MB"}}); }
    SECTION("all") { CHECK(left_by("discard all") == proxy::SessionSettings{{"work_mem", "1MB"}}); }
}

TEST_CASE("local answers: nothing is answered with nothing", "[proxy]") {
    IdleClient client;
    CHECK(client.takes(query("") + query(" ; -- x") + unit("") + described_unit("")) == "I Z:I I Z:I 1 2 I Z:I 1 2 n I Z:I ");
    client.takes(query("begin"));
    CHECK(client.takes(query("")) == "I Z:T ");
}

TEST_CASE("local answers: resets of what is not there", "[proxy]") {
    struct Row {
        const char* sql;
        const char* answer;
    };
    const Row row =
        GENERATE(Row{"DISCARD ALL", "C:DISCARD ALL "}, Row{"reset all;", "C:RESET "}, Row{"CLOSE ALL", "C:CLOSE CURSOR ALL "},
                 Row{"UNLISTEN *", "C:UNLISTEN "}, Row{"UNLISTEN c", "C:UNLISTEN "}, Row{"DEALLOCATE ALL", "C:DEALLOCATE ALL "});
    IdleClient client;
    SECTION("simple") { CHECK(client.takes(query(row.sql)) == row.answer + std::string("Z:I ")); }
    SECTION("extended") { CHECK(client.takes(described_unit(row.sql)) == "1 2 n " + std::string(row.answer) + "Z:I "); }
    SECTION("in a transaction they are the server's") {
        client.takes(query("begin"));
        CHECK(client.needs_server(query(row.sql)));
    }
}

TEST_CASE("local answers: settings the client has set are the server's to reset", "[proxy]") {
    IdleClient client;
    client.session.startup = proxy::make_standing({{"work_mem", "1MB"}, {"timezone", "UTC"}});
    client.session.settings = proxy::make_standing({{"work_mem", "2MB"}, {"timezone", "UTC"}});
    const char* sql = GENERATE("reset all", "discard all", "reset work_mem", "reset unheard_of");
    CHECK(client.needs_server(query(sql)));
    client.held.clear();
    CHECK(client.takes(query("RESET TimeZone")) == "C:RESET Z:I ");
}

TEST_CASE("local answers: what a driver sends when a connection goes back to its own pool is answered as a whole", "[proxy]") {
    IdleClient client;
    client.session.channels = {"c"};
    CHECK(client.takes(query("SELECT pg_advisory_unlock_all();\nCLOSE ALL;\n\nUNLISTEN *;\nRESET ALL;")) ==
          "T D:1 C:SELECT 1 C:CLOSE CURSOR ALL C:UNLISTEN C:RESET Z:I ");
    CHECK(client.last.answered == 1);
    CHECK(client.session.channels.empty());
    client.session.settings = proxy::make_standing({{"work_mem", "2MB"}});
    CHECK(client.needs_server(query("SELECT pg_advisory_unlock_all();\nCLOSE ALL;\n\nUNLISTEN *;\nRESET ALL;")));
}

TEST_CASE("local answers: an unlock has a row, described when it is asked for", "[proxy]") {
    const std::string sql = "select pg_advisory_unlock_all()";
    IdleClient client;
    CHECK(client.takes(query(sql)) == "T D:1 C:SELECT 1 Z:I ");
    CHECK(client.takes(unit(sql)) == "1 2 D:1 C:SELECT 1 Z:I ");
    CHECK(client.takes(described_unit(sql)) == "1 2 T D:1 C:SELECT 1 Z:I ");
}

TEST_CASE("local answers: DEALLOCATE takes away what the client has prepared, and nothing else", "[proxy]") {
    proxy::TextTable texts;
    IdleClient client;
    client.session.statements["Named"] = {.text = texts.intern("select 1", {})};
    client.session.prepared = {{"p", "PREPARE p AS SELECT 1"}, {"q", "PREPARE q AS SELECT 1"}};
    CHECK(client.takes(query("deallocate \"Named\"") + query("DEALLOCATE PREPARE P")) == "C:DEALLOCATE Z:I C:DEALLOCATE Z:I ");
    CHECK(client.session.statements.empty());
    CHECK(client.session.prepared.size() == 1);
    CHECK(client.needs_server(query("deallocate named")));
    client.held.clear();
    CHECK(client.takes(query("deallocate all")) == "C:DEALLOCATE ALL Z:I ");
    CHECK(client.session.prepared.empty());
}

TEST_CASE("local answers: channels are given up", "[proxy]") {
    IdleClient client;
    client.session.channels = {"a", "B", "c"};
    client.takes(query("unlisten A") + query("unlisten \"B\""));
    CHECK(client.session.channels == std::vector<std::string>{"c"});
    client.takes(query("discard all"));
    CHECK(client.session.channels.empty());
}

TEST_CASE("local answers: a transaction that got no server has failed until it ends", "[proxy]") {
    const char* sql = GENERATE("rollback", "commit");
    FailedClient client;
    SECTION("simple") { CHECK(client.takes(query("select 1") + query("begin") + query("discard all")) == "E:25P02 Z:E E:25P02 Z:E E:25P02 Z:E "); }
    SECTION("extended") { CHECK(client.takes(unit("select 1") + unit("begin") + bind("", "n") + sync()) == "E:25P02 Z:E E:25P02 Z:E E:25P02 Z:E "); }
    SECTION("large") { CHECK(client.takes(query(std::string(proxy::max_held_frame, ' '))) == "E:25P02 Z:E "); }
    SECTION("a function call") { CHECK(client.takes(message('F', int32(1) + int16(0) + int16(0) + int16(0))) == "E:25P02 Z:E "); }
    SECTION("nothing is nothing") { CHECK(client.takes(query("")) == "I Z:E "); }
    CHECK(client.takes(query(sql)) == "C:ROLLBACK Z:I ");
    CHECK(client.needs_server(query("select 1")));
}

TEST_CASE("local answers: a failed transaction ends in the extended protocol too", "[proxy]") {
    FailedClient client;
    CHECK(client.takes(described_unit("ROLLBACK")) == "1 2 n C:ROLLBACK Z:I ");
    CHECK(client.session.deferred == Deferred::none);
}

TEST_CASE("local answers: only a statement that is all there is answered in the extended protocol", "[proxy]") {
    const std::string input = GENERATE(
        parse("", "begin") + message('H'), parse("", "begin") + sync(), parse("", "begin") + bind("", "") + execute("") + message('H'),
        parse("", "begin") + bind("", "") + execute("") + parse("", "select 1"), parse("n", "begin") + bind("", "n") + execute("") + sync(),
        parse("", "begin") + bind("p", "") + execute("p") + sync(), parse("", "begin") + describe_statement("") + bind("", "") + execute("") + sync(),
        message('P', cstring("") + cstring("begin") + int16(1) + int32(23)) + bind("", "") + execute("") + sync(),
        parse("", "begin") + message('B', "\0\0"_w + int16(0) + int16(1) + int32(0) + int16(0)) + execute("") + sync(),
        unit("begin; select 1"), unit("discard all; reset all"));
    INFO(spoken(input));
    IdleClient client;
    CHECK(client.needs_server(input));
    CHECK(client.session.deferred == Deferred::none);
    CHECK(client.session.unnamed.parsed == 0);
}

TEST_CASE("local answers: what comes in pieces is answered all the same", "[proxy]") {
    const auto answers = [](const Pieces& pieces) {
        IdleClient client;
        std::string all;
        for (const std::string_view piece : pieces) all += client.takes(piece);
        return all + Catch::Detail::stringify(client.last.need);
    };
    at_every_split(unit("begin") + described_unit("rollback") + query("discard all"), answers);
    const auto ends = [](const Pieces& pieces) {
        FailedClient client;
        std::string all;
        for (const std::string_view piece : pieces) all += client.takes(piece);
        return all;
    };
    CHECK(ends({unit("rollback")}) == "1 2 C:ROLLBACK Z:I ");
    at_every_split(unit("select 1") + unit("rollback"), ends);
}

TEST_CASE("local answers: what may not come to an end is not waited for", "[proxy]") {
    IdleClient client;
    const std::string spaces(proxy::max_held_frame - 20, ' ');
    client.takes(parse("", "begin" + spaces));
    CHECK(client.last.need == ServerNeed::more_bytes);
    client.takes(message('B', "\0\0"_w + int16(0) + int16(0) + int16(0)));
    CHECK(client.last.need == ServerNeed::server);
}

TEST_CASE("local answers: nothing is answered for texts that cannot be judged", "[proxy]") {
    IdleClient client;
    client.session.is_text_opaque = true;
    CHECK(client.needs_server(query("begin")));
}

TEST_CASE("local answers: the unnamed statement is the one that was answered, and none after a Query", "[proxy]") {
    IdleClient client;
    client.takes(described_unit("begin"));
    CHECK(client.session.unnamed.parsed != 0);
    CHECK(client.session.unnamed.definition == "begin\0\0\0"_w);
    client.takes(query("commit"));
    CHECK(client.session.unnamed.parsed == 0);
}

}  // namespace pgweir::test
