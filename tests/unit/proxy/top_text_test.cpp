// Text, figures and intervals of `pgweir top`.
#include "proxy/top/columns.hpp"
#include "proxy/top/figures.hpp"
#include "proxy/top/screen_text.hpp"
#include "proxy/top/top.hpp"

#include <catch2/catch.hpp>

#include <string>

using std::chrono::milliseconds;
namespace proxy = pgweir::proxy;
using proxy::Side;

TEST_CASE("screen text: what does not take one or two cells becomes a question mark", "[top]") {
    CHECK(proxy::clean("plain text ~") == "plain text ~");
    CHECK(proxy::clean("gr\xc3\xbc\xc3\x9f" "e") == "gr\xc3\xbc\xc3\x9f" "e");
    CHECK(proxy::clean("\xe6\xbc\xa2") == "\xe6\xbc\xa2");
    CHECK(proxy::clean("\x1b[2J") == "?[2J");
    CHECK(proxy::clean(std::string("a\0b\x7f\n", 5)) == "a?b??");
    CHECK(proxy::clean("\xc2\x9b" "2J") == "?2J");                       // CSI as one code point
    CHECK(proxy::clean("\x9b" "2J") == "?2J");                           // and as a byte
    CHECK(proxy::clean("\xe2\x80\xae") == "?");                          // from right to left
    CHECK(proxy::clean("e\xcc\x81") == "e?");                            // an accent that joins
    CHECK(proxy::clean("\xf0\x9f\x98\x80") == "?");                      // emoji
    CHECK(proxy::clean("\xc0\x80") == "??");                             // longer than needed
    CHECK(proxy::clean("\xed\xa0\x80") == "???");                        // a surrogate
    CHECK(proxy::clean("\xf4\x90\x80\x80") == "????");                   // beyond the last
    CHECK(proxy::clean("\xe6\xbc") == "??");                             // ends early
}

TEST_CASE("screen text: every text becomes as many cells as asked", "[top]") {
    const std::string text = GENERATE(std::string(), std::string("a"), std::string("abcdef"), std::string("\xe6\xbc\xa2\xe5\xad\x97"), std::string("a\xe6\xbc\xa2"));
    for (std::size_t cells = 0; cells < 9; ++cells) {
        CHECK(proxy::width_of(proxy::fit(text, cells, Side::left)) == cells);
        CHECK(proxy::width_of(proxy::fit(text, cells, Side::right)) == cells);
        CHECK(proxy::width_of(proxy::cut(text, cells)) <= cells);
        CHECK(proxy::clean(proxy::cut(text, cells)) == proxy::cut(text, cells));
    }
    CHECK(proxy::fit("ab", 4, Side::right) == "  ab");
    CHECK(proxy::cut("abcdef", 3) == "ab~");
    CHECK(proxy::cut("\xe6\xbc\xa2\xe5\xad\x97", 3) == "\xe6\xbc\xa2~");
    CHECK(proxy::cut("\xe6\xbc\xa2\xe5\xad\x97", 2) == "~");
}

TEST_CASE("figures: times and numbers are short", "[top]") {
    CHECK(proxy::short_time(milliseconds(0)) == "0ms");
    CHECK(proxy::short_time(milliseconds(999)) == "999ms");
    CHECK(proxy::short_time(milliseconds(12'340)) == "12.3s");
    CHECK(proxy::short_time(std::chrono::seconds(185)) == "3m05s");
    CHECK(proxy::short_time(std::chrono::minutes(134)) == "2h14m");
    CHECK(proxy::short_time(std::chrono::hours(123)) == "5d03h");
    CHECK(proxy::short_time(milliseconds(-5)) == "0ms");
    CHECK(proxy::short_number(0) == "0");
    CHECK(proxy::short_number(3.44) == "3.4");
    CHECK(proxy::short_number(9.96) == "10");
    CHECK(proxy::short_number(12345) == "12345");
    CHECK(proxy::short_number(123'456) == "123k");
    CHECK(proxy::short_number(45'600'000) == "45.6M");
}

TEST_CASE("figures: the bar shows usage and threshold", "[top]") {
    CHECK(proxy::usage_bar(0, 80, 12) == "[        | ]");
    CHECK(proxy::usage_bar(1, 80, 12) == "[#       | ]");
    CHECK(proxy::usage_bar(50, std::nullopt, 12) == "[#####     ]");
    CHECK(proxy::usage_bar(100, 100, 12) == "[#########|]");
    CHECK(proxy::usage_bar(900, 80, 12) == "[########|#]");
    CHECK(proxy::usage_bar(50, 80, 2) == "  ");
}

TEST_CASE("columns: the highest rank is left out first, and what is over goes to the first", "[top]") {
    const std::vector<proxy::ScreenColumn> columns = {{"NAME", 4, 20, Side::left, 0}, {"N", 1, 5, Side::right, 2}, {"TEXT", 4, 10, Side::left, 1}};
    const std::vector<proxy::Cells> rows = {{"a-long-name", "7", "some text"}};
    CHECK(proxy::lay_out(columns, rows, 80) == std::vector<std::string>{"NAME        N TEXT", "a-long-name 7 some text"});
    CHECK(proxy::lay_out(columns, rows, 13) == std::vector<std::string>{"NAME   N TEXT", "a-lon~ 7 som~"});
    CHECK(proxy::lay_out(columns, rows, 9) == std::vector<std::string>{"NAME TEXT", "a-l~ som~"});
    CHECK(proxy::lay_out(columns, rows, 3) == std::vector<std::string>{"NA~", "a-~"});
}

TEST_CASE("top: an interval is seconds within bounds, and nothing else", "[top]") {
    CHECK(proxy::read_interval("1") == milliseconds(1000));
    CHECK(proxy::read_interval("0.25") == milliseconds(250));
    CHECK(proxy::read_interval("3600") == std::chrono::hours(1));
    for (const char* bad : {"", "0", "0.09", "-1", "3601", "nan", "inf", "1s", "1e2", "0x1", " 1", "one"}) {
        INFO(bad);
        CHECK_FALSE(proxy::read_interval(bad));
    }
}
