// What becomes of names when requests succeed, fail or are skipped, in any pipeline.
#include "proxy/core/lease_work.hpp"

#include "proxy/core/sql_scanner.hpp"
#include "tests/support/lease.hpp"
#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::Effect;
using proxy::Effects;
using proxy::LeaseWork;
using Kind = proxy::Note::Kind;

namespace {

// A client that has the statement "old" on the server it holds.
struct World {
    proxy::TextTable texts{};
    CoreClient client{};
    CoreServer server{};
    CoreLease lease{client, server, {.texts = &texts}};

    World() {
        lease.takes(parse("old", "select 0") + sync());
        lease.replies("1Z");
        REQUIRE(lease.knows("old"));
    }
    // All at once, and its replies; nothing stays behind.
    void goes(std::string_view requests, std::string_view replies) {
        lease.takes(requests);
        REQUIRE(lease.held.empty());
        const std::string verdicts = lease.replies(replies);
        CHECK(verdicts.find('x') == std::string::npos);
        CHECK(server.exchange.is_idle());
        CHECK(lease.work.notes.empty());
    }
    // Whether the next Bind of that name goes to a statement of the client's, at once.
    bool binds(const std::string& name) {
        const std::string said = lease.says(test::bind("", name) + sync());
        return lease.knows(name) && lease.last.stop == proxy::ClientStop::none && said.find("B pgweir_") != std::string::npos;
    }
};

const std::string bad = bind("", "unheard of");

}  // namespace

TEST_CASE("lease work: a Parse that fails leaves no name behind", "[proxy]") {
    World world;
    SECTION("alone") { world.goes(parse("n", "nonsense") + sync(), "EZ"); }
    SECTION("with what follows") { world.goes(parse("n", "nonsense") + bind("", "n") + describe_portal() + execute("") + sync(), "EZ"); }
    SECTION("skipped") { world.goes(bad + parse("n", "select 1") + bind("", "n") + sync(), "EZ"); }
    SECTION("twice") { world.goes(parse("n", "nonsense") + parse("n", "select 1") + sync(), "EZ"); }
    SECTION("after one that was closed") { world.goes(parse("n", "select 1") + close_statement("n") + parse("n", "nonsense") + sync(), "13EZ"); }
    CHECK_FALSE(world.lease.knows("n"));
    CHECK(world.lease.knows("old"));
    CHECK_FALSE(world.lease.work.awaits_description);
    SECTION("and the server's copy is not relied upon") {
        world.goes(parse("n", "select 1") + sync(), "1Z");
        CHECK(world.binds("n"));
    }
}

TEST_CASE("lease work: a Parse that fails leaves what succeeded before it in its pipeline", "[proxy]") {
    World world;
    world.goes(parse("a", "select 1") + parse("b", "nonsense") + parse("c", "select 3") + sync() + parse("d", "select 4") + sync(), "1EZ1Z");
    CHECK(world.lease.knows("a"));
    CHECK_FALSE(world.lease.knows("b"));
    CHECK_FALSE(world.lease.knows("c"));
    CHECK(world.lease.knows("d"));
    CHECK(world.binds("a"));
}

TEST_CASE("lease work: a Close that was skipped has closed nothing", "[proxy]") {
    World world;
    SECTION("alone") { world.goes(bad + close_statement("old") + sync(), "EZ"); }
    SECTION("with a Parse of that name behind it") { world.goes(bad + close_statement("old") + parse("old", "select 1") + sync(), "EZ"); }
    SECTION("and again") {
        world.goes(bad + close_statement("old") + parse("old", "select 1") + close_statement("old") + parse("old", "select 2") + sync(), "EZ");
    }
    REQUIRE(world.lease.knows("old"));
    CHECK(world.client.session.statements.at("old").text->sql() == "select 0");
    CHECK(world.binds("old"));
}

TEST_CASE("lease work: a Close that was done stays done", "[proxy]") {
    World world;
    SECTION("before an error") { world.goes(close_statement("old") + bad + sync(), "3EZ"); }
    SECTION("before a Parse of that name that fails") { world.goes(close_statement("old") + parse("old", "nonsense") + sync(), "3EZ"); }
    CHECK_FALSE(world.lease.knows("old"));
}

TEST_CASE("lease work: a Parse may be closed in its own pipeline, whether or not the Close is skipped", "[proxy]") {
    World world;
    SECTION("done") {
        world.goes(parse("n", "select 1") + close_statement("n") + sync(), "13Z");
        CHECK_FALSE(world.lease.knows("n"));
    }
    SECTION("skipped") {
        world.goes(parse("n", "select 1") + bad + close_statement("n") + sync(), "1EZ");
        CHECK(world.binds("n"));
    }
    SECTION("both skipped") {
        world.goes(bad + parse("n", "select 1") + close_statement("n") + sync(), "EZ");
        CHECK_FALSE(world.lease.knows("n"));
    }
}

