// Named statements: what the server hears in place of a client's names, and what is remembered.
#include "proxy/core/translator.hpp"

#include "protocol/backend.hpp"
#include "tests/support/lease.hpp"
#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::ClientStop;
using proxy::max_held_frame;
using Kind = proxy::Note::Kind;

namespace {

struct World {
    proxy::TextTable texts{};
    proxy::TranslatorRules rules{.texts = &texts};
    CoreClient client{};
    CoreClient other{};
    CoreServer server{};
    CoreServer second{};

    CoreLease lease(CoreClient& c, CoreServer& s) { return CoreLease(c, s, rules); }

    // The client has parsed it, on that server.
    void has_parsed(CoreClient& c, CoreServer& s, std::string_view name, std::string_view sql) {
        CoreLease lease(c, s, rules);
        lease.takes(parse(name, sql) + sync());
        REQUIRE(lease.replies("1Z") == "cc");
        REQUIRE(lease.knows(std::string(name)));
    }
};

// SQLSTATE and routine of the error that a refused request is answered with.
std::string refusal_of(const proxy::Note& note) {
    REQUIRE(note.kind == Kind::refused);
    REQUIRE(note.error.size() > protocol::frame_header_size);
    const auto fields = protocol::decode_error_response(protocol::Bytes(note.error).subspan(protocol::frame_header_size)).value();
    return std::string(fields.severity) + ' ' + std::string(fields.sqlstate) + ' ' + std::string(fields.message) + ' ' + std::string(fields.routine);
}

}  // namespace

TEST_CASE("translator: named statements go by names of ours, whatever message speaks of them", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("n", "select 1") + bind("p", "n") + describe_statement("n") + execute("p") + close_statement("n") + sync()) ==
          "P pgweir_1 select 1 | B p pgweir_1 | DS pgweir_1 | E | CS pgweir_0 | S");
    CHECK(lease.last.parses == 1);
    CHECK(lease.last.server_parses == 1);
    CHECK(lease.last.binds == 1);
    CHECK_FALSE(lease.knows("n"));
    // The text is worth keeping there.
    CHECK(world.server.standing.statements.size() == 1);
}

TEST_CASE("translator: a Bind under another name keeps its values", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    const std::string values = int16(1) + int16(1) + int16(1) + int32(3) + "a\0b"_w + int16(0);
    lease.takes(parse("a rather long name", "select $1"));
    CHECK(lease.takes(message('B', cstring("p") + cstring("a rather long name") + values)) ==
          message('B', cstring("p") + cstring("pgweir_1") + values));
}

TEST_CASE("translator: a name that is taken is PostgreSQL's to refuse, by a name that is taken there", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("n", "select 2") + bind("", "n") + sync()) == "P pgweir_1 select 2 | B pgweir_1 | S");
    CHECK(lease.replies("E") == "c");
    REQUIRE(lease.work.failure);
    CHECK(lease.work.failure->kind == Kind::refused);
    CHECK(lease.work.failure->client_name == "n");
    CHECK(lease.replies("Z") == "c");
    CHECK(lease.knows("n"));
    CHECK(lease.work.notes.empty());
}

TEST_CASE("translator: a name that is taken fails in a failed transaction as anything does there", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(query("begin; select 1/0"));
    CHECK(lease.replies("CE!") == "ccc");
    CHECK(lease.says(parse("n", "select 2") + sync()) == "P n select 2 | S");
    CHECK(lease.work.notes.empty());
}

TEST_CASE("translator: a name that was prepared in SQL is taken", "[proxy]") {
    World world;
    world.client.session.prepared = {{"n", "PREPARE n AS SELECT 1"}};
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("n", "select 2") + sync()) == "P n select 2 | S");
    CHECK_FALSE(lease.knows("n"));
}

TEST_CASE("translator: a name nobody has given is PostgreSQL's to refuse", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    const std::string input = bind("", "n") + describe_statement("n") + close_statement("n") + query("execute n") + query("deallocate n");
    CHECK(lease.takes(input.substr(0, input.size() - query("deallocate n").size())) ==
          input.substr(0, input.size() - query("deallocate n").size()));
    CHECK(lease.work.notes.empty());
}

