#include "proxy/core/prepared_text.hpp"

#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pgweir::test {

using proxy::Effect;
using proxy::PreparedTextPtr;
using proxy::TextTable;

namespace {

PreparedTextPtr intern(TextTable& table, std::string_view definition) {
    return table.intern(definition, proxy::traits_of(definition.substr(0, definition.find('\0')), nullptr));
}

}  // namespace

TEST_CASE("prepared text: equal definitions are one text", "[proxy]") {
    TextTable table;
    const PreparedTextPtr one = intern(table, "select $1\0\0\0"_w);
    CHECK(intern(table, "select $1\0\0\0"_w) == one);
    CHECK(one->sql() == "select $1");
    CHECK(one->definition == "select $1\0\0\0"_w);
    const PreparedTextPtr typed = intern(table, "select $1\0\0\1\0\0\0\x17"_w);
    CHECK(typed != one);
    CHECK(typed->sql() == one->sql());
    CHECK(intern(table, "SELECT $1\0\0\0"_w) != one);
    CHECK(table.size() == 2);
    CHECK(table.bytes() == one->definition.size() + typed->definition.size());
}

TEST_CASE("prepared text: it goes with its last holder", "[proxy]") {
    TextTable table;
    PreparedTextPtr one = intern(table, "select 1");
    PreparedTextPtr other = one;
    one.reset();
    CHECK(table.size() == 1);
    other.reset();
    CHECK(table.size() == 0);
    CHECK(table.bytes() == 0);
    CHECK(intern(table, "select 1") != nullptr);
}

TEST_CASE("prepared text: it may outlive its table", "[proxy]") {
    auto table = std::make_unique<TextTable>();
    PreparedTextPtr one = intern(*table, "select 1");
    table.reset();
    CHECK(one->sql() == "select 1");
    one.reset();
    CHECK_FALSE(one);
}

TEST_CASE("prepared text: there is room for so many bytes and no more", "[proxy]") {
    TextTable table;
    constexpr std::size_t part = TextTable::max_bytes / 4;
    std::vector<PreparedTextPtr> held;
    for (char i = 'a'; i < 'e'; ++i) held.push_back(table.intern(std::string(part, i), {}));
    CHECK(table.bytes() == TextTable::max_bytes);
    CHECK(table.intern("x", {}) == nullptr);
    CHECK(table.intern(held[0]->definition, {}) == held[0]);
    held.pop_back();
    CHECK(table.intern("x", {}) != nullptr);
}

TEST_CASE("prepared text: the summary says what the traits do", "[proxy]") {
    TextTable table;
    const auto summary = [&](std::string_view sql) { return intern(table, sql)->summary; };
    CHECK(summary("select 1").effects.empty());
    CHECK(summary("create temp table t (a int)").predicts_pin);
    CHECK(summary("commit").commits);
    CHECK(summary("set local work_mem = 1").local_sets == 1);
    CHECK(summary("set local work_mem = 1").changes_settings);
    CHECK(summary("set \"A\".b = 1").custom_settings.size() == 1);
    CHECK(summary("reset Work_Mem").resets == std::vector<std::string>{"work_mem"});
    CHECK(summary("reset all").resets == std::vector<std::string>{std::string(proxy::all_settings)});
    CHECK(summary("discard all").resets == std::vector<std::string>{std::string(proxy::all_settings)});
    CHECK(summary("set work_mem to default").resets == std::vector<std::string>{"work_mem"});
    CHECK(summary("set time zone local").resets == std::vector<std::string>{"timezone"});
    CHECK(summary("reset session authorization").resets == std::vector<std::string>{"session_authorization"});
    CHECK(summary("set names").resets == std::vector<std::string>{"client_encoding"});
    CHECK(summary("reset work_mem; set jit to default").resets == std::vector<std::string>{"work_mem", "jit"});
    CHECK(summary("reset work_mem; set \"work_mem\" to 1").resets.empty());
    CHECK(summary("reset ümlaut").resets == std::vector<std::string>{std::string(proxy::some_setting)});
    CHECK(summary("do $$ begin execute 'reset all'; end $$").resets == std::vector<std::string>{std::string(proxy::some_setting)});
    CHECK(summary("do $$ begin perform 1; end $$").resets.empty());
    CHECK(summary("set local work_mem to default").resets.empty());
    CHECK(summary("set local work_mem to default").local_resets == std::vector<std::string>{"work_mem"});
    CHECK(summary("unlisten \"C\"; unlisten d").unlistened == std::vector<std::string>{"C", "d"});
    CHECK(summary("discard all").unlistened == std::vector<std::string>{"*"});
}

TEST_CASE("prepared text: threads share what they intern, and forget it together", "[proxy]") {
    constexpr int rounds = 2'000;
    TextTable table;
    std::atomic<int> wrong = 0;
    const auto work = [&] {
        for (int i = 0; i < rounds; ++i) {
            const std::string definition = "select " + std::to_string(i % 3);
            const PreparedTextPtr one = table.intern(definition, {});
            if (!one || one->definition != definition) ++wrong;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    CHECK(table.size() == 0);
    CHECK(table.bytes() == 0);
}

}  // namespace pgweir::test
