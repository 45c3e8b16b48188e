// The unnamed statement, which stays a client's own though its server changes.
#include "proxy/core/translator.hpp"

#include "tests/support/lease.hpp"
#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

using proxy::max_held_frame;

namespace {

struct World {
    proxy::TextTable texts{};
    CoreClient client{};
    CoreClient other{};
    CoreServer server{};
    CoreServer second{};

    CoreLease lease(CoreClient& c, CoreServer& s) { return CoreLease(c, s, {.texts = &texts}); }

    // The client has parsed an unnamed statement, on that server.
    void has_parsed(CoreClient& c, CoreServer& s, std::string_view sql) {
        CoreLease at = lease(c, s);
        at.takes(parse("", sql) + sync());
        REQUIRE(at.replies("1Z") == "cc");
    }
};

const std::string use = bind("", "") + sync();

}  // namespace

TEST_CASE("translator: the unnamed statement follows its client to another server", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "select 1");
    world.has_parsed(world.other, world.second, "select 2");
    CoreLease lease = world.lease(world.client, world.second);
    const std::string request = GENERATE(bind("", "") + sync(), describe_statement("") + sync());
    CHECK(lease.says(request) == "P select 1 | " + spoken(request));
    CHECK(lease.last.server_parses == 1);
    CHECK(lease.last.parses == 0);
    CHECK(lease.replies("1") == "p");
    CoreLease back = world.lease(world.client, world.server);
    CHECK(back.says(use) == spoken(use));
}

TEST_CASE("translator: a client without an unnamed statement does not get another's", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.server, "select 'secret'");
    CoreLease lease = world.lease(world.client, world.server);
    SECTION("it never had one") {}
    SECTION("a Query has dropped it") {
        CoreLease before = world.lease(world.client, world.second);
        before.takes(parse("", "select 1") + sync() + query("select 2"));
        before.replies("1ZTDCZ");
    }
    SECTION("it has closed it") {
        CoreLease before = world.lease(world.client, world.second);
        before.takes(parse("", "select 1") + close_statement("") + sync());
        before.replies("13Z");
    }
    SECTION("its Parse has failed") {
        CoreLease before = world.lease(world.client, world.second);
        before.takes(parse("", "select 1/") + sync());
        before.replies("EZ");
    }
    CHECK(lease.says(use) == "CS | B | S");
    CHECK(lease.replies("3EZ") == "pcc");
}

TEST_CASE("translator: a Close of another's unnamed statement that was skipped is sent again", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.server, "select 'secret'");
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(bind("", "unheard of") + use);
    CHECK(lease.replies("EZ") == "cc");
    CHECK(lease.says(use) == "CS | B | S");
}

TEST_CASE("translator: what the server may have skipped is not taken for done", "[proxy]") {
    World world;
    world.has_parsed(world.other, world.server, "select 'secret'");
    CoreLease lease = world.lease(world.client, world.server);
    const std::string skipped = GENERATE(parse("", "select 1"), close_statement(""), query("select 1"), bind("", ""));
    SECTION("when it was sent before the error came") {
        lease.takes(bind("", "unheard of") + skipped + sync());
        CHECK(lease.replies("EZ") == "cc");
    }
    SECTION("when it was sent after the error had come") {
        lease.takes(bind("", "unheard of"));
        CHECK(lease.replies("E") == "c");
        CHECK(lease.takes(skipped + sync()) == skipped + sync());
        CHECK(lease.replies("Z") == "c");
    }
    CHECK(lease.says(use) == "CS | B | S");
}

TEST_CASE("translator: a failure leaves a later unnamed statement alone", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(parse("", "nonsense") + sync() + parse("", "select pg_advisory_lock(1)"));
    CHECK(lease.replies("EZ1") == "ccc");
    CHECK(lease.says(use) == "B | S");
    CHECK(lease.work.effects.has(proxy::Effect::advisory_lock));
}

TEST_CASE("translator: a Parse that was skipped leaves what stood before it", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(parse("", "select pg_advisory_lock(1)") + sync());
    CHECK(lease.replies("1Z") == "cc");
    lease.takes(bind("", "unheard of") + parse("", "select 2") + sync());
    CHECK(lease.replies("EZ") == "cc");
    CHECK(lease.says(use) == "B | S");
    CHECK(lease.work.effects.has(proxy::Effect::advisory_lock));
}

TEST_CASE("translator: a replay that was skipped takes nothing from the client", "[proxy]") {
    World world;
    world.has_parsed(world.client, world.server, "select 1");
    CoreLease lease = world.lease(world.client, world.second);
    lease.takes(bind("", "unheard of") + use);
    CHECK(lease.replies("EZ") == "cc");
    CHECK(lease.says(use) == "P select 1 | B | S");
}

TEST_CASE("translator: an unnamed statement too large to be kept is known to be so", "[proxy]") {
    World world;
    CoreLease lease = world.lease(world.client, world.server);
    lease.takes(parse("", std::string(max_held_frame, ' ')));
    CHECK(world.client.session.unnamed.parsed != 0);
    CHECK(world.client.session.unnamed.definition.empty());
    CHECK_FALSE(world.client.session.unnamed.is_bound);
    lease.takes(bind("", ""));
    CHECK(world.client.session.unnamed.is_bound);
    CHECK(lease.work.effects.has(proxy::Effect::unseen));
}

}  // namespace pgweir::test