TEST_CASE("translator: names of ours mean nothing in a client's mouth", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(bind("", "pgweir_1") + describe_statement("pgweir_1") + close_statement("pgweir_1") + sync()) ==
          "B pgweir_0 | DS pgweir_0 | CS pgweir_0 | S");
}

TEST_CASE("translator: every client parses anew, and the copy before it is closed", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.server, "theirs", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("mine", "select 1") + bind("", "mine") + sync()) == "CS pgweir_1 | P pgweir_2 select 1 | B pgweir_2 | S");
    CHECK(lease.replies("312Z") == "pccc");
    CHECK(world.texts.size() == 1);
    // The newer copy is good enough for the first one, too.
    CoreLease theirs = world.lease(world.other, world.server);
    CHECK(theirs.says(bind("", "theirs") + sync()) == "B pgweir_2 | S");
}

TEST_CASE("translator: a statement is parsed again where it is not, unseen by the client", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    CHECK(lease.says(bind("", "n") + execute("") + sync()) == "P pgweir_1 select 1 | B pgweir_1 | E | S");
    CHECK(lease.last.parses == 0);
    CHECK(lease.last.server_parses == 1);
    CHECK(lease.last.binds == 1);
    CHECK(lease.replies("12CZ") == "pccc");
    CHECK(lease.says(bind("", "n") + sync()) == "B pgweir_1 | S");
}

TEST_CASE("translator: the client reads the error of a statement that cannot be parsed again", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    lease.takes(bind("", "n") + execute("") + sync());
    CHECK(lease.replies("EZ") == "cc");
    CHECK(world.second.standing.statements.size() == 0);
    CHECK(lease.knows("n"));
}

TEST_CASE("translator: a copy older than the client's own Parse is not good enough", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.second, "n", "select 1");
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    CHECK(lease.says(bind("", "n") + sync()) == "CS pgweir_1 | P pgweir_2 select 1 | B pgweir_2 | S");
    CHECK(world.second.standing.statements.size() == 1);
}

TEST_CASE("translator: settings that change what a text means have copies of their own", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select * from t");
    world.client.session.settings = proxy::make_standing({{"search_path", "other"}});
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(bind("", "n") + sync()) == "P pgweir_2 select * from t | B pgweir_2 | S");
    lease.replies("12Z");
    world.client.session.settings = proxy::make_standing({{"statement_timeout", "1000"}});
    CHECK(lease.says(bind("", "n") + sync()) == "B pgweir_1 | S");
    SECTION("and so has a setting in a transaction") {
        lease.replies("2Z");
        lease.work.environment = proxy::next_parse_number();
        CHECK(lease.says(bind("", "n") + sync()) == "P pgweir_3 select * from t | B pgweir_3 | S");
    }
}

TEST_CASE("translator: the statement not used for longest makes room", "[proxy]") {
    World world;
    world.rules.max_statements = 2;
    world.has_parsed(world.client, world.server, "a", "select 1");
    world.has_parsed(world.client, world.server, "b", "select 2");
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(bind("", "a") + sync());
    CHECK(lease.replies("2Z") == "cc");
    CHECK(lease.says(parse("c", "select 3") + sync()) == "CS pgweir_2 | P pgweir_3 select 3 | S");
    CHECK(lease.replies("31Z") == "pcc");
    CHECK(lease.says(bind("", "b") + sync()) == "CS pgweir_1 | P pgweir_4 select 2 | B pgweir_4 | S");
    CHECK(world.server.standing.statements.size() == 2);
}

TEST_CASE("translator: too large a statement keeps its name and its server", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    const std::string input = parse("n", std::string(max_held_frame, ' ')) + bind("", "n") + describe_statement("n") + close_statement("n") + sync();
    CHECK(lease.takes(input) == input);
    CHECK(lease.last.keeps_large);
    CHECK(world.texts.size() == 0);
    CHECK(lease.replies("12tn3Z") == "cccccc");
    CHECK_FALSE(lease.knows("n"));
}

TEST_CASE("translator: a client's own server knows it by its own names", "[proxy]") {
    World world;
    world.rules.owns_server = true;
    CoreLease lease = world.lease(world.client, world.server);
    const std::string input = parse("n", "select 1") + bind("", "n") + describe_statement("n") + execute("") + parse("n", "select 2") +
                              close_statement("pgweir_1") + close_statement("n") + sync() + query("execute n");
    CHECK(lease.takes(input) == input);
    CHECK(world.texts.size() == 0);
    CHECK(lease.last.parses == 2);
}

