// Texts that no one means: every one gives a message, none a crash, a hang or an exception.
#include "config/text_check.hpp"
#include "tests/unit/config/loading.hpp"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>

using pgweir::test::entries;
using pgweir::test::load;
using pgweir::test::problems_of;
using Problems = std::vector<std::string>;

namespace {

struct Hostile {
    std::string text;
    Problems problems;   // behind the file's name
};

std::string repeated(std::string_view piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) {
        out += piece;
    }
    return out;
}

void check(const Hostile& given) {
    Problems expected;
    for (const std::string& problem : given.problems) {
        expected.push_back("f.yaml" + problem);
    }
    INFO(given.text.substr(0, 100));
    CHECK(problems_of(given.text) == expected);
}

}  // namespace

TEST_CASE("load: an empty file is said to be empty", "[config]") {
    const Problems empty = {": the file is empty; it needs at least `databases` and `users`"};
    const Problems no_mapping = {":1:1: the file must be a mapping with at least `databases` and `users`"};
    check(Hostile{"", empty});
    check(Hostile{"\n  \n# nothing\n", empty});
    check(Hostile{"hello", no_mapping});
    check(Hostile{"- a\n", no_mapping});
    check(Hostile{"~", no_mapping});
}

TEST_CASE("load: bytes that are no text are refused where they stand", "[config]") {
    check(GENERATE(values<Hostile>({
        {"a: b\nc: \xFF\n", {":2:4: the file is not UTF-8 text (byte 0xff)"}},
        {"a: \xC0\x80", {":1:4: the file is not UTF-8 text (byte 0xc0)"}},
        {"a: \xED\xA0\x80", {":1:4: the file is not UTF-8 text (byte 0xed)"}},
        {"a: \xF5", {":1:4: the file is not UTF-8 text (byte 0xf5)"}},
        {"a: \xE2\x82", {":1:4: the file is not UTF-8 text (byte 0xe2)"}},
        {std::string("a\0b", 3), {":1:2: a control character (byte 0x00)"}},
        {"a: \x1B[31m", {":1:4: a control character (byte 0x1b)"}},
    })));
}

TEST_CASE("load: a byte order mark, other alphabets and CRLF are fine", "[config]") {
    CHECK(problems_of("\xEF\xBB\xBF" + entries) == Problems{});
    CHECK(problems_of("# \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x98\n" + entries) == Problems{});
    CHECK(problems_of("limits:\r\n  pool_size: 3\r\n" + entries) == Problems{});
}

TEST_CASE("load: text that is not YAML is refused with what may be wrong", "[config]") {
    check(GENERATE(values<Hostile>({
        {"databases:\n\tapp: 1\n", {":2:5: a tab cannot indent; use spaces"}},
        {"a: b: c\n", {":1:5: a colon cannot stand here: check the indentation, or put the value in quotes"}},
        {"a: {b: c\n", {":2:1: a { is never closed"}},
        {"a: [b\n", {":2:1: a [ is never closed"}},
        {"a: b}\nc: ]\n", {":2:4: a } or ] closes nothing"}},
        {"a: \"b\nc: d\n", {":1:4: a quote is opened and never closed"}},
        {"a: &x 'b''\n", {":1:4: a quote is opened and never closed"}},
        {"a: *b\n", {":1:4: a value that begins with * must stand in quotes"}},
        {"a: @b\n", {":1:4: a value that begins with this character must stand in quotes"}},
        {"{{ template }}: a\n", {":1:1: a key must be a word"}},
        {"a: 1\n---\nb: 2\n", {":2:1: a second YAML document begins here; a configuration is one document"}},
    })));
}

TEST_CASE("load: tags are refused and quotes are not taken for open ones", "[config]") {
    CHECK(problems_of("log: !!map {}\n" + entries) ==
          Problems{"f.yaml:1:6: tags are not supported; put a value that begins with ! in quotes"});
    CHECK(problems_of("log: { \"level\": &x \"in\\u0066o\", 'format': 'text' }\n" + entries) == Problems{});
}

TEST_CASE("load: a text without end is refused unread", "[config]") {
    check(Hostile{std::string(pgweir::config::max_file_size + 1, '#'), {": the file is larger than 1048576 bytes"}});
}

TEST_CASE("load: deep nesting is refused", "[config]") {
    CHECK(problems_of(repeated("- ", 100'000)) == Problems{"f.yaml:1:1000: the nesting is too deep"});
    CHECK(problems_of("a: " + repeated("[", 100'000)).size() == 1);
    CHECK(problems_of("a: " + repeated("{a: ", 100'000)).size() == 1);
    CHECK(problems_of(repeated("? ", 100'000)).size() == 1);
}

TEST_CASE("load: a megabyte of one thing is refused", "[config]") {
    const auto piece =
        GENERATE(values<std::string>({"!",     "%",    "\"", "'",  "&a ",  "*a ", "a: ",  "|\n", "> ", ",", "a,",
                                      "- a\n", "a:\n", "?",  "\n", "--- ", "`",   "{a},", "\\",  "#",  "$", "${"}));
    INFO(piece);
    const std::string text = repeated(piece, 1'000'000 / static_cast<int>(piece.size()));
    CHECK_FALSE(problems_of(text).empty());
}

TEST_CASE("load: aliases can neither multiply nor go round", "[config]") {
    SECTION("nested lists of aliases") {
        std::string text = "a: &a [x, x, x, x]\n";
        for (char c = 'b'; c < 'z'; ++c) {
            text += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n", c,
                                static_cast<char>(c - 1));
        }
        CHECK(problems_of(text + entries).size() == 25);
    }
    SECTION("every database with the same many settings") {
        std::string text = "x: &x { dsn: 'host=/tmp', limits: &l {";
        for (int i = 0; i < 500; ++i) {
            text += fmt::format("k{}: 1, ", i);
        }
        text += "} }\nusers: { lambda: { password: x } }\ndatabases:\n";
        for (int i = 0; i < 5000; ++i) {
            text += fmt::format("  d{}: *x\n", i);
        }
        const Problems problems = problems_of(text);
        CHECK(problems.size() < 200'000);
        CHECK(std::count_if(problems.begin(), problems.end(), [](const std::string& problem) {
                  return problem.ends_with("the file's aliases make too many values; write fewer");
              }) == 1);
    }
    SECTION("a mapping inside itself") {
        CHECK(problems_of("databases: &d\n  app: *d\nusers: { lambda: { password: x } }\n") ==
              Problems{"f.yaml:2:3: databases.app.app: unknown key", "f.yaml:2:3: databases.app: needs a dsn"});
    }
}

TEST_CASE("load: too many values or settings are refused", "[config]") {
    CHECK(problems_of("a: [" + repeated("b,", 60'000) + "]\n") ==
          Problems{"f.yaml:1:99999: the file holds more than 50000 values"});
    std::string settings = "server_settings:\n";
    for (int i = 0; i < 101; ++i) {
        settings += fmt::format("  a.b{}: c\n", i);
    }
    CHECK(problems_of(settings + entries) == Problems{"f.yaml:2:3: server_settings: holds more than 100 settings"});
}
