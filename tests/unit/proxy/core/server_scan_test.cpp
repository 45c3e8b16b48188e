// From the server: whose each byte is.
#include "proxy/core/server_scan.hpp"

#include "tests/support/print.hpp"
#include "tests/support/split.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using protocol::as_bytes;
using protocol::as_text;
using protocol::Exchange;
using protocol::FrontendType;
using protocol::Origin;
using protocol::Reply;
using proxy::ServerCursor;
using proxy::ServerEventKind;
using proxy::ServerScan;

namespace {

const char* name_of(Reply reply) {
    switch (reply) {
    case Reply::to_client: return "client";
    case Reply::to_proxy: return "proxy";
    case Reply::asynchronous: return "async";
    case Reply::unmatched: return "unmatched";
    }
    return "?";
}

struct Run {
    Reply reply;
    std::string bytes;

    friend bool operator==(const Run&, const Run&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Run& run) { return out << name_of(run.reply) << ':' << run.bytes; }
};

// A server connection, fed as its relay feeds it. Adjacent runs for one receiver are one:
// where bytes are cut decides nothing.
struct ServerSide {
    Exchange exchange{};
    ServerCursor cursor{};
    std::string tail{};
    std::vector<Run> runs{};
    std::vector<std::string> events{};
    bool is_lost = false;

    void asks(std::string_view types, Origin origin = Origin::client) {
        for (const char type : types) {
            exchange.sent(static_cast<FrontendType>(type), origin);
        }
    }

    void take(std::string_view bytes) {
        tail += bytes;
        while (!tail.empty() && !is_lost) {
            const ServerScan scan = scan_server(as_bytes(tail), cursor, exchange);
            REQUIRE(scan.size <= tail.size());
            if (scan.event == ServerEventKind::incomplete) {
                REQUIRE(scan.size == 0);
                return;
            }
            note(scan);
            REQUIRE((scan.size > 0 || is_lost));
            tail.erase(0, scan.size);
        }
    }

    void note(const ServerScan& scan) {
        is_lost = scan.reply == Reply::unmatched;
        if (scan.event != ServerEventKind::none) {
            std::ostringstream event;
            event << name_of(scan.reply) << ' ' << scan.event << ' ';
            if (scan.event != ServerEventKind::unmatched) {
                event << as_text(scan.body);
            }
            events.push_back(event.str());
        }
        if (is_lost) {
            return;
        }
        if (runs.empty() || runs.back().reply != scan.reply) {
            runs.push_back({scan.reply, {}});
        }
        runs.back().bytes += tail.substr(0, scan.size);
    }

    std::string summary() const {
        std::ostringstream text;
        for (const Run& run : runs) {
            text << run << '\n';
        }
        for (const std::string& event : events) {
            text << event << '\n';
        }
        if (is_lost) {
            return text.str() + "lost";
        }
        text << tail.size() << ' ' << exchange.outstanding() << ' ' << cursor.body_left;
        return text.str();
    }
};

const std::string row_description = message('T', int16(0));
const std::string answer = row_description + data_row({"1", "two"}) + data_row({}) + command_complete("SELECT 2");
const std::string parameter = message('S', cstring("TimeZone") + cstring("UTC"));
const std::string notification = message('A', int32(7) + cstring("channel") + cstring("payload"));
const std::string error = error_response({{'S', "ERROR"}, {'C', "42601"}, {'M', "no"}});
const std::string fatal = error_response({{'S', "FATAL"}, {'C', "57P01"}, {'M', "going down"}});
const std::string notice = notice_response({{'S', "NOTICE"}, {'M', "by the way"}});

void check_everywhere(std::string_view requests, const std::string& input) {
    at_every_split(input, [&](const Pieces& pieces) {
        ServerSide server;
        for (const char type : requests) {
            server.asks(std::string_view(&type, 1) == "p" ? "Q" : std::string_view(&type, 1),
                        type == 'p' ? Origin::proxy : Origin::client);
        }
        for (const std::string_view piece : pieces) {
            server.take(piece);
        }
        return server.summary();
    });
}

}  // namespace

