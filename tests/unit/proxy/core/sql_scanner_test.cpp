#include "proxy/core/sql_scanner.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using proxy::plain_name;
using proxy::SqlScanner;
using proxy::SqlToken;
using proxy::SqlTokenKind;

namespace {

char letter_of(SqlTokenKind kind) {
    switch (kind) {
        case SqlTokenKind::end:
            return '.';
        case SqlTokenKind::word:
            return 'w';
        case SqlTokenKind::quoted_word:
            return 'q';
        case SqlTokenKind::string:
            return 's';
        case SqlTokenKind::other_string:
            return 'o';
        case SqlTokenKind::number:
            return 'n';
        case SqlTokenKind::parameter:
            return 'p';
        case SqlTokenKind::symbol:
            return 'y';
    }
    return '?';
}

// Each token with a letter for its kind in front; "?" in front of all when the borders are in doubt.
std::vector<std::string> cut(std::string_view sql) {
    std::vector<std::string> tokens;
    SqlScanner scanner(sql);
    for (SqlToken token = scanner.next(); token.kind != SqlTokenKind::end; token = scanner.next())
        tokens.push_back(std::string{letter_of(token.kind)} + std::string(token.text));
    if (!scanner.is_certain())
        tokens.insert(tokens.begin(), "?");
    return tokens;
}

using Tokens = std::vector<std::string>;

}   // namespace

TEST_CASE("sql scanner: words, numbers, parameters and operators are cut as PostgreSQL cuts them", "[proxy]") {
    const auto [sql, tokens] = GENERATE(table<std::string, Tokens>({
        {"SELECT a.b,c", {"wSELECT", "wa", "y.", "wb", "y,", "wc"}},
        {"_a1$b \xc3\xa4$", {"w_a1$b", "w\xc3\xa4$"}},
        {"a<=-1", {"wa", "y<", "y=", "y-", "n1"}},
        {"1 1.5 .5 1. 1e5 1.5E-3", {"n1", "n1.5", "y.", "n5", "n1.", "n1e5", "n1.5E-3"}},
        {"1..10", {"n1", "y.", "y.", "n10"}},
        {"$1 $23::int", {"p$1", "p$23", "y:", "y:", "wint"}},
        {"$ a", {"y$", "wa"}},
        {"a\tb\nc\rd\fe\vf", {"wa", "wb", "wc", "wd", "we", "wf"}},
    }));
    CAPTURE(sql);
    CHECK(cut(sql) == tokens);
}

TEST_CASE("sql scanner: comments are white space, in operators too, and nest", "[proxy]") {
    const auto [sql, tokens] = GENERATE(table<std::string, Tokens>({
        {"a--'\nb", {"wa", "wb"}},
        {"a--'\rb", {"wa", "wb"}},
        {"a--'", {"wa"}},
        {"a/*'*/b", {"wa", "wb"}},
        {"a/* /* ' */ \" */b", {"wa", "wb"}},
        {"a/*/ */b", {"wa", "wb"}},
        {"a/**/b/***/c", {"wa", "wb", "wc"}},
        {"a/*/*/b*/*/c", {"wa", "wc"}},
        {"a+--;\n-1", {"wa", "y+", "y-", "n1"}},
        {"a*/*;*/b", {"wa", "y*", "wb"}},
        {"a - - b / c", {"wa", "y-", "y-", "wb", "y/", "wc"}},
        {"--/*\na", {"wa"}},
        {"/*--*/a", {"wa"}},
    }));
    CAPTURE(sql);
    CHECK(cut(sql) == tokens);
}

TEST_CASE("sql scanner: strings end where PostgreSQL ends them", "[proxy]") {
    const auto [sql, tokens] = GENERATE(table<std::string, Tokens>({
        {"'a;b' c", {"s'a;b'", "wc"}},
        {"'it''s' c", {"s'it''s'", "wc"}},
        {"'' ''''", {"s''", "s''''"}},
        {"'--' '/*'", {"s'--'", "s'/*'"}},
        {"'a\\b' 'c'", {"s'a\\b'", "s'c'"}},
        {"'a\\\\' c", {"s'a\\\\'", "wc"}},
        {"E'a\\'b' c", {"oE'a\\'b'", "wc"}},
        {"e'a\\\\' c", {"oe'a\\\\'", "wc"}},
        {"E'a''\\'b' c", {"oE'a''\\'b'", "wc"}},
        {"U&'a' u&'b'", {"oU&'a'", "ou&'b'"}},
        {"B'1'b'1'x'f'X'f'N'n'n'n'", {"oB'1'", "ob'1'", "ox'f'", "oX'f'", "oN'n'", "on'n'"}},
        {"ee'a\\\\' U 'a' u & 'b' u''", {"wee", "s'a\\\\'", "wU", "s'a'", "wu", "y&", "s'b'", "wu", "s''"}},
        {"a'b'", {"wa", "s'b'"}},
        {"'a'\n'b'", {"s'a'", "s'b'"}},
    }));
    CAPTURE(sql);
    CHECK(cut(sql) == tokens);
}