TEST_CASE("translator: more statements than one client may have are refused", "[proxy]") {
    World world;
    for (std::size_t i = 0; i < proxy::max_client_statements; ++i) world.client.session.statements.try_emplace(std::to_string(i));
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("one more", "select 1") + sync()) == "DS pgweir_0 | S");
    CHECK(refusal_of(lease.work.notes.front()) == "ERROR 53200 too many prepared statements ");
    CHECK_FALSE(lease.knows("one more"));
}

TEST_CASE("translator: what depends on a Parse of an earlier segment waits for its outcome", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    const std::string request = GENERATE(bind("", "n"), describe_statement("n"), parse("n", "select 2"));
    CHECK(lease.says(parse("n", "select 1") + sync() + request + sync()) == "P pgweir_1 select 1 | S");
    CHECK(lease.last.stop == ClientStop::unsettled);
    CHECK(lease.last.parses == 1);
    lease.says();
    CHECK(lease.last.parses == 0);
    SECTION("good") {
        lease.replies("1Z");
        CHECK_THAT(lease.says(), Catch::Contains(" pgweir_1") && Catch::EndsWith(" | S"));
    }
    SECTION("bad") {
        lease.replies("EZ");
        CHECK_FALSE(lease.knows("n"));
        CHECK(lease.says() == (request[0] == 'P' ? "P pgweir_2 select 2 | S" : spoken(request + sync())));
    }
    CHECK(lease.last.stop == ClientStop::none);
}

TEST_CASE("translator: EXECUTE finds what was prepared by message", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "Name", "select pg_advisory_lock($1)");
    CoreLease lease = world.lease(world.client, world.second);
    CHECK(lease.says(query("execute \"Name\" (1)")) == "P pgweir_1 select pg_advisory_lock($1) | Q execute pgweir_1 (1)");
    CHECK(lease.work.effects.has(proxy::Effect::advisory_lock));
    CHECK(lease.replies("1TDCZ") == "pcccc");
    CHECK_FALSE(lease.last.owns_server);
}

TEST_CASE("translator: DEALLOCATE of what was prepared by message takes another in its place", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    const std::string sent = lease.takes(query("deallocate n"));
    CHECK(spoken(sent) == "P pgweir_2 | Q DEALLOCATE pgweir_2");
    CHECK(sent.substr(0, sent.find('Q')) == message('P', cstring("pgweir_2") + cstring("") + int16(0)));
    CHECK(lease.work.own_deallocates == 1);
    CHECK(lease.work.effects.empty());
    SECTION("done") {
        CHECK(lease.replies("1CZ") == "pcc");
        CHECK_FALSE(lease.knows("n"));
        CHECK(world.server.standing.statements.stale().empty());
    }
    SECTION("failed, as in a failed transaction") {
        CHECK(lease.replies("1E!") == "pcc");
        CHECK(lease.knows("n"));
        CHECK(lease.work.own_deallocates == 0);
        CHECK(world.server.standing.statements.stale() == std::vector<std::uint32_t>{2});
    }
}

TEST_CASE("translator: a client that speaks in SQL of what it prepared by message has its server for itself", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "Name", "select $1");
    CoreLease lease = world.lease(world.client, world.second);
    SECTION("in a query") {
        const std::string sql = GENERATE(as<std::string>(), "prepare \"Name\" as select 1", "select 1; execute \"Name\" (1)", "deallocate \"Name\"; select 1");
        CHECK(lease.says(query(sql)) == "P Name select $1 | S | Q " + sql);
        CHECK(lease.replies("1Z") == "pp");
    }
    SECTION("through the unnamed statement") {
        CHECK(lease.says(parse("", "execute \"Name\" (1)") + sync()) == "P Name select $1 | S | P execute \"Name\" (1) | S");
    }
    SECTION("behind messages without a Sync") {
        CHECK(lease.says(parse("", "select 1") + parse("", "execute \"Name\" (1)") + sync()) ==
              "P select 1 | P Name select $1 | P execute \"Name\" (1) | S");
        CHECK(lease.replies("111Z") == "cpcc");
    }
    CHECK(lease.last.owns_server);
}

