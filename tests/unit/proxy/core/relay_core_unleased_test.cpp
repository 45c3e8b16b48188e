// A client that holds no server: what can be answered here, and how a statement is
// refused so that the client reads what PostgreSQL would have said.
#include "proxy/core/relay_core.hpp"

#include "tests/support/print.hpp"
#include "tests/support/split.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::as_bytes;
using proxy::max_held_frame;
using proxy::Rejected;
using proxy::reject_first;
using proxy::scan_unleased;
using proxy::ServerNeed;
using proxy::Unleased;
using proxy::UnleasedScan;

namespace {

// Refuses every statement, as the relay does while no server can be had.
struct Refuser {
    Unleased state{};
    std::string held{};
    std::string answers{};   // E for an error, Z for ReadyForQuery
    ServerNeed need = ServerNeed::nothing;

    void take(std::string_view bytes) {
        held += bytes;
        for (int round = 0; round < 1000; ++round) {
            const UnleasedScan scan = scan_unleased(as_bytes(held), state);
            REQUIRE(scan.done <= held.size());
            answers += std::string(static_cast<std::size_t>(scan.ready_replies), 'Z');
            held.erase(0, scan.done);
            need = scan.need;
            if (need != ServerNeed::server && need != ServerNeed::statement) {
                REQUIRE((need != ServerNeed::nothing || held.empty()));
                return;
            }
            const Rejected rejected = reject_first(as_bytes(held), state);
            REQUIRE(rejected.done > 0);
            REQUIRE(rejected.done <= held.size());
            answers += rejected.ready_at_once ? "EZ" : "E";
            held.erase(0, rejected.done);
        }
        FAIL("it goes on for ever");
    }
};

std::string answers_to(const Pieces& pieces) {
    Refuser refuser;
    for (const std::string_view piece : pieces) {
        refuser.take(piece);
    }
    return refuser.answers + (refuser.state.is_skipping ? " skipping " : " ") + Catch::Detail::stringify(refuser.need);
}

const std::string extended = parse("", "select 1") + bind("", "") + message('D', "P\0"_w) + execute("");
const std::string function_call = message('F', int32(1) + int16(0) + int16(0) + int16(0));

}  // namespace

TEST_CASE("relay core: refused statements read as PostgreSQL's errors do", "[proxy]") {
    struct Row {
        std::string input;
        const char* answers;
    };
    const Row row = GENERATE(
        Row{query("a"), "EZ nothing"}, Row{query("a") + query("b"), "EZEZ nothing"}, Row{function_call, "EZ nothing"},
        Row{extended + sync(), "EZ nothing"}, Row{extended + sync() + extended + sync(), "EZEZ nothing"},
        Row{extended, "E skipping nothing"}, Row{extended + message('H'), "E skipping nothing"},
        Row{extended + query("skipped") + function_call + sync() + query("b"), "EZEZ nothing"},
        Row{execute("") + sync(), "EZ nothing"}, Row{message('C', "S\0"_w) + sync() + sync(), "EZZ nothing"},
        Row{query("copy t from stdin") + message('d', "data") + message('c'), "EZ nothing"},
        Row{query("copy t from stdin") + message('f', "\0"_w) + query("b"), "EZEZ nothing"},
        Row{extended + message('d', "data") + message('c') + sync(), "EZ nothing"},
        Row{extended + message('X'), "E skipping terminate"}, Row{query("a") + message('p'), "EZ violation"},
        Row{extended + message('?') + sync(), "E skipping violation"}, Row{query("cut").substr(0, 7), " more_bytes"});
    CHECK(answers_to({row.input}) == row.answers);
    at_every_split(row.input, answers_to);
}

TEST_CASE("relay core: Sync, Flush and late COPY data need no server", "[proxy]") {
    Unleased state;
    const std::string input = sync() + message('H') + message('d', "late") + message('c') + message('f', "\0"_w) + sync();
    const UnleasedScan scan = scan_unleased(as_bytes(input), state);
    CHECK(scan.need == ServerNeed::nothing);
    CHECK(scan.done == input.size());
    CHECK(scan.ready_replies == 2);
}

TEST_CASE("relay core: what a server must answer stays in front", "[proxy]") {
    const std::string request = GENERATE(query("a"), parse("", "a"), bind("", "named"), execute(""), message('D', "P\0"_w),
                                         message('D', "Snamed\0"_w), message('C', "S\0"_w), function_call);
    Unleased state;
    const std::string input = sync() + request + sync();
    const UnleasedScan scan = scan_unleased(as_bytes(input), state);
    CHECK(scan.need == ServerNeed::server);
    CHECK(scan.done == sync().size());
    CHECK(scan.ready_replies == 1);
    CHECK_FALSE(state.is_skipping);
}

TEST_CASE("relay core: a client without a server has no unnamed statement", "[proxy]") {
    const std::string request = GENERATE(bind("", ""), bind("portal", ""), message('D', "S\0"_w));
    Unleased state;
    CHECK(scan_unleased(as_bytes(request), state).need == ServerNeed::statement);
    Unleased skipping{.cursor = {}, .is_skipping = true};
    CHECK(scan_unleased(as_bytes(request), skipping).need == ServerNeed::nothing);
}

TEST_CASE("relay core: a large Bind of the unnamed statement is known wherever it is cut", "[proxy]") {
    const std::string whole = message('B', cstring("") + cstring("") + std::string(max_held_frame, 'x'));
    const std::size_t cut = GENERATE(5U, 6U, 7U, 511U, 512U, 10'000U);
    Unleased state;
    const UnleasedScan first = scan_unleased(as_bytes(std::string_view(whole).substr(0, cut)), state);
    CHECK(first.done == 0);
    CHECK(first.need == (cut < 512 ? ServerNeed::more_bytes : ServerNeed::statement));
    CHECK(scan_unleased(as_bytes(whole), state).need == ServerNeed::statement);
}

TEST_CASE("relay core: a large statement is refused without waiting for all of it", "[proxy]") {
    const std::string large(max_held_frame * 3, 'x');
    Refuser refuser;
    const bool is_simple = GENERATE(true, false);
    const std::string statement = is_simple ? query(large) : parse("", large);
    refuser.take(statement.substr(0, 511));
    CHECK(refuser.answers.empty());
    CHECK(refuser.need == ServerNeed::more_bytes);
    refuser.take(statement.substr(511, 494));
    CHECK(refuser.answers == (is_simple ? "EZ" : "E"));
    CHECK(refuser.held.empty());
    refuser.take(statement.substr(1005, 20'000));
    refuser.take(statement.substr(21'005) + sync());
    CHECK(refuser.answers == (is_simple ? "EZZ" : "EZ"));
    CHECK(refuser.state.cursor.body_left == 0);
}

TEST_CASE("relay core: large messages that are skipped are thrown away as they come", "[proxy]") {
    Refuser refuser;
    refuser.take(parse("", "a"));
    const std::string large = parse("", std::string(max_held_frame * 2, 'x'));
    refuser.take(large.substr(0, 1000));
    CHECK(refuser.held.empty());
    refuser.take(large.substr(1000) + message('d', std::string(max_held_frame * 2, 'x')) + sync());
    CHECK(refuser.answers == "EZ");
}

TEST_CASE("relay core: the rest of a frame whose server was lost is thrown away", "[proxy]") {
    Refuser refuser;
    refuser.state.cursor = {.body_left = 10, .type = protocol::FrontendType::copy_data};
    refuser.take("0123456");
    CHECK(refuser.need == ServerNeed::nothing);
    refuser.take("789" + query("a"));
    CHECK(refuser.answers == "EZ");
}

}  // namespace pgweir::test
