// A transaction whose server was taken away: what its client reads, and every way in which drivers end it.
#include "proxy/core/failed_block.hpp"

#include "protocol/backend.hpp"
#include "tests/support/idle_client.hpp"
#include "tests/support/split.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::Deferred;
using proxy::ServerNeed;

namespace {

std::string unit(std::string_view sql) { return parse("", sql) + bind("", "") + describe_portal() + execute("") + sync(); }

// Its server was taken from it, and it has not been told yet.
struct DetachedClient : IdleClient {
    DetachedClient() {
        session.deferred = Deferred::failed;
        protocol::write_error_response(session.undone.error, {.severity = "ERROR", .sqlstate = "25P03", .message = "idle"});
    }
    // Its next transaction is like any other.
    bool is_free() { return session.deferred == Deferred::none && session.undone.error.empty() && needs_server(query("select 1")); }
};

// Between extended-query messages and their Sync, outside of a transaction block.
struct UnsyncedClient : DetachedClient {
    UnsyncedClient() {
        session.deferred = Deferred::none;
        state.is_unsynced = true;
    }
};

}  // namespace

TEST_CASE("failed block: the next statement reads why, those behind it that the transaction has failed", "[proxy]") {
    DetachedClient client;
    SECTION("simple") { CHECK(client.takes(query("select 1") + query("select 2")) == "E:25P03 Z:E E:25P02 Z:E "); }
    SECTION("extended") { CHECK(client.takes(unit("select 1") + unit("select 2")) == "E:25P03 Z:E E:25P02 Z:E "); }
    SECTION("a statement of long ago") { CHECK(client.takes(bind("", "n") + execute("") + sync() + sync()) == "E:25P03 Z:E Z:E "); }
    SECTION("large") { CHECK(client.takes(query(std::string(proxy::max_held_frame, ' '))) == "E:25P03 Z:E "); }
    SECTION("a savepoint is gone, too") { CHECK(client.takes(query("rollback to a")) == "E:25P03 Z:E "); }
    SECTION("a function call") { CHECK(client.takes(message('F', int32(1) + int16(0) + int16(0) + int16(0))) == "E:25P03 Z:E "); }
    CHECK(client.takes(query("")) == "I Z:E ");
    CHECK(client.takes(query("rollback")) == "C:ROLLBACK Z:I ");
    CHECK(client.is_free());
}

TEST_CASE("failed block: whoever rolls back anyway gets what he wants", "[proxy]") {
    DetachedClient client;
    SECTION("simple") { CHECK(client.takes(query("ROLLBACK;")) == "C:ROLLBACK Z:I "); }
    SECTION("extended") { CHECK(client.takes(unit("rollback")) == "1 2 n C:ROLLBACK Z:I "); }
    SECTION("with a name") {
        CHECK(client.takes(parse("s", "rollback") + describe_statement("s") + message('H')) == "1 t n ");
        CHECK(client.takes(bind("", "s") + execute("") + sync()) == "2 C:ROLLBACK Z:I ");
        CHECK(client.session.statements.at("s").text->sql() == "rollback");
    }
    CHECK(client.is_free());
}

TEST_CASE("failed block: a COMMIT without the knowledge fails, and ends the transaction as any COMMIT that fails", "[proxy]") {
    DetachedClient client;
    SECTION("simple") { CHECK(client.takes(query("commit")) == "E:25P03 Z:I "); }
    SECTION("extended") { CHECK(client.takes(unit("end")) == "1 2 n E:25P03 Z:I "); }
    SECTION("with a name") { CHECK(client.takes(parse("s", "commit") + describe_statement("s") + sync()) == "E:25P03 Z:I "); }
    SECTION("of long ago") {
        client.session.statements["s"] = {.text = proxy::TextTable().intern("commit\0\0\0"_w, {})};
        CHECK(client.takes(bind("", "s") + execute("") + sync()) == "E:25P03 Z:I ");
    }
    CHECK(client.is_free());
}

TEST_CASE("failed block: a COMMIT fails however much was told before, because drivers keep errors to themselves", "[proxy]") {
    DetachedClient client;
    client.takes(query("deallocate a") + query("select 1"));
    SECTION("simple") { CHECK(client.takes(query("commit")) == "E:25P03 Z:I "); }
    SECTION("extended") { CHECK(client.takes(unit("commit")) == "1 2 n E:25P03 Z:I "); }
    SECTION("parsed first") { CHECK(client.takes(parse("", "commit") + describe_statement("") + sync()) == "E:25P03 Z:I "); }
    SECTION("told by another way") {
        client.session.undone.is_told = true;
        CHECK(client.takes(query("select 1") + query("commit")) == "E:25P02 Z:E E:25P03 Z:I ");
    }
    CHECK(client.is_free());
}

TEST_CASE("failed block: the COMMIT of one that had done nothing rolls back, as ever", "[proxy]") {
    IdleClient client;
    client.session.deferred = Deferred::failed;
    CHECK(client.takes(query("select 1") + query("commit")) == "E:25P02 Z:E C:ROLLBACK Z:I ");
}

