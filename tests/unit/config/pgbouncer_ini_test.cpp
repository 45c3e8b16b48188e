#include "config/pgbouncer_ini.hpp"
#include "tests/unit/config/migrating.hpp"

#include <catch2/catch.hpp>

namespace config = pgweir::config;

using pgweir::test::reader_of;
using Texts = std::vector<std::string>;

namespace {

config::Ini read(const std::string& text, pgweir::test::Texts more = {}) {
    more["f.ini"] = text;
    return config::read_ini("f.ini", reader_of(more));
}

Texts entries_of(const config::Ini& ini) {
    Texts out;
    for (const config::IniEntry& entry : ini.entries) {
        out.push_back(entry.origin.text() + " [" + entry.section + "] " + entry.key + "=" + entry.value);
    }
    return out;
}

Texts problems_of(const config::Ini& ini) {
    Texts out;
    for (const config::IniProblem& problem : ini.problems) {
        out.push_back(problem.origin.text() + ": " + problem.message);
    }
    return out;
}

}  // namespace

TEST_CASE("pgbouncer ini: comments, blanks, sections and keys", "[config]") {
    const config::Ini ini = read("; one\n# two\n\n [a]\n  key\t=  value ; not a comment # either \r\nx.y-z_1*=\n[b] k = v\n\"q \"\"r\" = w\n");
    CHECK(problems_of(ini) == Texts{});
    CHECK(entries_of(ini) == Texts{"f.ini:5 [a] key=value ; not a comment # either", "f.ini:6 [a] x.y-z_1*=", "f.ini:7 [b] k=v",
                                   "f.ini:8 [b] q \"r=w"});
}

TEST_CASE("pgbouncer ini: what PgBouncer does not take is told with its line", "[config]") {
    CHECK(problems_of(read("k = v\n[a]\nnothing\n[b\nsp ace = 1\n= 2\n")) ==
          Texts{"f.ini:1: stands before the first [section]", "f.ini:3: is neither a comment, a [section] nor key = value",
                "f.ini:4: a section's name needs a ] behind it", "f.ini:5: is neither a comment, a [section] nor key = value",
                "f.ini:6: is neither a comment, a [section] nor key = value"});
}

TEST_CASE("pgbouncer ini: an include goes on where it stands, in its section", "[config]") {
    const config::Ini ini = read("[a]\nx = 1\n%include sub.ini\ny = 2\n", {{"sub.ini", "z = 3\n[b]\nw = 4\n"}});
    CHECK(problems_of(ini) == Texts{});
    CHECK(entries_of(ini) == Texts{"f.ini:2 [a] x=1", "sub.ini:1 [a] z=3", "sub.ini:3 [b] w=4", "f.ini:4 [b] y=2"});
}

TEST_CASE("pgbouncer ini: a relative path is tried beside the file too", "[config]") {
    const config::ReadText files = reader_of({{"/etc/p/f.ini", "[a]\n%include sub.ini\n"}, {"/etc/p/sub.ini", "k = v\n"}});
    CHECK(entries_of(config::read_ini("/etc/p/f.ini", files)) == Texts{"sub.ini:1 [a] k=v"});
}

TEST_CASE("pgbouncer ini: includes that go round, too deep or nowhere", "[config]") {
    CHECK(problems_of(read("%include f.ini\n")) == Texts{"f.ini:1: %include: the file includes itself"});
    CHECK(problems_of(read("%include a\n", {{"a", "%include b\n"}, {"b", "%include a\n"}})) == Texts{"b:1: %include: the file includes itself"});
    pgweir::test::Texts chain;
    for (int at = 0; at < 20; ++at) {
        chain[std::to_string(at)] = "%include " + std::to_string(at + 1) + "\n";
    }
    CHECK(problems_of(read("%include 0\n", chain)) == Texts{"9:1: %include is nested too deep"});
    const config::Ini missing = read("%include gone\n");
    CHECK(problems_of(missing) == Texts{"f.ini:1: %include gone: cannot be read"});
    CHECK(missing.problems.front().is_unreadable);
    CHECK(config::read_ini("gone", reader_of({})).problems.front().is_unreadable);
}

TEST_CASE("pgbouncer ini: a file that includes many others ends", "[config]") {
    std::string many;
    for (int at = 0; at < 1000; ++at) {
        many += "%include a\n";
    }
    const config::Ini ini = read(many, {{"a", "; nothing\n"}});
    CHECK(problems_of(ini).front() == "f.ini:100: %include: more than 100 files");
}

TEST_CASE("pgbouncer ini: bytes that are no text", "[config]") {
    CHECK(problems_of(read(std::string("[a]\nk\0 = v\n", 11))) == Texts{"f.ini:2: a control character (byte 0x00)"});
    CHECK(problems_of(read("[a]\nk = caf\xe9\n")) == Texts{"f.ini:2: the file is not UTF-8 text (byte 0xe9)"});
    CHECK(problems_of(read("[a]\n; caf\xe9\nk = v\n")) == Texts{});
    CHECK(problems_of(read(std::string(config::max_ini_size + 1, ';'))) == Texts{"f.ini: is larger than 1048576 bytes"});
    CHECK(problems_of(read(std::string(1'000'000, '['))) == Texts{"f.ini:1: a section's name needs a ] behind it"});
}

TEST_CASE("pgbouncer ini: pairs of a connection string", "[config]") {
    const auto shown = [](const std::string& text) {
        std::string out;
        const auto pairs = config::split_ini_pairs(text);
        for (const config::IniPair& pair : pairs.value_or(std::vector<config::IniPair>())) {
            out += pair.key + "=<" + pair.value + ">";
        }
        return pairs ? out : "no";
    };
    CHECK(shown("host=1.1.1.1  port = 5432") == "host=<1.1.1.1>port=<5432>");
    CHECK(shown("password='it''s = x' user='a b'") == "password=<it's = x>user=<a b>");
    CHECK(shown("").empty());
    CHECK(shown("host= port=1") == "host=<port=1>");   // as PgBouncer 1.18
    for (const char* bad : {"host", "host=", "password='open", "a=b ; comment", "='x'", "a=''"}) {
        CHECK(shown(bad) == "no");
    }
}