TEST_CASE("translator: names of other statements keep no server", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "Name", "select $1");
    CoreLease lease = world.lease(world.client, world.second);
    CHECK(lease.says(query("execute name (1)") + query("deallocate other")) == "Q execute name (1) | Q deallocate other");
    CHECK_FALSE(lease.last.owns_server);
}

TEST_CASE("translator: in a failed transaction the server is not taken", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    lease.takes(query("begin; select 1/0"));
    CHECK(lease.replies("CE!") == "ccc");
    CHECK(lease.says(query("prepare n as select 1")) == "Q prepare n as select 1");
    CHECK_FALSE(lease.last.owns_server);
}

TEST_CASE("translator: in a failed transaction what the server lacks fails as PostgreSQL would", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    world.has_parsed(world.client, world.server, "over", "rollback");
    CoreLease lease = world.lease(world.client, world.second);
    lease.takes(query("begin; select 1/0"));
    CHECK(lease.replies("CE!") == "ccc");
    CHECK(lease.says(bind("", "n") + sync()) == "DS pgweir_0 | S");
    CHECK(refusal_of(lease.work.notes.front()) ==
          "ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block exec_bind_message");
    CHECK(lease.replies("E!") == "cc");
    CHECK(lease.says(bind("", "over") + execute("") + sync()) == "P pgweir_1 rollback | B pgweir_1 | E | S");
}

TEST_CASE("translator: what is under way may end a failed transaction", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    lease.takes(query("begin; select 1/0"));
    CHECK(lease.replies("CE!") == "ccc");
    CHECK(lease.says(query("rollback") + bind("", "n") + sync()) == "Q rollback | P pgweir_1 select 1 | B pgweir_1 | S");
}

TEST_CASE("translator: what stands in one pipeline behind a DEALLOCATE ALL is gone", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(parse("", "deallocate all") + bind("", "") + execute("") + bind("", "n") + sync()) ==
          "P deallocate all | B | E | B n | S");
}

TEST_CASE("translator: names are as long as PostgreSQL keeps them", "[proxy]") {
    World world;
    const std::string kept(63, 'n');
    world.has_parsed(world.client, world.server, kept, "select 1");
    CoreLease lease = world.lease(world.client, world.server);
    CHECK(lease.says(test::bind("", kept + "x") + sync()) == "B pgweir_1 | S");
    CHECK(lease.says(parse(kept + "y", "select 2") + sync()) == "P pgweir_1 select 2 | S");   // taken
}

TEST_CASE("translator: a client that was told what a statement gives is not served another shape", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "n", "select * from t");
    {
        CoreLease first = world.lease(world.client, world.server);
        first.takes(describe_statement("n") + sync());
        CHECK(first.replies("tTZ") == "ccc");
        CHECK(first.says(bind("", "n") + sync()) == "B pgweir_1 | S");
        first.replies("2Z");
    }
    CoreLease lease = world.lease(world.client, world.second);
    CHECK(lease.says(bind("", "n") + execute("") + sync()) == "P pgweir_1 select * from t | DS pgweir_1 | H");
    CHECK(lease.last.stop == ClientStop::unsettled);
    CHECK(lease.says() == "");
    SECTION("the same") {
        lease.columns = one_column("a", 23, 4711);
        CHECK(lease.replies("1tT") == "ppp");
        CHECK(lease.says() == "B pgweir_1 | E | S");
        // The client relies on a description from before, so this cannot be done again in silence.
        CHECK(lease.work.repetition.segment.empty());
    }
    SECTION("another") {
        lease.columns = one_column("a", 25);
        CHECK(lease.replies("1tT") == "ppp");
        CHECK(lease.says() == "DS pgweir_0 | E | S");
        CHECK(refusal_of(lease.work.notes.front()) == "ERROR 0A000 cached plan must not change result type RevalidateCachedQuery");
        CHECK(lease.replies("EZ") == "cc");
        CHECK(lease.says(bind("", "n") + sync()) == "CS pgweir_1 | P pgweir_2 select * from t | DS pgweir_2 | H");
    }
    SECTION("none, because it cannot be parsed") {
        CHECK(lease.replies("E") == "c");
        CHECK_FALSE(lease.work.awaits_description);
        CHECK(lease.says() == "B n | E | S");
        CHECK(lease.replies("Z") == "c");
        CHECK(world.server.exchange.is_idle());
    }
}

}  // namespace pgweir::test
