// COPY in, where the order of messages in flight decides what the server has seen.
#include "protocol/exchange.hpp"

#include "tests/support/ledger.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pgweir::test {

TEST_CASE("exchange: COPY in by a simple query", "[protocol]") {
    Ledger ledger;
    ledger.sends("Q");
    CHECK(ledger.replies("G") == "c");
    CHECK(ledger.exchange.wants_copy_data());
    ledger.sends("ddd");
    CHECK_FALSE(ledger.exchange.is_complete());
    ledger.sends("c");
    CHECK_FALSE(ledger.exchange.wants_copy_data());
    CHECK(ledger.replies("CZ") == "cc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: a query may hold several COPYs", "[protocol]") {
    Ledger ledger;
    SECTION("each answered before the next") {
        ledger.sends("Q");
        CHECK(ledger.replies("G") == "c");
        ledger.sends("dc");
        CHECK(ledger.replies("C G") == "c c");
        CHECK(ledger.exchange.wants_copy_data());
        ledger.sends("df");
        CHECK(ledger.replies("EZ") == "cc");
    }
    SECTION("all sent ahead") {
        ledger.sends("Q dc dc");
        CHECK(ledger.replies("G") == "c");
        CHECK_FALSE(ledger.exchange.wants_copy_data());
        CHECK(ledger.replies("C G") == "c c");
        CHECK_FALSE(ledger.exchange.wants_copy_data());
        CHECK(ledger.replies("C C Z") == "c c c");
    }
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: COPY in by an extended query", "[protocol]") {
    Ledger ledger;
    SECTION("as libpq does it: a Sync that the server ignores, and one that counts") {
        ledger.sends("PBDES");
        CHECK(ledger.replies("12nG") == "cccc");
        CHECK(ledger.exchange.wants_copy_data());
        CHECK(ledger.exchange.wants_sync());
        ledger.sends("ddc");
        CHECK(ledger.exchange.wants_sync());
        ledger.sends("S");
        CHECK_FALSE(ledger.exchange.wants_sync());
        CHECK(ledger.replies("C") == "c");
        CHECK_FALSE(ledger.exchange.is_complete());
        CHECK(ledger.replies("Z") == "c");
    }
    SECTION("all sent ahead") {
        ledger.sends("PBE dd c S");
        CHECK(ledger.replies("12G CZ") == "ccc cc");
    }
    SECTION("all sent ahead, with the Sync that is ignored") {
        ledger.sends("PBES ddS c S");
        CHECK(ledger.replies("12G") == "ccc");
        CHECK_FALSE(ledger.exchange.wants_sync());
        CHECK(ledger.replies("CZ") == "cc");
    }
    SECTION("a Sync while the server reads data is ignored") {
        ledger.sends("PBE");
        CHECK(ledger.replies("12G") == "ccc");
        ledger.sends("dSdSc");
        CHECK(ledger.replies("C") == "c");
        CHECK_FALSE(ledger.exchange.is_complete());
        ledger.sends("S");
        CHECK(ledger.replies("Z") == "c");
    }
    CHECK(ledger.exchange.is_idle());
    CHECK(ledger.replies("Z") == "x");
}

TEST_CASE("exchange: an ignored Sync leaves the exchange open even when CopyDone was sent ahead", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBES dc");
    CHECK(ledger.replies("12G") == "ccc");
    CHECK(ledger.exchange.wants_sync());
    CHECK(ledger.replies("C") == "c");
    CHECK_FALSE(ledger.exchange.is_complete());
    ledger.sends("S");
    CHECK(ledger.replies("Z") == "c");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: COPY failing midway, and what is sent late", "[protocol]") {
    Ledger ledger;
    SECTION("simple") {
        ledger.sends("Q");
        CHECK(ledger.replies("G") == "c");
        ledger.sends("dd");
        CHECK(ledger.replies("E") == "c");
        ledger.sends("ddc");
        CHECK_FALSE(ledger.exchange.wants_copy_data());
        CHECK(ledger.replies("Z") == "c");
        CHECK(ledger.exchange.is_idle());
        ledger.sends("ddf");
        CHECK(ledger.exchange.is_idle());
    }
    SECTION("extended") {
        ledger.sends("PBE");
        CHECK(ledger.replies("12G") == "ccc");
        ledger.sends("dd");
        CHECK(ledger.replies("E") == "c");
        ledger.sends("ddc");
        CHECK_FALSE(ledger.exchange.is_complete());
        ledger.sends("S");
        CHECK(ledger.replies("Z") == "c");
        CHECK(ledger.exchange.is_idle());
    }
    SECTION("extended, all sent ahead") {
        ledger.sends("PBE ddc S PBES");
        CHECK(ledger.replies("12GEZ 12CZ") == "ccccc cccc");
        CHECK(ledger.exchange.is_idle());
    }
    ledger.sends("Q");
    CHECK(ledger.replies("TDCZ") == "cccc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: COPY data for a statement that did not become a COPY is ignored", "[protocol]") {
    Ledger ledger;
    ledger.sends("Q dd c Q d c");
    CHECK(ledger.replies("EZ") == "cc");
    CHECK(ledger.exchange.outstanding() == 2);
    CHECK(ledger.replies("G") == "c");
    CHECK_FALSE(ledger.exchange.wants_copy_data());
    CHECK(ledger.replies("CZ") == "cc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: the proxy ends a COPY that its client has left", "[protocol]") {
    Ledger ledger;
    SECTION("simple") {
        ledger.sends("Q");
        CHECK(ledger.replies("G") == "c");
        ledger.proxy_sends("f");
        CHECK(ledger.replies("EZ") == "cc");
    }
    SECTION("extended") {
        ledger.sends("PBES");
        CHECK(ledger.replies("12G") == "ccc");
        ledger.proxy_sends("fS");
        CHECK(ledger.replies("EZ") == "cp");
    }
    CHECK(ledger.exchange.is_complete());
}

TEST_CASE("exchange: a message that a failed COPY may have swallowed loses the count", "[protocol]") {
    Ledger ledger;
    ledger.sends("QQ");
    CHECK(ledger.replies("GE") == "cc");
    CHECK(ledger.replies("Z") == "x");
    CHECK_FALSE(ledger.exchange.is_idle());
}

// PostgreSQL finds some errors (a view, a trigger, a cancel) after CopyInResponse and
// before it reads on: then the Sync behind Execute was not ignored. Which of two Syncs a
// ReadyForQuery answers cannot be told, so the server may have one more to come.
TEST_CASE("exchange: a Sync that COPY may or may not have swallowed keeps the server", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBDES");
    CHECK(ledger.replies("12nG") == "cccc");
    SECTION("it was answered, and nothing else was sent") {
        CHECK(ledger.replies("E") == "c");
        CHECK_FALSE(ledger.exchange.is_complete());
        CHECK(ledger.replies("Z") == "c");
        CHECK(ledger.exchange.is_idle());
    }
    SECTION("it was answered, and so is the next") {
        ledger.sends("ddcS");
        CHECK(ledger.replies("E Z") == "c c");
        CHECK_FALSE(ledger.exchange.is_idle());
        CHECK(ledger.replies("Z") == "c");
        CHECK(ledger.exchange.is_idle());
    }
    SECTION("it was swallowed, and the next request shows it") {
        ledger.sends("ddcS");
        CHECK(ledger.replies("E Z") == "c c");
        CHECK_FALSE(ledger.exchange.is_idle());
        ledger.proxy_sends("Q");
        CHECK(ledger.replies("C Z") == "p p");
        CHECK(ledger.exchange.is_idle());
    }
    SECTION("its answer comes when somebody else has asked already") {
        ledger.sends("ddcS");
        CHECK(ledger.replies("E Z") == "c c");
        ledger.proxy_sends("Q");
        CHECK(ledger.replies("Z C Z") == "c p p");
        CHECK(ledger.exchange.is_idle());
        CHECK(ledger.replies("Z") == "x");
    }
    SECTION("a COPY that succeeds has swallowed it") {
        ledger.sends("ddcS");
        CHECK(ledger.replies("C Z") == "c c");
        CHECK(ledger.exchange.is_idle());
        CHECK(ledger.replies("Z") == "x");
    }
}

}  // namespace pgweir::test