TEST_CASE("relay core: one answer is one run as far as there is nothing to note", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    const std::string input = answer + ready_for_query('I');
    const ServerScan first = scan_server(as_bytes(input), server.cursor, server.exchange);
    CHECK(first.size == answer.size());
    CHECK(first.reply == Reply::to_client);
    CHECK(first.event == ServerEventKind::command_complete);
    CHECK(as_text(first.body) == cstring("SELECT 2"));
    CHECK_FALSE(first.in_frame);
    const ServerScan second = scan_server(as_bytes(input).subspan(first.size), server.cursor, server.exchange);
    CHECK(second.event == ServerEventKind::ready);
    CHECK(first.size + second.size == input.size());
    CHECK(server.exchange.is_idle());
}

TEST_CASE("relay core: replies in one chunk are split between their receivers", "[proxy]") {
    ServerSide server;
    server.asks("Q", Origin::proxy);
    server.asks("PBES");
    server.asks("Q", Origin::proxy);
    const std::string mine = command_complete("SET") + ready_for_query('I');
    const std::string theirs = message('1') + message('2') + data_row({"x"}) + command_complete("SELECT 1") + ready_for_query('T');
    server.take(notice + mine + parameter + theirs + notification + error + ready_for_query('I') + notice);
    const std::vector<Run> expected = {{Reply::to_proxy, notice + mine},       {Reply::asynchronous, parameter},
                                       {Reply::to_client, theirs},             {Reply::asynchronous, notification},
                                       {Reply::to_proxy, error + ready_for_query('I')}, {Reply::asynchronous, notice}};
    CHECK(server.runs == expected);
    CHECK(server.exchange.is_idle());
}

TEST_CASE("relay core: what a server sends is split the same wherever it is cut", "[proxy]") {
    SECTION("one query") { check_everywhere("Q", notice + answer + ready_for_query('I')); }
    SECTION("the proxy's, the client's, and what comes between") {
        check_everywhere("pQpPBS", answer + ready_for_query('I') + parameter + notification + answer + ready_for_query('T') +
                                       notice + error + ready_for_query('E') + message('1') + parameter + message('2') +
                                       ready_for_query('I') + notification + notice + fatal);
    }
    SECTION("an extended query without Sync, and a notice behind it") {
        check_everywhere("PDBE", message('1') + message('t', int16(0)) + message('n') + message('2') + data_row({"x"}) +
                                     message('s') + notice + parameter);
    }
    SECTION("a reply to nothing behind good ones") { check_everywhere("PB", message('1') + message('2') + data_row({"x"})); }
    SECTION("a reply that does not fit") { check_everywhere("QP", answer + message('1') + ready_for_query('I')); }
    SECTION("a length that cannot be") { check_everywhere("Q", row_description + data_row({"x"}) + "D" + int32(3)); }
    SECTION("COPY out") {
        check_everywhere("Q", message('H', "\0\0\0"_w) + message('d', "a\tb\n") + message('c') + command_complete("COPY 1") +
                                  ready_for_query('I'));
    }
    SECTION("FATAL to nobody") { check_everywhere("", notice + fatal); }
    SECTION("ReadyForQuery with more than a status") { check_everywhere("Q", message('Z', "II")); }
    SECTION("ReadyForQuery with no status that exists") { check_everywhere("Q", command_complete("X") + ready_for_query('Q')); }
}

TEST_CASE("relay core: a last word that answers nothing is an error to be read", "[proxy]") {
    ServerSide server;
    const ServerScan scan = scan_server(as_bytes(fatal), server.cursor, server.exchange);
    CHECK(scan.reply == Reply::unmatched);
    CHECK(scan.event == ServerEventKind::error);
    CHECK(as_text(scan.body) == fatal.substr(5));
}