TEST_CASE("failed block: it ends in whatever pieces a driver says it", "[proxy]") {
    IdleClient client;
    client.session.deferred = Deferred::failed;
    const char* sql = GENERATE("rollback", "COMMIT work", "abort;");
    SECTION("parsed and described first, run later") {
        CHECK(client.takes(parse("", sql) + describe_statement("") + sync()) == "1 t n Z:E ");
        CHECK(client.takes(bind("", "") + execute("") + sync()) == "2 C:ROLLBACK Z:I ");
    }
    SECTION("in a pipeline") {
        CHECK(client.takes(parse("", sql) + bind("", "") + describe_portal() + execute("") + message('H')) == "1 2 n C:ROLLBACK ");
        CHECK(client.takes(sync()) == "Z:I ");
    }
    SECTION("with a name, again and again") {
        client.takes(parse("s", sql) + bind("", "s") + execute("") + sync());
        client.session.deferred = Deferred::failed;
        CHECK(client.takes(bind("", "s") + describe_portal() + execute("") + sync()) == "2 n C:ROLLBACK Z:I ");
    }
    CHECK(client.session.deferred == Deferred::none);
    CHECK(client.needs_server(query("select 1")));
}

TEST_CASE("failed block: what was bound in one block runs in no other", "[proxy]") {
    DetachedClient client;
    client.takes(parse("", "rollback") + bind("", "") + sync() + query("rollback") + query("begin") + query("commit"));
    client.session.deferred = Deferred::failed;
    CHECK(client.takes(execute("") + sync()) == "E:25P02 Z:E ");
}

TEST_CASE("failed block: messages that end nothing fail", "[proxy]") {
    DetachedClient client;
    client.takes(query("select 1"));
    const std::string before = parse("s", "rollback");
    const std::string input = GENERATE(parse("", "select 1"), bind("", ""), bind("", "unheard of"), execute(""), describe_portal(),
                                       describe_statement("unheard of"), parse("", "rollback; select 1"), message('P', "x"));
    INFO(spoken(input));
    CHECK(client.takes(before + input + sync()) == "1 E:25P02 Z:E ");
    CHECK(client.session.deferred == Deferred::failed);
    CHECK(client.takes(parse("s", "rollback") + sync()) == "E:42P05 Z:E ");
    CHECK(client.takes(close_statement("s") + message('C', "P\0"_w) + sync()) == "3 3 Z:E ");
    CHECK(client.session.statements.empty());
}

TEST_CASE("failed block: a text that begins with ROLLBACK and goes on gets a transaction to roll back", "[proxy]") {
    const char* sql = GENERATE("ROLLBACK; SELECT 1", "abort work;select 1", "/* a */ rollback transaction; RESET ALL; a; b; c; d");
    DetachedClient client;
    CHECK(client.takes(query(sql)).empty());
    CHECK(client.last.need == ServerNeed::server);
    CHECK(client.session.deferred == Deferred::begun);
    CHECK(client.session.begin == "BEGIN");
    CHECK(client.session.undone.error.empty());
}

TEST_CASE("failed block: other texts of several statements fail", "[proxy]") {
    const char* sql = GENERATE("rollback to a; select 1", "select 1; rollback", "commit; select 1", "rollback and chain; select 1",
                               "rollback", "rollback prepared 'a'; b");
    CHECK_FALSE(proxy::begins_with_rollback(sql));
}

TEST_CASE("failed block: what went before without a Sync is lost, and told with the next message", "[proxy]") {
    UnsyncedClient client;
    SECTION("Sync") { CHECK(client.takes(message('H') + sync()) == "E:25P03 Z:I "); }
    SECTION("more of it") { CHECK(client.takes(bind("", "") + execute("") + query("skipped") + sync()) == "E:25P03 Z:I "); }
    SECTION("a Query") { CHECK(client.takes(query("begin")) == "E:25P03 Z:I "); }
    SECTION("a BEGIN is not answered here") { CHECK(client.takes(unit("begin")) == "E:25P03 Z:I "); }
    CHECK(client.is_free());
}

TEST_CASE("failed block: in a transaction block, a Sync that was owed tells it as well", "[proxy]") {
    UnsyncedClient client;
    client.session.deferred = Deferred::failed;
    SECTION("Sync") { CHECK(client.takes(sync()) == "E:25P03 Z:E "); }
    SECTION("a statement") { CHECK(client.takes(bind("", "") + execute("") + sync()) == "E:25P03 Z:E "); }
    CHECK(client.takes(sync() + query("rollback")) == "Z:E C:ROLLBACK Z:I ");
    CHECK(client.is_free());
}

TEST_CASE("failed block: what comes in pieces is answered all the same", "[proxy]") {
    const auto answers = [](const Pieces& pieces) {
        DetachedClient client;
        std::string all;
        for (const std::string_view piece : pieces) all += client.takes(piece);
        return all;
    };
    at_every_split(parse("s", "rollback") + describe_statement("s") + message('H') + bind("", "s") + execute("") + sync(), answers);
    at_every_split(unit("select 1") + close_statement("s") + parse("", "commit") + bind("", "") + execute("") + message('H') + sync(), answers);
}

}  // namespace pgweir::test