TEST_CASE("lease work: what succeeded first is not taken for its namesake", "[proxy]") {
    World world;
    world.lease.takes(parse("n", "select 1") + close_statement("n") + parse("n", "select 2"));
    CHECK(world.lease.replies("1") == "c");
    CHECK(world.client.session.statements.at("n").pending_in != 0);
    CHECK(world.lease.replies("31") == "cc");
    CHECK(world.client.session.statements.at("n").pending_in == 0);
}

TEST_CASE("lease work: a Close of ours that was skipped is sent again", "[proxy]") {
    World world;
    // Another text for the same name: the copy is nobody's now, and is closed along with the next Parse of its text.
    world.goes(bad + parse("n", "select 0") + sync(), "EZ");
    CHECK(world.server.standing.statements.stale() == std::vector<std::uint32_t>{1});
    CHECK(world.server.standing.statements.size() == 0);
    CHECK(world.lease.says(bind("", "old") + sync()) == "CS pgweir_1 | P pgweir_3 select 0 | B pgweir_3 | S");
}

TEST_CASE("lease work: the failure is the request that was answered with the error", "[proxy]") {
    struct Row {
        std::string requests;
        int kind;   // of the failure; -1: not noted
    };
    const Row row = GENERATE(Row{parse("n", "x") + bind("", "n") + sync(), static_cast<int>(Kind::parse)}, Row{bind("", "old") + sync(), static_cast<int>(Kind::bind)},
                             Row{describe_statement("old") + bind("", "old") + sync(), static_cast<int>(Kind::describe)},
                             Row{parse("old", "x") + sync(), static_cast<int>(Kind::refused)}, Row{bad + parse("n", "x") + sync(), -1},
                             Row{query("x"), -1});
    World world;
    world.lease.takes(row.requests);
    world.lease.replies("E");
    const bool has_failed = world.lease.work.failure.has_value();
    CHECK((has_failed ? static_cast<int>(world.lease.work.failure->kind) : -1) == row.kind);
    world.lease.replies("Z");
    CHECK_FALSE(world.lease.work.failure);
}

TEST_CASE("lease work: what a lost server has not answered leaves no trace", "[proxy]") {
    World world;
    SECTION("a Parse") { world.lease.takes(parse("n", "select 1") + bind("", "n") + execute("") + sync()); }
    SECTION("two of them") { world.lease.takes(parse("n", "select 1") + sync() + parse("m", "select 2") + sync()); }
    SECTION("a Close") { world.lease.takes(close_statement("old") + sync()); }
    SECTION("a Parse behind a Close") { world.lease.takes(close_statement("old") + parse("old", "select 2") + sync()); }
    SECTION("half of what was sent") {
        world.lease.takes(parse("done", "select 1") + sync() + parse("n", "select 2") + sync());
        world.lease.replies("1Z");
        CHECK(world.lease.knows("done"));
    }
    world.lease.work.abandon(world.client.session, world.server.standing);
    CHECK(world.lease.work.notes.empty());
    CHECK_FALSE(world.lease.knows("n"));
    CHECK_FALSE(world.lease.knows("m"));

    // With another server it goes on.
    CoreServer other;
    CoreLease lease(world.client, other, {.texts = &world.texts});
    for (const std::string name : {"n", "m"}) {
        lease.takes(parse(name, "select 3") + test::bind("", name) + execute("") + sync());
        CHECK(lease.held.empty());
        lease.replies("12CZ");
        CHECK(lease.knows(name));
    }
    CHECK(lease.knows("old"));
    CHECK(lease.says(bind("", "old") + sync()).find("B pgweir_") != std::string::npos);
}

TEST_CASE("lease work: an unnamed Parse that a lost server has not answered has replaced nothing", "[proxy]") {
    World world;
    world.goes(parse("", "select 1") + sync(), "1Z");
    world.lease.takes(parse("old", "select 2") + parse("", "select 2"));
    world.lease.work.abandon(world.client.session, world.server.standing);
    CHECK(world.client.session.unnamed.definition == "select 1\0\0\0"_w);
}

TEST_CASE("lease work: what ends a block, and what does not", "[proxy]") {
    struct Row {
        const char* sql;
        bool ends;
    };
    const Row row = GENERATE(Row{"commit", true}, Row{"ROLLBACK;", true}, Row{"select 1; commit", true}, Row{"abort", true},
                             Row{"commit; select 1", false}, Row{"rollback to a", false}, Row{"select 1", false}, Row{"commit and chain", false},
                             Row{"do $$ begin end $$", false}, Row{"begin", false});
    World world;
    const bool is_simple = GENERATE(true, false);
    world.lease.takes(is_simple ? query(row.sql) : parse("", row.sql) + bind("", "") + execute("") + sync());
    INFO(row.sql);
    CHECK(world.lease.work.ends_block == row.ends);
    world.lease.takes(query("select 1"));
    CHECK_FALSE(world.lease.work.ends_block);
}

