#include "proxy/core/server_standing.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pgweir::test {

using proxy::PreparedTextPtr;
using proxy::ServerStatements;

namespace {

PreparedTextPtr text(const char* sql) { return std::make_shared<const proxy::PreparedText>(proxy::PreparedText{sql, {}}); }

}  // namespace

TEST_CASE("server standing: a statement is found by its text and its environment", "[proxy]") {
    const PreparedTextPtr one = text("select 1");
    const PreparedTextPtr same_words = text("select 1");
    ServerStatements statements;
    CHECK(statements.find(*one, 7) == nullptr);
    CHECK(statements.add(one, 7, 3).name == 1);
    CHECK(statements.add(one, 8, 4).name == 2);
    REQUIRE(statements.find(*one, 7) != nullptr);
    CHECK(statements.find(*one, 7)->parsed == 3);
    CHECK(statements.find(*one, 8)->name == 2);
    CHECK(statements.find(*one, 9) == nullptr);
    CHECK(statements.find(*same_words, 7) == nullptr);
    CHECK(statements.find_name(2)->environment == 8);
    CHECK(statements.find_name(3) == nullptr);
    CHECK(statements.size() == 2);
}

TEST_CASE("server standing: the one not found or added for longest goes first", "[proxy]") {
    const std::vector<PreparedTextPtr> texts = {text("a"), text("b"), text("c")};
    ServerStatements statements;
    for (const PreparedTextPtr& one : texts) statements.add(one, 0, 1);
    CHECK(statements.find(*texts[0], 0) != nullptr);
    CHECK_FALSE(statements.shrink(3));
    CHECK(statements.shrink(2));
    CHECK(statements.find(*texts[1], 0) == nullptr);
    CHECK(statements.stale() == std::vector<std::uint32_t>{2});
    CHECK(statements.shrink(1));
    CHECK(statements.find(*texts[0], 0) != nullptr);
    CHECK(statements.shrink(0));
    CHECK_FALSE(statements.shrink(0));
    CHECK(statements.size() == 0);
    CHECK(statements.stale() == std::vector<std::uint32_t>{2, 3, 1});
}

TEST_CASE("server standing: a statement that is gone leaves a name to be closed, if the server has it", "[proxy]") {
    const PreparedTextPtr one = text("a");
    ServerStatements statements;
    statements.add(one, 0, 1);
    SECTION("it has") {
        statements.erase(*one, 0, true);
        CHECK(statements.stale() == std::vector<std::uint32_t>{1});
    }
    SECTION("it has not") {
        statements.erase_name(1, false);
        CHECK(statements.stale().empty());
    }
    CHECK(statements.size() == 0);
    statements.erase(*one, 0, true);
    statements.erase_name(1, true);
    CHECK(statements.stale().size() <= 1);
    CHECK(statements.add(one, 0, 1).name == 2);
}

TEST_CASE("server standing: a name is never used again, not even after everything is gone", "[proxy]") {
    const PreparedTextPtr one = text("a");
    ServerStatements statements;
    statements.add(one, 0, 1);
    statements.erase(*one, 0, true);
    statements.clear();
    CHECK(statements.stale().empty());
    CHECK(statements.fresh_name() == 2);
    CHECK(proxy::name_of(statements.add(one, 0, 1).name) == "pgweir_3");
    CHECK(proxy::name_of(0) == proxy::no_statement);
}

TEST_CASE("server standing: a text lives as long as a server has it", "[proxy]") {
    PreparedTextPtr one = text("a");
    const std::weak_ptr<const proxy::PreparedText> watched = one;
    ServerStatements statements;
    statements.add(std::move(one), 0, 1);
    CHECK_FALSE(watched.expired());
    statements.shrink(0);
    CHECK(watched.expired());
}

TEST_CASE("server standing: after a DISCARD ALL nothing stands but what was reported", "[proxy]") {
    proxy::ServerStanding standing;
    standing.reset();
    CHECK(standing.settings->settings.empty());
    standing.settings = proxy::make_standing({{"work_mem", "1MB"}});
    standing.prepared = {{"p", "PREPARE p AS SELECT 1"}};
    standing.statements.add(text("a"), 0, 1);
    standing.unnamed = 1;
    standing.reported = std::make_shared<const proxy::Welcome>();
    standing.reset();
    CHECK(standing.settings->settings.empty());
    CHECK(standing.prepared.empty());
    CHECK(standing.statements.size() == 0);
    CHECK(standing.unnamed == 0);
    CHECK(standing.reported);
}

TEST_CASE("server standing: settings are the same whoever made them", "[proxy]") {
    const proxy::StandingPtr one = proxy::make_standing({{"search_path", "a"}});
    const proxy::StandingPtr same = proxy::make_standing({{"search_path", "a"}});
    const proxy::StandingPtr other = proxy::make_standing({{"search_path", "b"}});
    CHECK(is_same(one, one));
    CHECK(is_same(one, same));
    CHECK_FALSE(is_same(one, other));
    CHECK(one->environment == same->environment);
    CHECK(one->environment != other->environment);
}

TEST_CASE("server standing: a later Parse has a greater number", "[proxy]") {
    const proxy::ParseNumber first = proxy::next_parse_number();
    CHECK(first > 0);
    CHECK(proxy::next_parse_number() > first);
}

}  // namespace pgweir::test
