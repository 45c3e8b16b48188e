// From the client: what goes on to its server, and what is held back.
#include "proxy/core/relay_core.hpp"

#include "tests/support/print.hpp"
#include "tests/support/split.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::Exchange;
using proxy::ClientScan;
using proxy::ClientStop;
using proxy::FrameCursor;
using proxy::max_held_frame;
using proxy::max_outstanding;

namespace {

// A client's side of a lease, fed as the relay feeds it.
struct ClientSide {
    Exchange exchange{};
    FrameCursor cursor{};
    std::string forwarded{};
    std::string held{};
    int statements = 0;
    bool names_statement = false;
    ClientStop stop = ClientStop::none;

    void take(std::string_view bytes) {
        held += bytes;
        const ClientScan scan = scan_client(as_bytes(held), cursor, exchange);
        REQUIRE(scan.forward <= held.size());
        forwarded += held.substr(0, scan.forward);
        held.erase(0, scan.forward);
        statements += scan.statements;
        names_statement = names_statement || scan.names_statement;
        stop = scan.stop;
        REQUIRE((stop != ClientStop::none || held.empty()));
    }

    std::string summary() const {
        std::ostringstream text;
        text << forwarded << " | " << held << " | " << statements << (names_statement ? " named " : " ") << stop << ' '
             << exchange.outstanding() << ' ' << cursor.body_left;
        return text.str();
    }
};

std::string summary_of(const Pieces& pieces) {
    ClientSide client;
    for (const std::string_view piece : pieces) {
        client.take(piece);
    }
    return client.summary();
}

std::string header(char type, std::int64_t length) { return type + int32(length); }

}  // namespace

TEST_CASE("relay core: what a client sends goes on the same wherever it is cut", "[proxy]") {
    const std::string copy = message('d', "1\tone\n") + message('c') + message('f', cstring("no"));
    const std::string input = GENERATE_COPY(
        query("select 1"), parse("s", "select 1") + bind("", "s") + message('D', "P\0"_w) + execute("") + sync(),
        parse("", "x") + message('H') + message('C', "S\0"_w) + message('F', int32(1) + int16(0) + int16(0) + int16(0)),
        query("copy t from stdin") + copy + query("select 2"), query("a") + message('X') + query("never"),
        query("a") + message('p', "password"), query("a") + header('Q', 3) + "xyz", query("a") + header('Q', -1),
        query("a") + "\0\0\0\0\0\0"_w, query("cut short").substr(0, 9), sync().substr(0, 2));
    at_every_split(input, summary_of);
}

TEST_CASE("relay core: a frame that may be held goes on only when it is whole", "[proxy]") {
    const std::string text(max_held_frame - 6, 'x');
    ClientSide client;
    const std::string whole = query(text);
    REQUIRE(whole.size() == max_held_frame);
    client.take(whole.substr(0, whole.size() - 1));
    CHECK(client.forwarded.empty());
    CHECK(client.stop == ClientStop::incomplete);
    CHECK(client.exchange.is_complete());
    client.take(whole.substr(whole.size() - 1));
    CHECK(client.forwarded == whole);
    CHECK(client.exchange.outstanding() == 1);
}

TEST_CASE("relay core: a larger frame is streamed as soon as its names must be there", "[proxy]") {
    const std::string whole = query(std::string(max_held_frame - 5, 'x'));
    REQUIRE(whole.size() == max_held_frame + 1);
    ClientSide client;
    client.take(whole.substr(0, 511));
    CHECK(client.stop == ClientStop::incomplete);
    CHECK(client.exchange.is_complete());
    client.take(whole.substr(511, 1));
    CHECK(client.forwarded == whole.substr(0, 512));
    CHECK(client.exchange.outstanding() == 1);
    CHECK(client.statements == 1);
    CHECK(client.cursor.body_left == whole.size() - 512);
    CHECK(client.cursor.type == protocol::FrontendType::query);
    client.take(whole.substr(512) + sync().substr(0, 3));
    CHECK(client.forwarded == whole);
    CHECK(client.held == sync().substr(0, 3));
    CHECK(client.cursor.body_left == 0);
    CHECK(client.statements == 1);
}