TEST_CASE("lease work: a description belongs to the client's name and the server's copy", "[proxy]") {
    World world;
    world.goes(describe_statement("old") + sync(), "tTZ");
    const std::uint64_t shape = world.client.session.statements.at("old").told_shape;
    CHECK(shape != 0);
    CHECK(world.server.standing.statements.find_name(1)->shape == shape);
    SECTION("a failed one tells nothing") {
        world.goes(parse("n", "select 1") + sync(), "1Z");
        world.goes(describe_statement("n") + sync(), "EZ");
        CHECK(world.client.session.statements.at("n").told_shape == 0);
    }
}

TEST_CASE("lease work: effects are added up, and what must be known first bars the way", "[proxy]") {
    struct Row {
        const char* sql;
        Effects effects;
        bool is_barred;
        bool changes_environment;
        bool wants_survey;
    };
    const Row row = GENERATE(
        Row{"select 1", {}, false, false, false}, Row{"set a.b = 1", Effect::settings, true, true, true},
        Row{"set local statement_timeout = 1", {}, false, false, false}, Row{"set local search_path = a", {}, false, true, false},
        Row{"set local lock_timeout = 1; set local search_path = a", {}, false, true, false},
        Row{"set local a.b = 1", {}, false, false, false}, Row{"SET TRANSACTION READ ONLY;", {}, false, false, false},
        Row{"set local search_path = transactions", {}, false, true, false},
        Row{"select set_config('search_path', 'a', true); set local lock_timeout = 1", {}, false, true, false},
        Row{"set local lock_timeout = 1; select set_config('search_path', 'a', true)", {}, false, true, false},
        Row{"select pg_advisory_lock(1)", Effect::advisory_lock, false, false, true},
        Row{"select pg_advisory_unlock(1)", Effect::advisory_unlock, false, false, false},
        Row{"listen a", Effect::listening, true, false, true}, Row{"prepare a as select 1", Effect::prepared_statement, true, false, true},
        Row{"select nextval('a')", Effect::sequence_advance, false, false, false}, Row{"do 'x'", Effect::unseen, true, true, true});
    INFO(row.sql);
    LeaseWork work;
    work.add(proxy::summary_of(proxy::traits_of(row.sql, nullptr)), row.sql);
    CHECK(work.effects == row.effects);
    CHECK(work.is_barred == row.is_barred);
    CHECK((work.environment != 0) == row.changes_environment);
    CHECK(work.wants_survey(false) == row.wants_survey);
    work.add(proxy::summary_of(proxy::traits_of("create temp table t (a int)", nullptr)), "");
    CHECK(work.effects == (row.effects | Effect::temporary_object));
}

TEST_CASE("lease work: what may end a pin is asked about only when there is one", "[proxy]") {
    LeaseWork work;
    work.add({.effects = Effect::advisory_unlock}, "");
    CHECK_FALSE(work.wants_survey(false));
    CHECK(work.wants_survey(true));
}

TEST_CASE("lease work: a past is asked for when nothing here has made one", "[proxy]") {
    LeaseWork work;
    SECTION("not after an advance") {
        work.add({.effects = Effect::sequence_advance}, "");
        work.add({.effects = Effect::sequence_use}, "");
        CHECK_FALSE(work.asks_for_past);
    }
    SECTION("nor together with one") {
        work.add({.effects = Effects(Effect::sequence_advance) | Effect::sequence_use}, "");
        CHECK_FALSE(work.asks_for_past);
    }
    SECTION("nor after one without a name") {
        work.has_advanced = true;
        work.add({.effects = Effect::sequence_use}, "");
        CHECK_FALSE(work.asks_for_past);
    }
    SECTION("but before one") {
        work.add({.effects = Effect::sequence_use}, "");
        CHECK(work.asks_for_past);
    }
}

TEST_CASE("lease work: names of settings and channels are gathered, settings once", "[proxy]") {
    LeaseWork work;
    for (const char* sql : {"set a.b = 1", "reset a.b", "reset work_mem; unlisten c", "discard all"})
        work.add(proxy::summary_of(proxy::traits_of(sql, nullptr)), sql);
    CHECK(work.custom_settings == std::vector<std::string>{"a.b"});
    CHECK(work.resets == std::vector<std::string>{"a.b", "work_mem", "*"});
    CHECK(work.unlistened == std::vector<std::string>{"c", "*"});
}

}  // namespace pgweir::test
