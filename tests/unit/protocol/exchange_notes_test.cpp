// What the ledger says became of requests that were noted.
#include "protocol/exchange.hpp"

#include "tests/support/ledger.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using protocol::BackendType;
using protocol::FrontendType;
using protocol::Noted;
using protocol::Origin;
using protocol::Outcome;
using protocol::Reply;

namespace {

struct NotedLedger : Ledger {
    // Each of them noted.
    void notes(std::string_view types, Origin origin = Origin::client) {
        for (const char type : types) exchange.sent(static_cast<FrontendType>(type), origin, Noted::yes);
    }
    // One letter each: d done, f failed, s skipped.
    std::string outcomes() {
        std::vector<Outcome> all;
        exchange.take_outcomes(all);
        CHECK_FALSE(exchange.has_outcomes());
        std::string letters;
        for (const Outcome one : all) letters += one == Outcome::done ? 'd' : one == Outcome::failed ? 'f' : 's';
        return letters;
    }
};

}  // namespace

TEST_CASE("exchange notes: a request is done when its last reply has come", "[protocol]") {
    struct Row {
        const char* request;
        const char* before;
        const char* last;
    };
    const Row row = GENERATE(Row{"P", "", "1"}, Row{"B", "", "2"}, Row{"C", "", "3"}, Row{"D", "t", "T"}, Row{"D", "t", "n"},
                             Row{"D", "", "T"}, Row{"E", "DD", "C"}, Row{"E", "D", "s"}, Row{"Q", "TDDCTDC", "Z"}, Row{"S", "", "Z"});
    NotedLedger ledger;
    ledger.notes(row.request);
    ledger.replies(row.before);
    CHECK_FALSE(ledger.exchange.has_outcomes());
    ledger.replies(row.last);
    CHECK(ledger.exchange.has_outcomes());
    CHECK(ledger.outcomes() == "d");
    CHECK(ledger.outcomes().empty());
}

TEST_CASE("exchange notes: only what was noted has an outcome", "[protocol]") {
    NotedLedger ledger;
    ledger.sends("PB");
    ledger.notes("C");
    ledger.sends("S");
    ledger.replies("12");
    CHECK_FALSE(ledger.exchange.has_outcomes());
    ledger.replies("3Z");
    CHECK(ledger.outcomes() == "d");
}

TEST_CASE("exchange notes: after an error everything up to the Sync is skipped", "[protocol]") {
    NotedLedger ledger;
    ledger.notes("PPBC");
    ledger.sends("ES");
    ledger.notes("P");
    ledger.sends("S");
    CHECK(ledger.replies("1E") == "cc");
    CHECK(ledger.outcomes() == "dfss");
    CHECK(ledger.replies("Z1Z") == "ccc");
    CHECK(ledger.outcomes() == "d");
}

TEST_CASE("exchange notes: the failure of what was not noted skips what was", "[protocol]") {
    NotedLedger ledger;
    ledger.sends("B");
    ledger.notes("PC");
    ledger.sends("S");
    ledger.replies("E");
    CHECK(ledger.outcomes() == "ss");
}

TEST_CASE("exchange notes: what is sent after an error and before a Sync is skipped at once", "[protocol]") {
    NotedLedger ledger;
    ledger.sends("B");
    ledger.replies("E");
    CHECK(ledger.exchange.is_skipping());
    ledger.notes("PQ");
    CHECK(ledger.outcomes() == "ss");
    ledger.sends("S");
    CHECK_FALSE(ledger.exchange.is_skipping());
    ledger.notes("P");
    CHECK(ledger.replies("Z1") == "cc");
    CHECK(ledger.outcomes() == "d");
}

TEST_CASE("exchange notes: a Query that fails has failed when it ends", "[protocol]") {
    NotedLedger ledger;
    ledger.notes("QQ");
    ledger.replies("CE");
    CHECK_FALSE(ledger.exchange.has_outcomes());
    ledger.replies("Z");
    CHECK(ledger.outcomes() == "f");
    ledger.replies("CZ");
    CHECK(ledger.outcomes() == "d");
}

TEST_CASE("exchange notes: the order is that of sending", "[protocol]") {
    NotedLedger ledger;
    ledger.notes("PBDC");
    ledger.replies("12tT3");
    ledger.notes("P");
    ledger.replies("E");
    CHECK(ledger.outcomes() == "ddddf");
    ledger.notes("P");
    ledger.exchange.forget_outcomes();
    CHECK_FALSE(ledger.exchange.has_outcomes());
}

TEST_CASE("exchange notes: a client sees the error of a stand-in and nothing else of it", "[protocol]") {
    NotedLedger ledger;
    ledger.sends("PD", Origin::stand_in);
    ledger.sends("BS");
    CHECK(ledger.exchange.next_reply(BackendType::parse_complete) == Reply::to_proxy);
    CHECK(ledger.exchange.next_reply(BackendType::notice_response) == Reply::to_proxy);
    CHECK(ledger.exchange.next_reply(BackendType::error_response) == Reply::to_client);
    SECTION("good") { CHECK(ledger.replies("1tT2Z") == "pppcc"); }
    SECTION("bad") { CHECK(ledger.replies("EZ") == "cc"); }
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange notes: an error of the proxy's own request is the proxy's", "[protocol]") {
    NotedLedger ledger;
    ledger.proxy_sends("P");
    CHECK(ledger.exchange.next_reply(BackendType::error_response) == Reply::to_proxy);
    CHECK(ledger.replies("E") == "p");
    CHECK(ledger.exchange.next_reply(BackendType::error_response) == Reply::unmatched);
}

TEST_CASE("exchange notes: a noted Describe is known before its answer", "[protocol]") {
    NotedLedger ledger;
    CHECK_FALSE(ledger.exchange.next_is_noted_describe());
    ledger.notes("PD");
    ledger.sends("DS");
    CHECK_FALSE(ledger.exchange.next_is_noted_describe());
    ledger.replies("1");
    CHECK(ledger.exchange.next_is_noted_describe());
    ledger.replies("t");
    CHECK(ledger.exchange.next_is_noted_describe());
    ledger.replies("T");
    CHECK_FALSE(ledger.exchange.next_is_noted_describe());
}

}  // namespace pgweir::test