TEST_CASE("relay core: large messages among small ones go on the same wherever they are cut", "[proxy]") {
    const std::string large = std::string(max_held_frame + 10, 'x');
    const std::string input = parse("name", large) + bind("", "name") + execute("") + sync() + message('d', large) + query("z");
    const std::string whole = summary_of({input});
    const std::size_t step = GENERATE(1U, 5U, 6U, 977U, 4096U, 16384U, 16390U, 20'000U);
    Pieces pieces;
    for (std::size_t at = 0; at < input.size(); at += step) {
        pieces.push_back(std::string_view(input).substr(at, step));
    }
    CHECK(summary_of(pieces) == whole);
    CHECK(whole.find("2 named none 5 0") != std::string::npos);
}

TEST_CASE("relay core: only a Parse with a name names a statement", "[proxy]") {
    ClientSide client;
    client.take(parse("", "name") + bind("portal", "name") + query("name"));
    CHECK_FALSE(client.names_statement);
    client.take(parse("n", ""));
    CHECK(client.names_statement);
}

TEST_CASE("relay core: a name that is cut is a name", "[proxy]") {
    const std::string whole = parse("name" + std::string(600, 'x'), std::string(max_held_frame, ' '));
    const std::size_t cut = GENERATE(6U, 8U, 512U, 600U, 700U);
    ClientSide client;
    client.take(whole.substr(0, cut));
    client.take(whole.substr(cut));
    CHECK(client.forwarded == whole);
    CHECK(client.names_statement);
}

TEST_CASE("relay core: a COMMIT is seen by its first word", "[proxy]") {
    struct Row {
        const char* sql;
        bool commits;
    };
    const Row row = GENERATE(Row{"commit", true}, Row{"COMMIT;", true}, Row{" \n\tCommit work", true}, Row{"end", true},
                             Row{"END TRANSACTION", true}, Row{"", false}, Row{"comm", false}, Row{"committed", false},
                             Row{"endless", false}, Row{"select 'commit'", false}, Row{"rollback", false});
    const std::string request = GENERATE_COPY(query(row.sql), parse("", row.sql), parse("named", row.sql));
    INFO(row.sql);
    Exchange exchange;
    FrameCursor cursor;
    CHECK(scan_client(as_bytes(request), cursor, exchange).commits == row.commits);
}

TEST_CASE("relay core: an unnamed statement waits for its Bind", "[proxy]") {
    using proxy::UnnamedStatement;
    struct Row {
        std::string input;
        UnnamedStatement unnamed;
    };
    const Row row = GENERATE(Row{sync(), UnnamedStatement::untouched}, Row{parse("", "x"), UnnamedStatement::waits},
                             Row{parse("n", "x"), UnnamedStatement::untouched}, Row{parse("", "x") + bind("", ""), UnnamedStatement::used},
                             Row{parse("", "x") + bind("p", "n"), UnnamedStatement::waits}, Row{bind("p", ""), UnnamedStatement::used},
                             Row{query("x"), UnnamedStatement::used}, Row{query("x") + parse("", "y"), UnnamedStatement::waits},
                             Row{parse("", "x") + message('D', "S\0"_w) + sync(), UnnamedStatement::waits});
    Exchange exchange;
    FrameCursor cursor;
    CHECK(scan_client(as_bytes(row.input), cursor, exchange).unnamed == row.unnamed);
}

TEST_CASE("relay core: bytes that begin no message a client may send are a violation", "[proxy]") {
    const std::string bad = GENERATE(header('Q', 3), header('Q', 0), header('Q', -1), header('d', 0x40000003), header('p', 4),
                                     header('R', 8), header('Z', 5), header('W', 4), header('\0', 4), header('\xff', 4));
    ClientSide client;
    client.take(query("before") + bad + query("after"));
    CHECK(client.stop == ClientStop::violation);
    CHECK(client.forwarded == query("before"));
    CHECK(client.exchange.outstanding() == 1);
}

// PostgreSQL hangs up on a longer one, and a server would be lost.
TEST_CASE("relay core: a message without bulk may not be longer than PostgreSQL takes", "[proxy]") {
    const char type = GENERATE('C', 'D', 'E', 'H', 'S', 'c', 'f');
    const std::int64_t longest = 10'000;
    ClientSide client;
    SECTION("as long as may be") {
        client.take(message(type, std::string(longest - 4, '\0')));
        CHECK(client.stop == ClientStop::none);
        CHECK(client.held.empty());
    }
    SECTION("one longer") {
        client.take(header(type, longest + 1) + "x");
        CHECK(client.stop == ClientStop::violation);
        CHECK(client.exchange.is_complete());
    }
}

TEST_CASE("relay core: a message with bulk may be as long as PostgreSQL takes", "[proxy]") {
    const char type = GENERATE('B', 'F', 'P', 'Q', 'd');
    ClientSide client;
    client.take(header(type, 0x3fffffff) + std::string(1000, 'x'));
    CHECK(client.stop == ClientStop::none);
    CHECK(client.cursor.body_left == 0x3fffffff - 4 - 1000);
}

TEST_CASE("relay core: Terminate is never sent to a server", "[proxy]") {
    ClientSide client;
    client.take(query("a") + message('X') + query("b"));
    CHECK(client.stop == ClientStop::terminate);
    CHECK(client.forwarded == query("a"));
    CHECK(client.held == message('X') + query("b"));
}

TEST_CASE("relay core: a client that asks for too much at once is not read until replies came", "[proxy]") {
    ClientSide client;
    std::string pipeline;
    for (std::size_t i = 0; i < 1000; ++i) {
        pipeline += sync();
    }
    for (std::size_t i = 0; i < max_outstanding / 1000; ++i) {
        client.take(pipeline);
    }
    CHECK(client.stop == ClientStop::none);
    client.take(sync() + sync());
    CHECK(client.stop == ClientStop::backlog);
    CHECK(client.held == sync() + sync());
    CHECK(client.exchange.ready(protocol::TransactionStatus::idle) == protocol::Reply::to_client);
    client.take({});
    CHECK(client.stop == ClientStop::backlog);
    CHECK(client.held == sync());
    CHECK(client.exchange.outstanding() == max_outstanding);
}

}  // namespace pgweir::test
