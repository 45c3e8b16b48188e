#include "protocol/exchange.hpp"

#include "tests/support/ledger.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::BackendType;
using protocol::Exchange;
using protocol::FrontendType;
using protocol::Origin;
using protocol::Reply;
using protocol::TransactionStatus;

namespace {

constexpr std::string_view all_replies = "RK23CWdcGHDIEVvnNAtS1sZT";

// What may answer the request at the head of the ledger; all else but the asynchronous
// messages has no business there.
struct Row {
    std::string_view request;
    std::string_view fits;
};

}  // namespace

TEST_CASE("exchange: every request takes its own replies and no others", "[protocol]") {
    const Row row = GENERATE(Row{"", ""}, Row{"Q", "NEZTDCIGHdc"}, Row{"F", "NEZV"}, Row{"S", "NEZ"}, Row{"P", "NE1"},
                             Row{"B", "NE2"}, Row{"D", "NEtTn"}, Row{"E", "NEDCIsGHdc"}, Row{"C", "NE3"});
    for (const char type : all_replies) {
        INFO("request '" << row.request << "', reply " << type);
        Ledger ledger;
        ledger.sends(row.request);
        const bool fits = row.fits.find(type) != std::string_view::npos;
        const bool is_async = type == 'S' || type == 'A' || (type == 'N' && row.request.empty());
        CHECK(Ledger::letter(ledger.reply(type)) == (is_async ? 'a' : fits ? 'c' : 'x'));
        if (!fits) {
            CHECK(ledger.exchange.outstanding() == row.request.size());
            CHECK_FALSE(ledger.exchange.wants_copy_data());
        }
    }
}

TEST_CASE("exchange: a simple query is over with its ReadyForQuery", "[protocol]") {
    Ledger ledger;
    CHECK(ledger.exchange.is_idle());
    ledger.sends("Q");
    CHECK(ledger.exchange.awaits_ready());
    CHECK(ledger.replies("TDDC TDC I E") == "cccc ccc c c");
    CHECK_FALSE(ledger.exchange.is_complete());
    CHECK(ledger.replies("Z") == "c");
    CHECK(ledger.exchange.is_idle());
    CHECK_FALSE(ledger.exchange.awaits_ready());
}

TEST_CASE("exchange: complete inside a transaction is not idle", "[protocol]") {
    Ledger ledger;
    const char status = GENERATE('+', '!');
    ledger.sends("Q");
    ledger.replies("C");
    ledger.reply(status);
    CHECK(ledger.exchange.is_complete());
    CHECK_FALSE(ledger.exchange.is_idle());
    ledger.sends("Q");
    CHECK(ledger.replies("CZ") == "cc");
    CHECK(ledger.exchange.status() == TransactionStatus::idle);
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: an extended query is over with the answer to its Sync", "[protocol]") {
    Ledger ledger;
    ledger.sends("PDBDE");
    CHECK(ledger.exchange.wants_sync());
    CHECK_FALSE(ledger.exchange.awaits_ready());
    CHECK(ledger.replies("1 tT 2 T DDs") == "c cc c c ccc");
    CHECK(ledger.exchange.outstanding() == 0);
    CHECK_FALSE(ledger.exchange.is_complete());
    ledger.sends("S");
    CHECK_FALSE(ledger.exchange.wants_sync());
    CHECK(ledger.replies("Z") == "c");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: Flush answers nothing and leaves the exchange open", "[protocol]") {
    Ledger ledger;
    ledger.sends("PDH");
    CHECK(ledger.replies("1tn") == "ccc");
    CHECK(ledger.exchange.wants_sync());
    CHECK_FALSE(ledger.exchange.is_complete());
}

TEST_CASE("exchange: pipelined syncs are answered one by one", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBES PBES S Q");
    CHECK(ledger.replies("12CZ 12CZ Z") == "cccc cccc c");
    CHECK_FALSE(ledger.exchange.is_complete());
    CHECK(ledger.replies("CZ Z") == "cc x");
}

TEST_CASE("exchange: an error skips to the next Sync and no further", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBES PBES");
    CHECK(ledger.replies("1E") == "cc");
    CHECK(ledger.exchange.outstanding() == 5);
    CHECK(ledger.replies("Z 12CZ") == "c cccc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: after an error all is skipped until a Sync that comes later", "[protocol]") {
    Ledger ledger;
    ledger.sends("PB");
    CHECK(ledger.replies("E") == "c");
    CHECK(ledger.exchange.wants_sync());
    CHECK_FALSE(ledger.exchange.is_complete());
    ledger.sends("E PBE Q F C D H c f d");
    CHECK(ledger.exchange.outstanding() == 0);
    CHECK(ledger.replies("1") == "x");
    ledger.sends("S");
    CHECK(ledger.replies("Z") == "c");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: a Query behind an error without Sync is skipped too", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBE Q");
    CHECK(ledger.replies("E") == "c");
    CHECK(ledger.exchange.outstanding() == 0);
    CHECK(ledger.exchange.wants_sync());
}

