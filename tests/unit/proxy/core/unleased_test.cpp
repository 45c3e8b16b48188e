// A client that holds no server: what needs one, and how a statement is refused so that
// the client reads what PostgreSQL would have said.
#include "proxy/core/unleased.hpp"

#include "tests/support/idle_client.hpp"
#include "tests/support/split.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::as_bytes;
using proxy::max_held_frame;
using proxy::Rejected;
using proxy::ServerNeed;

namespace {

// Refuses every statement, as the relay does while no server can be had. An E among its answers is an error.
struct Refuser {
    IdleClient idle{};
    std::string answers{};

    void take(std::string_view bytes) {
        idle.held += bytes;
        for (int round = 0; round < 1000; ++round) {
            answers += idle.takes();
            if (idle.last.need != ServerNeed::server && idle.last.need != ServerNeed::listen) {
                REQUIRE((idle.last.need != ServerNeed::nothing || idle.held.empty()));
                return;
            }
            const Rejected rejected = reject_first(as_bytes(idle.held), idle.state);
            REQUIRE(rejected.done > 0);
            REQUIRE(rejected.done <= idle.held.size());
            answers += rejected.ready_at_once ? "E Z:I " : "E ";
            idle.held.erase(0, rejected.done);
        }
        FAIL("it goes on for ever");
    }
};

std::string answers_to(const Pieces& pieces) {
    Refuser refuser;
    for (const std::string_view piece : pieces) refuser.take(piece);
    return refuser.answers + (refuser.idle.state.is_skipping ? "skipping " : "") + Catch::Detail::stringify(refuser.idle.last.need);
}

const std::string extended = parse("", "select 1") + bind("", "") + describe_portal() + execute("");
const std::string function_call = message('F', int32(1) + int16(0) + int16(0) + int16(0));

}  // namespace

TEST_CASE("unleased: refused statements read as PostgreSQL's errors do", "[proxy]") {
    struct Row {
        std::string input;
        const char* answers;
    };
    const Row row = GENERATE(
        Row{query("a"), "E Z:I nothing"}, Row{query("a") + query("b"), "E Z:I E Z:I nothing"}, Row{function_call, "E Z:I nothing"},
        Row{extended + sync(), "E Z:I nothing"}, Row{extended + sync() + extended + sync(), "E Z:I E Z:I nothing"},
        Row{extended, "E skipping nothing"}, Row{extended + message('H'), "E skipping nothing"},
        Row{extended + query("skipped") + function_call + sync() + query("b"), "E Z:I E Z:I nothing"},
        Row{execute("") + sync(), "E Z:I nothing"}, Row{extended + query("begin") + sync(), "E Z:I nothing"},
        Row{query("copy t from stdin") + message('d', "data") + message('c'), "E Z:I nothing"},
        Row{query("copy t from stdin") + message('f', "\0"_w) + query("b"), "E Z:I E Z:I nothing"},
        Row{extended + message('d', "data") + message('c') + sync(), "E Z:I nothing"},
        Row{extended + message('X'), "E skipping terminate"}, Row{query("a") + message('p'), "E Z:I violation"},
        Row{extended + message('?') + sync(), "E skipping violation"}, Row{query("cut").substr(0, 7), "more_bytes"},
        Row{query("begin") + query("commit") + query("a"), "C:BEGIN Z:T C:COMMIT Z:I E Z:I nothing"});
    CHECK(answers_to({row.input}) == row.answers);
    at_every_split(row.input, answers_to);
}

TEST_CASE("unleased: Sync, Flush and late COPY data need no server", "[proxy]") {
    IdleClient client;
    CHECK(client.takes(sync() + message('H') + message('d', "late") + message('c') + message('f', "\0"_w) + sync()) == "Z:I Z:I ");
    CHECK(client.last.need == ServerNeed::nothing);
    CHECK(client.last.answered == 0);
}

TEST_CASE("unleased: what a server must answer stays in front", "[proxy]") {
    const std::string request =
        GENERATE(query("a"), parse("", "a"), parse("n", "begin"), bind("", "named"), bind("", ""), execute(""), describe_portal(),
                 describe_statement("named"), message('C', "P\0"_w), message('C', "S"), function_call);
    IdleClient client;
    CHECK(client.takes(sync() + request + sync()) == "Z:I ");
    CHECK(client.last.need == ServerNeed::server);
    CHECK(client.held == request + sync());
    CHECK_FALSE(client.state.is_skipping);
}

