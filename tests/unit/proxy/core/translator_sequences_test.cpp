// currval and lastval find what the client itself has had of sequences, or nothing.
#include "proxy/core/translator.hpp"

#include "tests/support/lease.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {
namespace {

struct World {
    proxy::TextTable texts{};
    CoreClient client{};
    CoreServer server{};
    CoreLease lease{client, server, {.texts = &texts}};

    World() {
        lease.takes(query("begin"));
        lease.replies("C+");
        lease.work.has_foreign_sequences = true;
    }
    std::string asks() { return lease.says(query("select lastval()")); }
};

const std::string cleared = "Q DISCARD SEQUENCES | ";

}  // namespace

TEST_CASE("sequences: what others have had is gone before it can be asked for, once", "[proxy]") {
    World world;
    CHECK(world.asks() == cleared + "Q select lastval()");
    CHECK(world.lease.replies("C+TDC+") == "ppcccc");
    CHECK(world.asks() == "Q select lastval()");
}

TEST_CASE("sequences: in the extended protocol, too", "[proxy]") {
    World world;
    const std::string unit = bind("", "") + execute("") + sync();
    SECTION("when it is parsed") { CHECK(world.lease.says(parse("", "select lastval()") + unit) == cleared + "P select lastval() | B | E | S"); }
    SECTION("when an unnamed statement of before is used again") {
        world.lease.work.has_foreign_sequences = false;
        world.lease.takes(parse("", "select lastval()") + sync());
        world.lease.replies("1+");
        world.lease.work.has_foreign_sequences = true;
        CHECK(world.lease.says(unit) == cleared + "P select lastval() | B | E | S");
    }
    SECTION("when a named one is bound") {
        world.lease.takes(parse("n", "select lastval()") + sync());
        world.lease.replies("1+");
        CHECK(world.lease.says(bind("", "n") + execute("") + sync()).starts_with(cleared + "B pgweir_"));
    }
}

TEST_CASE("sequences: nothing is cleared that is the client's own, or where it cannot be", "[proxy]") {
    World world;
    SECTION("it has what it had") {
        world.lease.work.has_foreign_sequences = false;
        CHECK(world.asks() == "Q select lastval()");
    }
    SECTION("it has advanced one") {
        world.lease.work.has_advanced = true;
        CHECK(world.asks() == "Q select lastval()");
    }
    SECTION("in the same text") { CHECK(world.lease.says(query("select nextval('s'), lastval()")) == "Q select nextval('s'), lastval()"); }
    SECTION("behind messages without a Sync") {
        world.lease.takes(parse("", "select 1"));
        CHECK(world.asks() == "Q select lastval()");
    }
    SECTION("in a failed transaction") {
        world.lease.takes(query("select 1/0"));
        world.lease.replies("E!");
        CHECK(world.asks() == "Q select lastval()");
    }
}

}  // namespace pgweir::test