TEST_CASE("exchange: a Query ends what stands unsynced before it", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBE Q");
    CHECK_FALSE(ledger.exchange.wants_sync());
    CHECK(ledger.replies("12C CZ") == "ccc cc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: an error of the Sync itself comes before its ReadyForQuery", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBES S");
    CHECK(ledger.replies("12C E Z Z") == "ccc c c c");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: a function call ends like a query, failing or not", "[protocol]") {
    Ledger ledger;
    ledger.sends("FF");
    CHECK(ledger.replies("VZ EZ") == "cc cc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: notices and parameters come at any time", "[protocol]") {
    Ledger ledger;
    CHECK(ledger.replies("N S A") == "a a a");
    ledger.sends("Q");
    CHECK(ledger.replies("NSA T N D S C A Z N") == "caa c c c a c a c a");
    ledger.proxy_sends("Q");
    CHECK(ledger.replies("N S C N Z") == "p a p p p");
}

TEST_CASE("exchange: replies go to whoever asked", "[protocol]") {
    Ledger ledger;
    ledger.proxy_sends("Q");
    ledger.sends("PBES");
    ledger.proxy_sends("Q");
    CHECK_FALSE(ledger.exchange.next_reply(BackendType::data_row) == Reply::to_client);
    CHECK(ledger.replies("TDCZ") == "pppp");
    CHECK(ledger.exchange.next_reply(BackendType::data_row) == Reply::to_client);
    CHECK(ledger.replies("1 E Z CZ") == "c c c pp");
    CHECK(ledger.exchange.is_idle());
    CHECK_FALSE(ledger.exchange.next_reply(BackendType::data_row) == Reply::to_client);
}

TEST_CASE("exchange: a Sync of the proxy's ends what a client has left open", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBE");
    ledger.proxy_sends("S");
    CHECK(ledger.replies("12 DDC Z") == "cc ccc p");
    ledger.sends("PB");
    CHECK(ledger.replies("E") == "c");
    ledger.proxy_sends("S");
    CHECK(ledger.replies("Z") == "p");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: COPY out passes like rows", "[protocol]") {
    Ledger ledger;
    ledger.sends("Q PBES");
    CHECK(ledger.replies("HdddcC HdcC Z") == "cccccc cccc c");
    CHECK_FALSE(ledger.exchange.wants_copy_data());
    CHECK(ledger.replies("12HddcCZ") == "cccccccc");
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: drop_one_ready counts the answers a lost server owes its client", "[protocol]") {
    Ledger ledger;
    ledger.proxy_sends("Q");
    ledger.sends("PBES Q c");
    ledger.proxy_sends("S");
    ledger.sends("F PB");
    int due = 0;
    while (ledger.exchange.drop_one_ready()) {
        ++due;
    }
    CHECK(due == 3);
    CHECK(ledger.exchange.outstanding() == 0);
    CHECK(ledger.exchange.wants_sync());
}

TEST_CASE("exchange: a long pipeline keeps count", "[protocol]") {
    constexpr int statements = 25'000;
    Ledger ledger;
    for (int i = 0; i < statements; ++i) {
        ledger.sends("PBES");
    }
    CHECK(ledger.exchange.outstanding() == 4 * statements);
    bool all_fit = true;
    for (int i = 0; i < statements; ++i) {
        // Every third fails; new ones come in while old ones are answered.
        const bool fails = i % 3 == 0;
        all_fit = all_fit && ledger.replies(fails ? "1EZ" : "12CZ") == (fails ? "ccc" : "cccc");
        if (i % 5 == 0) {
            ledger.sends("Q");
        }
    }
    for (int i = 0; i < statements / 5; ++i) {
        all_fit = all_fit && ledger.replies("CZ") == "cc";
    }
    CHECK(all_fit);
    CHECK(ledger.exchange.is_idle());
}

TEST_CASE("exchange: a pipeline that never runs dry keeps count", "[protocol]") {
    Ledger ledger;
    ledger.sends("PBES");
    bool all_fit = true;
    for (int i = 0; i < 20'000; ++i) {
        ledger.sends("PBES");
        all_fit = all_fit && ledger.replies("12CZ") == "cccc" && ledger.exchange.outstanding() == 4;
    }
    CHECK(all_fit);
    CHECK(ledger.replies("12CZ x") == "cccc x");
    CHECK(ledger.exchange.is_idle());
}

}  // namespace pgweir::test
