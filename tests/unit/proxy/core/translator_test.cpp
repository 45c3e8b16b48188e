// From the client: what goes on to its server as it came, and what is held back.
#include "proxy/core/translator.hpp"

#include "tests/support/lease.hpp"
#include "tests/support/print.hpp"
#include "tests/support/split.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::ClientStop;
using proxy::max_held_frame;
using proxy::max_outstanding;

namespace {

// A client alone with a server.
struct Pair {
    proxy::TextTable texts{};
    CoreClient client{};
    CoreServer server{};
    CoreLease lease{client, server, {.texts = &texts}};
    std::string sent{};
    int statements = 0;
    int parses = 0;
    bool keeps_large = false;

    void take(std::string_view bytes) {
        sent += lease.takes(bytes);
        statements += lease.last.statements;
        parses += lease.last.parses;
        keeps_large |= lease.last.keeps_large;
        REQUIRE((lease.last.stop == ClientStop::none) == lease.held.empty());
    }
    ClientStop stop() const { return lease.last.stop; }

    std::string summary() const {
        std::ostringstream text;
        text << sent << " | " << lease.held << " | " << statements << ' ' << parses << (keeps_large ? " large " : " ")
             << stop() << ' ' << server.exchange.outstanding() << ' ' << server.cursor.body_left << ' ' << lease.work.notes.size();
        return text.str();
    }
};

std::string summary_of(const Pieces& pieces) {
    Pair pair;
    for (const std::string_view piece : pieces) pair.take(piece);
    return pair.summary();
}

std::string header(char type, std::int64_t length) { return type + int32(length); }

const std::string function_call = message('F', int32(1) + int16(0) + int16(0) + int16(0));

}  // namespace

TEST_CASE("translator: what a client sends goes on the same wherever it is cut", "[proxy]") {
    const std::string copy = message('d', "1\tone\n") + message('c') + message('f', cstring("no"));
    const std::string input = GENERATE_COPY(
        query("select 1"), parse("s", "select 1") + bind("", "s") + describe_portal() + execute("") + sync(),
        parse("s", "select 1") + parse("s", "select 2") + close_statement("s") + parse("s", "select 3") + sync(),
        parse("", "x") + message('H') + close_statement("") + function_call, query("copy t from stdin") + copy + query("select 2"),
        parse("s", "select 1") + sync() + bind("", "s") + sync(), query("set a = 1") + query("held"),
        query("a") + message('X') + query("never"), query("a") + message('p', "password"), query("a") + header('Q', 3) + "xyz",
        query("a") + header('Q', -1), query("a") + "\0\0\0\0\0\0"_w, query("cut short").substr(0, 9), sync().substr(0, 2));
    at_every_split(input, summary_of);
}

TEST_CASE("translator: nothing is copied while everything goes on as it came", "[proxy]") {
    const std::string input = parse("", "select $1") + bind("", "") + describe_portal() + execute("") + sync() + query("select 2") +
                              bind("", "unheard of") + close_statement("unheard of") + sync();
    proxy::TextTable texts;
    CoreClient client;
    CoreServer server;
    proxy::LeaseWork work;
    std::vector<std::byte> buffer;
    const proxy::TranslatorRules rules{.texts = &texts};
    proxy::Translator translator(client.session, server.standing, work, server.exchange, server.cursor, rules);
    const proxy::Translation translation = translator.run(protocol::as_bytes(input), buffer);
    CHECK(protocol::as_text(translation.to_server).data() == input.data());
    CHECK(translation.to_server.size() == input.size());
    CHECK(translation.stop == ClientStop::none);
    CHECK(translation.statements == 2);
    CHECK(translation.parses == 1);
    CHECK(translation.server_parses == 1);
    CHECK(buffer.empty());
}

TEST_CASE("translator: a frame that may be held goes on only when it is whole", "[proxy]") {
    const std::string whole = query(std::string(max_held_frame - 6, 'x'));
    REQUIRE(whole.size() == max_held_frame);
    Pair pair;
    pair.take(whole.substr(0, whole.size() - 1));
    CHECK(pair.sent.empty());
    CHECK(pair.stop() == ClientStop::incomplete);
    CHECK(pair.server.exchange.is_complete());
    pair.take(whole.substr(whole.size() - 1));
    CHECK(pair.sent == whole);
    CHECK(pair.server.exchange.outstanding() == 1);
}