TEST_CASE("unleased: a large statement is refused without waiting for all of it", "[proxy]") {
    const std::string large(max_held_frame * 3, 'x');
    Refuser refuser;
    const bool is_simple = GENERATE(true, false);
    const std::string statement = is_simple ? query(large) : parse("", large);
    refuser.take(statement.substr(0, 511));
    CHECK(refuser.answers.empty());
    CHECK(refuser.idle.last.need == ServerNeed::more_bytes);
    refuser.take(statement.substr(511, 494));
    CHECK(refuser.answers == (is_simple ? "E Z:I " : "E "));
    CHECK(refuser.idle.held.empty());
    refuser.take(statement.substr(1005, 20'000));
    refuser.take(statement.substr(21'005) + sync());
    CHECK(refuser.answers == (is_simple ? "E Z:I Z:I " : "E Z:I "));
    CHECK(refuser.idle.state.cursor.body_left == 0);
}

TEST_CASE("unleased: large messages that are skipped are thrown away as they come", "[proxy]") {
    Refuser refuser;
    refuser.take(parse("", "a"));
    const std::string large = parse("", std::string(max_held_frame * 2, 'x'));
    refuser.take(large.substr(0, 1000));
    CHECK(refuser.idle.held.empty());
    refuser.take(large.substr(1000) + message('d', std::string(max_held_frame * 2, 'x')) + sync());
    CHECK(refuser.answers == "E Z:I ");
}

TEST_CASE("unleased: the rest of a frame whose server was lost is thrown away", "[proxy]") {
    Refuser refuser;
    refuser.idle.state.cursor = {.body_left = 10, .type = protocol::FrontendType::copy_data};
    refuser.take("0123456");
    CHECK(refuser.idle.last.need == ServerNeed::nothing);
    refuser.take("789" + query("a"));
    CHECK(refuser.answers == "E Z:I ");
}

TEST_CASE("unleased: it is said what the statement in front will need", "[proxy]") {
    struct Row {
        std::string input;
        bool predicts_pin;
        bool uses_sequence;
    };
    const Row row = GENERATE(
        Row{query("select 1"), false, false}, Row{query("create temp table t (a int)"), true, false}, Row{query("select lastval()"), false, true},
        Row{parse("", "select pg_advisory_lock(1)"), true, false}, Row{parse("n", "select pg_advisory_lock(1)"), false, false},
        Row{bind("", "kept"), true, false}, Row{bind("", "unheard of"), false, false}, Row{query(std::string(max_held_frame, ' ')), false, false});
    proxy::TextTable texts;
    IdleClient client;
    constexpr std::string_view sql = "create temp table t (a int)";
    client.session.statements["kept"] = {.text = texts.intern(sql, proxy::traits_of(sql, nullptr))};
    client.takes(row.input);
    CHECK(client.last.need == ServerNeed::server);
    CHECK(client.last.predicts_pin == row.predicts_pin);
    CHECK(client.last.wants.sequences == row.uses_sequence);
}

TEST_CASE("unleased: a LISTEN by itself needs the listening server", "[proxy]") {
    struct Row {
        const char* sql;
        ServerNeed need;
        const char* channel;
    };
    const Row row = GENERATE(Row{"listen C", ServerNeed::listen, "c"}, Row{"LISTEN \"C\";", ServerNeed::listen, "C"},
                             Row{"listen a; listen b", ServerNeed::server, ""}, Row{"select 1; listen a", ServerNeed::server, ""});
    IdleClient client;
    SECTION("outside a transaction") {
        CHECK(client.takes(query(row.sql)).empty());
        CHECK(client.last.need == row.need);
        CHECK(client.last.channel == row.channel);
    }
    SECTION("not in one, whose end it awaits") {
        client.takes(query("begin") + query(row.sql));
        CHECK(client.last.need == ServerNeed::server);
    }
    SECTION("not when texts cannot be judged") {
        client.session.is_text_opaque = true;
        client.takes(query(row.sql));
        CHECK(client.last.need == ServerNeed::server);
    }
}

TEST_CASE("unleased: a statement is closed without a server", "[proxy]") {
    proxy::TextTable texts;
    IdleClient client;
    client.session.statements["n"] = {.text = texts.intern("select 1", {})};
    client.session.prepared = {{"p", "PREPARE p AS SELECT 1"}};
    client.session.unnamed.parsed = 1;
    CHECK(client.takes(close_statement("n") + close_statement("p") + close_statement("") + close_statement("unheard of") + sync()) ==
          "3 3 3 3 Z:I ");
    CHECK(client.session.statements.empty());
    CHECK(client.session.prepared.empty());
    CHECK(client.session.unnamed.parsed == 0);
    CHECK(texts.size() == 0);
}

}  // namespace pgweir::test