TEST_CASE("sql scanner: a string with escapes goes on behind a line break with its own rules", "[proxy]") {
    CHECK(cut("E'a'\n'b\\'c' d") == Tokens{"oE'a'\n'b\\'c'", "wd"});
    CHECK(cut("E'a' -- x\n  --y\r '\\'' d") == Tokens{"oE'a' -- x\n  --y\r '\\''", "wd"});
    CHECK(cut("E'a' 'b' d") == Tokens{"oE'a'", "s'b'", "wd"});
    CHECK(cut("E'a' /* \n */ 'b' d") == Tokens{"oE'a'", "s'b'", "wd"});
    CHECK(cut("E'a'\nb") == Tokens{"oE'a'", "wb"});
    CHECK(cut("E'a'\n") == Tokens{"oE'a'"});
}

TEST_CASE("sql scanner: dollar quotes end at their own tag only", "[proxy]") {
    const auto [sql, tokens] = GENERATE(table<std::string, Tokens>({
        {"$$a'b$$ c", {"o$$a'b$$", "wc"}},
        {"$x$a$$b$y$c$x$d", {"o$x$a$$b$y$c$x$", "wd"}},
        {"$x$a$X$b$x$", {"o$x$a$X$b$x$"}},
        {"$x$$y$x$", {"o$x$$y$x$"}},
        {"$\xc3\xa4_1$a$\xc3\xa4_1$", {"o$\xc3\xa4_1$a$\xc3\xa4_1$"}},
        {"a$b$ c$b$", {"wa$b$", "wc$b$"}},
        {"1$a$;$a$", {"n1", "o$a$;$a$"}},
        {"1e5$a$;$a$", {"n1e5", "o$a$;$a$"}},
        {"$1$a$;$a$", {"p$1", "o$a$;$a$"}},
        {"$a b$", {"y$", "wa", "wb$"}},
        {"$a-$$;$$", {"y$", "wa", "y-", "o$$;$$"}},
        {"\"a\"$$;$$", {"q\"a\"", "o$$;$$"}},
    }));
    CAPTURE(sql);
    CHECK(cut(sql) == tokens);
}

TEST_CASE("sql scanner: quoted identifiers hold anything, quotes doubled", "[proxy]") {
    CHECK(cut("\"a;b\"\"'c\"d") == Tokens{"q\"a;b\"\"'c\"", "wd"});
    CHECK(cut("\"\\\"a") == Tokens{"q\"\\\"", "wa"});
    CHECK(cut("\"a\".\"b\"") == Tokens{"q\"a\"", "y.", "q\"b\""});
}

TEST_CASE("sql scanner: what may be cut otherwise is in doubt", "[proxy]") {
    const auto sql =
        GENERATE(as<std::string>{}, "'a", "'a''", "E'a", "E'a\\'", "E'a\\", "\"a", "\"a\"\"", "/* a", "/* /* */", "/*/",
                 "$$a$", "$a$ $A$", "'a\\'b'", "'a\\\\\\' '", "N'\\'", "U&'\\'", "U&\"a\"", "u&\"\"", "1a", "0x1f",
                 "1_000", "1e", "1e+", "1.5e5x", "$1a", "1\xc3\xa4", "E'a'\n'b");
    CAPTURE(sql);
    CHECK(cut(sql).front() == "?");
}

TEST_CASE("sql scanner: keywords are words in any case, never quoted", "[proxy]") {
    CHECK(SqlScanner("SeLeCt").next().is("select"));
    CHECK_FALSE(SqlScanner("\"select\"").next().is("select"));
    CHECK_FALSE(SqlScanner("selected").next().is("select"));
    CHECK_FALSE(SqlScanner("'select'").next().is("select"));
    CHECK(SqlScanner(" ;").next().is(';'));
    CHECK_FALSE(SqlScanner("").next().is(';'));
}

TEST_CASE("sql scanner: a copy looks ahead without moving the original", "[proxy]") {
    SqlScanner scanner("a b");
    SqlScanner ahead = scanner;
    CHECK(ahead.next().text == "a");
    CHECK(ahead.next().text == "b");
    CHECK(scanner.next().text == "a");
}

TEST_CASE("sql scanner: a name is read as PostgreSQL reads it", "[proxy]") {
    CHECK(plain_name("Foo_1$") == "foo_1$");
    CHECK(plain_name("\"Foo \"\"bar\"\"\"") == "Foo \"bar\"");
    CHECK(plain_name("\"\xc3\x84\"") == "\xc3\x84");
    CHECK(plain_name("App . /* x */ \"Name\"") == "app.Name");
    CHECK(plain_name("\"a.b\"") == "a.b");
    CHECK(plain_name(std::string(63, 'a')) == std::string(63, 'a'));
    CHECK(plain_name('"' + std::string(62, 'a') + "\"\"\"") == std::string(62, 'a') + '"');
}

TEST_CASE("sql scanner: a name that only the server can read is none", "[proxy]") {
    const auto name = GENERATE(as<std::string>{}, "", "\"\"", "\xc3\xa4", "U&\"a\"", "\"a", "a b", "a.", ".a", "a..b",
                               "1a", "'a'", "a;", "a.1", std::string(64, 'a'), '"' + std::string(64, 'a') + '"',
                               "a." + std::string(64, 'a'), "a /*");
    CAPTURE(name);
    CHECK_FALSE(plain_name(name));
    CHECK_FALSE(proxy::has_plain_name(name));
}

}   // namespace pgweir::test