TEST_CASE("translator: a larger frame is streamed as soon as its names must be there", "[proxy]") {
    const std::string whole = query(std::string(max_held_frame - 5, 'x'));
    REQUIRE(whole.size() == max_held_frame + 1);
    Pair pair;
    pair.take(whole.substr(0, 511));
    CHECK(pair.stop() == ClientStop::incomplete);
    CHECK(pair.server.exchange.is_complete());
    pair.take(whole.substr(511, 1));
    CHECK(pair.sent == whole.substr(0, 512));
    CHECK(pair.statements == 1);
    CHECK(pair.server.cursor.body_left == whole.size() - 512);
    CHECK(pair.server.cursor.type == protocol::FrontendType::query);
    CHECK(pair.lease.work.effects.has(proxy::Effect::unseen));
    pair.take(whole.substr(512));
    CHECK(pair.sent == whole);
    CHECK(pair.server.cursor.body_left == 0);
    CHECK(pair.server.exchange.outstanding() == 1);
    CHECK(pair.statements == 1);
}

TEST_CASE("translator: large messages among small ones go on the same wherever they are cut", "[proxy]") {
    const std::string large(max_held_frame + 10, 'x');
    const std::string large_bind = message('B', cstring("") + cstring("small") + large);
    const std::string input = parse("name", large) + bind("", "name") + execute("") + parse("small", "select 1") + large_bind +
                              message('d', large) + parse(std::string(600, 'n'), "select 1") + sync() + query("z");
    const std::string whole = summary_of({input});
    const std::size_t step = GENERATE(1U, 5U, 6U, 977U, 4096U, 16384U, 16390U, 20'000U);
    Pieces pieces;
    for (std::size_t at = 0; at < input.size(); at += step) pieces.push_back(std::string_view(input).substr(at, step));
    CHECK(summary_of(pieces) == whole);
    CHECK_THAT(whole, Catch::Contains(" large "));
}

TEST_CASE("translator: a large message whose names do not end where they must is a violation, however it comes", "[proxy]") {
    const std::string name(600, 'n');
    const std::string text(max_held_frame, 'x');
    const std::string bad = GENERATE_COPY(parse(name, text), message('B', cstring("") + cstring(name) + text));
    const std::size_t size = GENERATE_COPY(std::size_t{512}, std::size_t{900}, bad.size());
    Pair pair;
    pair.take(query("select 0") + bad.substr(0, size));
    CHECK(pair.stop() == ClientStop::violation);
    CHECK(pair.sent == query("select 0"));
}

TEST_CASE("translator: bytes that begin no message a client may send are a violation", "[proxy]") {
    const std::string bad = GENERATE(header('Q', 3), header('Q', 0), header('Q', -1), header('d', 0x40000003), header('p', 4),
                                     header('R', 8), header('Z', 5), header('W', 4), header('\0', 4), header('\xff', 4));
    Pair pair;
    pair.take(query("before") + bad + query("after"));
    CHECK(pair.stop() == ClientStop::violation);
    CHECK(pair.sent == query("before"));
    CHECK(pair.server.exchange.outstanding() == 1);
}

// PostgreSQL hangs up on a longer one, and a server would be lost.
TEST_CASE("translator: a message without bulk may not be longer than PostgreSQL takes", "[proxy]") {
    const char type = GENERATE('C', 'D', 'E', 'H', 'S', 'c', 'f');
    const std::int64_t longest = 10'000;
    Pair pair;
    SECTION("as long as may be") {
        pair.take(message(type, std::string(longest - 4, '\0')));
        CHECK(pair.stop() == ClientStop::none);
    }
    SECTION("one longer") {
        pair.take(header(type, longest + 1) + "x");
        CHECK(pair.stop() == ClientStop::violation);
        CHECK(pair.server.exchange.is_complete());
    }
}

TEST_CASE("translator: a message with bulk may be as long as PostgreSQL takes", "[proxy]") {
    const char type = GENERATE('B', 'F', 'P', 'Q', 'd');
    Pair pair;
    pair.take(header(type, 0x3fffffff) + std::string(1000, '\0'));
    CHECK(pair.stop() == ClientStop::none);
    CHECK(pair.server.cursor.body_left == 0x3fffffff - 4 - 1000);
}

TEST_CASE("translator: a small message without an end to its name is PostgreSQL's to refuse", "[proxy]") {
    const std::string bad = GENERATE(message('P', "name"), message('B', "portal"), message('D', "Sname"), message('C', "S"));
    Pair pair;
    pair.take(bad + sync());
    CHECK(pair.sent == bad + sync());
    CHECK(pair.stop() == ClientStop::none);
}

TEST_CASE("translator: Terminate is never sent to a server", "[proxy]") {
    Pair pair;
    pair.take(query("a") + message('X') + query("b"));
    CHECK(pair.stop() == ClientStop::terminate);
    CHECK(pair.sent == query("a"));
    CHECK(pair.lease.held == message('X') + query("b"));
}

TEST_CASE("translator: a client that asks for too much at once is not read until replies came", "[proxy]") {
    Pair pair;
    std::string pipeline;
    for (std::size_t i = 0; i < 1000; ++i) pipeline += sync();
    for (std::size_t i = 0; i < max_outstanding / 1000; ++i) pair.take(pipeline);
    CHECK(pair.stop() == ClientStop::none);
    pair.take(sync() + sync());
    CHECK(pair.stop() == ClientStop::backlog);
    CHECK(pair.lease.held == sync() + sync());
    CHECK(pair.lease.replies("Z") == "c");
    pair.take({});
    CHECK(pair.stop() == ClientStop::backlog);
    CHECK(pair.lease.held == sync());
    CHECK(pair.server.exchange.outstanding() == max_outstanding);
}

TEST_CASE("translator: what a Query and a Bind may do is noted", "[proxy]") {
    struct Row {
        std::string input;
        proxy::Effects effects;
        bool may_commit;
    };
    using proxy::Effect;
    const Row row = GENERATE(
        Row{query("select 1"), {}, false}, Row{query("commit"), {}, true}, Row{parse("", "commit"), {}, false},
        Row{parse("", "commit") + bind("", ""), {}, true}, Row{query("select pg_advisory_lock(1)"), Effect::advisory_lock, false},
        Row{parse("", "select pg_advisory_lock(1)") + sync(), {}, false},
        Row{parse("", "select pg_advisory_lock(1)") + bind("", ""), Effect::advisory_lock, false},
        Row{parse("n", "select pg_advisory_lock(1)") + bind("", "n"), Effect::advisory_lock, false}, Row{function_call, Effect::unseen, false});
    INFO(spoken(row.input));
    Pair pair;
    pair.take(row.input);
    CHECK(pair.lease.work.effects == row.effects);
    CHECK(pair.lease.work.may_commit == row.may_commit);
}

TEST_CASE("translator: in an encoding that hides ASCII no text is judged, and no judgement is left to others", "[proxy]") {
    const std::string request = GENERATE(query("select 1"), parse("", "select 1") + bind("", ""), parse("n", "select 1") + bind("", "n"));
    Pair pair;
    pair.client.session.is_text_opaque = true;
    pair.take(request);
    CHECK(pair.lease.work.effects == proxy::Effect::unseen);
    CHECK(pair.texts.intern("select 1\0\0\0"_w, {})->summary.effects.empty());
}

TEST_CASE("translator: nothing follows a SET until it is known what it did", "[proxy]") {
    Pair pair;
    SECTION("a Query") {
        pair.take(query("set a.b = 1") + query("select 1"));
        CHECK(spoken(pair.sent) == "Q set a.b = 1");
    }
    SECTION("a segment goes on to its Sync") {
        pair.take(parse("", "set a.b = 1") + bind("", "") + execute("") + sync() + query("select 1"));
        CHECK(spoken(pair.sent) == "P set a.b = 1 | B | E | S");
    }
    CHECK(pair.stop() == ClientStop::unsettled);
    CHECK(pair.lease.held == query("select 1"));
    CHECK(pair.lease.work.environment != 0);
    // The relay lifts the bar when nothing is outstanding.
    pair.lease.work.is_barred = false;
    CHECK(pair.lease.says() == "Q select 1");
}

TEST_CASE("translator: COPY data passes where a message would be held", "[proxy]") {
    Pair pair;
    pair.take(query("do 'x'") + message('d', "1\n") + message('c') + query("select 1"));
    CHECK(spoken(pair.sent) == "Q do 'x' | d | c");
    CHECK(pair.stop() == ClientStop::unsettled);
}

TEST_CASE("translator: a segment of Binds and no Parse is kept for doing it again", "[proxy]") {
    Pair pair;
    pair.take(parse("n", "select 1") + sync());
    CHECK(pair.lease.work.repetition.segment.empty());
    pair.lease.replies("1Z");
    const std::string segment = bind("", "n") + describe_portal() + execute("") + sync();
    pair.take(segment);
    CHECK(text_of(pair.lease.work.repetition.segment) == segment);
    SECTION("until something follows it") {
        pair.take(query("select 1"));
        CHECK(pair.lease.work.repetition.segment.empty());
    }
    SECTION("not inside a transaction") {
        pair.lease.work.repetition.segment.clear();
        pair.lease.replies("2TCZ");
        pair.take(query("begin"));
        pair.lease.replies("C+");
        pair.take(segment);
        CHECK(pair.lease.work.repetition.segment.empty());
    }
}

}  // namespace pgweir::test