TEST_CASE("relay core: a transaction status that does not exist is a reply to nothing", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    server.take(command_complete("X") + ready_for_query('Q'));
    CHECK(server.is_lost);
}

TEST_CASE("relay core: the beginning of a ReadyForQuery that is too long is none", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    server.take(command_complete("X") + "Z" + int32(300'000) + "I");
    CHECK(server.is_lost);
}

TEST_CASE("relay core: good replies before a bad one reach their client", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    const std::string good = row_description + data_row({"x"});
    const std::string bad = GENERATE(message('1'), message('K', "12345678"), "D" + int32(3), "D" + int32(-1));
    server.take(good + bad);
    CHECK(server.is_lost);
    CHECK(server.runs == std::vector<Run>{{Reply::to_client, good}});
}

TEST_CASE("relay core: a message larger than a chunk is streamed to whoever it is for", "[proxy]") {
    ServerSide server;
    server.asks("Q", Origin::proxy);
    server.asks("Q");
    const std::string large = message('D', std::string(100'000, 'x'));
    const std::string end = command_complete("SELECT 1") + ready_for_query('I');
    server.take(large.substr(0, 60'000));
    CHECK(server.tail.empty());
    CHECK(server.cursor.body_left == large.size() - 60'000);
    CHECK(server.cursor.reply == Reply::to_proxy);
    server.take(large.substr(60'000) + end + large.substr(0, 10));
    server.take(large.substr(10) + end);
    CHECK(server.runs == std::vector<Run>{{Reply::to_proxy, large + end}, {Reply::to_client, large + end}});
    CHECK(server.exchange.is_idle());
}

TEST_CASE("relay core: a run says whether it ends inside a frame", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    const std::string row = data_row({std::string(16'384, 'x')});
    const std::string input = row + row.substr(0, 8);
    const ServerScan first = scan_server(as_bytes(input), server.cursor, server.exchange);
    CHECK(first.size == input.size());
    CHECK(first.in_frame);
    const std::string rest = row.substr(8) + row.substr(0, 3);
    const ServerScan second = scan_server(as_bytes(rest), server.cursor, server.exchange);
    CHECK(second.size == rest.size() - 3);
    CHECK_FALSE(second.in_frame);
}

TEST_CASE("relay core: the beginning of a short message waits for its end", "[proxy]") {
    ServerSide server;
    server.asks("Q");
    const std::string row = data_row({"0123456789"});
    const std::string input = row + row.substr(0, 8);
    const ServerScan scan = scan_server(as_bytes(input), server.cursor, server.exchange);
    CHECK(scan.size == row.size());
    CHECK_FALSE(scan.in_frame);
}

// The largest error that a client's own startup settings can provoke fits.
TEST_CASE("relay core: errors are seen whole up to more than a startup packet", "[proxy]") {
    const std::string text(12'000, 'x');
    const std::string long_error = error_response({{'S', "ERROR"}, {'C', "22023"}, {'M', text}});
    ServerSide server;
    server.asks("Q", Origin::proxy);
    server.take(long_error.substr(0, 9'000));
    CHECK(server.events.empty());
    server.take(long_error.substr(9'000));
    REQUIRE(server.events.size() == 1);
    CHECK(server.events[0] == "proxy error " + long_error.substr(5));
}

TEST_CASE("relay core: still larger messages pass unseen but are counted", "[proxy]") {
    const char type = GENERATE('E', 'S', 'C');
    const std::string large = message(type, std::string(200'000, 'x'));
    ServerSide server;
    server.asks("Q");
    server.take(large.substr(0, 65'536));
    CHECK(server.tail.empty());
    server.take(large.substr(65'536) + ready_for_query('I'));
    CHECK(server.exchange.is_idle());
    CHECK(server.runs.front().bytes.substr(0, large.size()) == large);
}

}  // namespace pgweir::test
