#include "proxy/server/learning.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::test {

using proxy::Ask;
using proxy::Knowledge;
using proxy::KnowledgeShelf;
using proxy::KnownSettings;
using proxy::learn_names;
using proxy::learn_settings;
using proxy::max_rounds;
using proxy::Rows;
using proxy::WatchedNames;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Answers with prepared rows, and remembers what it was asked.
struct FakeDatabase {
    std::optional<Rows> settings = Rows{};
    std::optional<Rows> functions = Rows{};
    // For the oids asked about, in turn.
    std::vector<std::optional<Rows>> relations = {};
    std::vector<std::string> asked_oids = {};
    std::string sql = {};   // of the last question

    Ask ask() {
        return [this](const std::string& question, const std::vector<std::string>& values) -> std::optional<Rows> {
            sql = question;
            if (holds(question, "pg_settings")) return settings;
            if (holds(question, "pg_language")) return functions;
            asked_oids.push_back(values.at(0));
            if (asked_oids.size() > relations.size()) return Rows{};
            return relations[asked_oids.size() - 1];
        };
    }
};

std::optional<WatchedNames> learned(FakeDatabase& database) {
    const auto watched = learn_names(database.ask(), 150000);
    return watched ? std::optional(WatchedNames(*watched)) : std::nullopt;
}

const std::string watched_source = "select set_config('a.b', 'c', false)";

}  // namespace

TEST_CASE("learning: a database without such functions is asked once", "[proxy]") {
    FakeDatabase database;
    database.functions = Rows{{"1", "f", "sql", "select 1"}, {"2", "g", "plpgsql", "begin perform f(); end"}};
    const auto names = learned(database);
    REQUIRE(names);
    CHECK(names->empty());
    CHECK(database.asked_oids.empty());
}

TEST_CASE("learning: functions that call a watched one are watched, step by step", "[proxy]") {
    FakeDatabase database;
    database.functions = Rows{{"1", "Deep", "sql", watched_source},
                              {"2", "middle", "plpgsql", "begin perform app.deep(); end"},
                              {"3", "top", "plpgsql", "begin perform middle(); end"},
                              {"4", "other", "plpgsql", "begin perform deeper(); end"}};
    const auto names = learned(database);
    REQUIRE(names);
    for (const char* name : {"deep", "DEEP", "middle", "top"}) CHECK(names->holds(name));
    CHECK_FALSE(names->holds("other"));
    CHECK(database.asked_oids == std::vector<std::string>{"{1}", "{2}", "{3}"});
}

TEST_CASE("learning: tables and views that call a watched function are watched, and what uses those", "[proxy]") {
    FakeDatabase database;
    database.functions = Rows{{"1", "note_user", "plpgsql", watched_source},
                              {"2", "pay", "plpgsql", "begin insert into audited values (1); end"}};
    database.relations = {Rows{{"audited"}, {"Audited_View"}}};
    const auto names = learned(database);
    REQUIRE(names);
    for (const char* name : {"note_user", "audited", "audited_view", "pay"}) CHECK(names->holds(name));
    CHECK(database.asked_oids == std::vector<std::string>{"{1}", "{2}"});
}

TEST_CASE("learning: a long chain of calls is followed for some steps only", "[proxy]") {
    FakeDatabase database;
    database.functions->push_back({"0", "f0", "sql", watched_source});
    for (int i = 1; i <= max_rounds + 3; ++i)
        database.functions->push_back({std::to_string(i), "f" + std::to_string(i), "sql", "select f" + std::to_string(i - 1) + "()"});
    const auto names = learned(database);
    REQUIRE(names);
    CHECK(names->holds("f" + std::to_string(max_rounds)));
    CHECK_FALSE(names->holds("f" + std::to_string(max_rounds + 1)));
}

TEST_CASE("learning: functions in C are watched because they were asked for by name", "[proxy]") {
    FakeDatabase database;
    database.functions = Rows{{"1", "set_limit", "c", "set_limit"}};
    const auto names = learned(database);
    REQUIRE(names);
    CHECK(names->holds("set_limit"));
}

TEST_CASE("learning: without an answer nothing is learned", "[proxy]") {
    FakeDatabase database;
    SECTION("about functions") { database.functions.reset(); }
    SECTION("about tables") {
        database.functions = Rows{{"1", "f", "sql", watched_source}};
        database.relations = {std::nullopt};
    }
    SECTION("with other columns than asked for") { database.functions = Rows{{"1", "f"}}; }
    CHECK_FALSE(learn_names(database.ask(), 150000));
}

TEST_CASE("learning: what a server knows of its settings", "[proxy]") {
    FakeDatabase database;
    database.settings = Rows{{"work_mem", "integer", "user", "kB", "64", "2147483647", "", "4096", "t"},
                             {"IntervalStyle", "enum", "user", "", "", "", "postgres,sql_standard", "postgres", "t"},
                             {"log_duration", "bool", "superuser", "", "", "", "", "off", "f"}};
    const auto known = learn_settings(database.ask(), 150000);
    REQUIRE(known);
    CHECK_FALSE(known->check({{"work_mem", "1MB"}, {"intervalstyle", "sql_standard"}}));
    CHECK(known->check({{"work_mem", "1kB"}})->sqlstate == "22023");
    CHECK(known->check({{"intervalstyle", "x"}})->hint == "Available values: postgres, sql_standard.");
    CHECK(known->check({{"log_duration", "on"}})->sqlstate == "42501");
    CHECK(known->check({{"jit", "on"}})->sqlstate == "42704");

    database.settings = Rows{};
    CHECK(learn_settings(database.ask(), 150000) == nullptr);
    database.settings.reset();
    CHECK(learn_settings(database.ask(), 150000) == nullptr);
}

TEST_CASE("learning: which arrays there are, unless there are too many", "[proxy]") {
    Rows rows = {{"16", "1000"}, {"", ""}};
    std::string sql;
    const Ask ask = [&](const std::string& question, const std::vector<std::string>&) -> std::optional<Rows> {
        sql = question;
        return rows;
    };
    const auto types = proxy::learn_array_types(ask);
    REQUIRE(types);
    CHECK(*types == proxy::ArrayTypes{{"16", "1000"}, {"", ""}});
    CHECK(sql.starts_with(proxy::types_question));
    rows.push_back({"16"});
    CHECK(proxy::learn_array_types(ask) == nullptr);
    rows.pop_back();
    rows.resize(proxy::max_array_types + 1, {"16", "1000"});
    CHECK(proxy::learn_array_types(ask) == nullptr);
    CHECK(proxy::learn_array_types([](const auto&, const auto&) { return std::nullopt; }) == nullptr);
}

TEST_CASE("learning: an older server is asked in words it knows", "[proxy]") {
    FakeDatabase database;
    learn_settings(database.ask(), 150000);
    CHECK(holds(database.sql, "has_parameter_privilege"));
    learn_settings(database.ask(), 140000);
    CHECK_FALSE(holds(database.sql, "has_parameter_privilege"));
    learn_names(database.ask(), 140000);
    CHECK(holds(database.sql, "prosqlbody"));
    learn_names(database.ask(), 130000);
    CHECK_FALSE(holds(database.sql, "prosqlbody"));
}

TEST_CASE("knowledge shelf: one login at a time learns, and another one after a while", "[proxy]") {
    KnowledgeShelf shelf;
    const KnowledgeShelf::TimePoint start{};
    CHECK(shelf.claim(start));
    CHECK_FALSE(shelf.claim(start));
    CHECK_FALSE(shelf.claim(start + KnowledgeShelf::interval - std::chrono::seconds(1)));
    CHECK(shelf.claim(start + KnowledgeShelf::interval));
    CHECK_FALSE(shelf.claim(start + KnowledgeShelf::interval));
    shelf.release();
    CHECK(shelf.claim(start + KnowledgeShelf::interval));
}

TEST_CASE("learning: what a function leaves is what those leave that call it", "[proxy]") {
    using proxy::SessionTrace;
    FakeDatabase database;
    database.functions = Rows{{"1", "plain", "sql", watched_source},
                              {"2", "any", "sql", "select set_config($1, 'c', false)"},
                              {"3", "both", "sql", "select plain(), any()"},
                              {"4", "opens", "c", "dblink_connect"}};
    database.relations = {Rows{{"audited"}}, Rows{{"open"}}};   // asked about one kind of trace after the other
    const auto names = learned(database);
    REQUIRE(names);
    CHECK(names->trace_of("plain") == SessionTrace::visible);
    CHECK(names->trace_of("audited") == SessionTrace::visible);
    CHECK(names->trace_of("any") == SessionTrace::hidden);
    CHECK(names->trace_of("open") == SessionTrace::hidden);
    CHECK(names->trace_of("both") == SessionTrace::hidden);
    CHECK(names->trace_of("opens") == SessionTrace::lasting);
    CHECK(names->custom_settings() == std::vector<std::string>{"a.b"});
}

namespace {

Knowledge of_name(const std::string& name) { return {.watched = proxy::NamesToWatch{.names = {{name, proxy::SessionTrace::visible}}}}; }

}  // namespace

TEST_CASE("knowledge shelf: what could not be learned again stays known", "[proxy]") {
    KnowledgeShelf shelf;
    CHECK(shelf.names() == nullptr);
    CHECK(shelf.settings() == nullptr);
    const auto settings = std::make_shared<const KnownSettings>(std::vector<proxy::KnownSetting>{}, 150000);
    shelf.store(of_name("f"));
    shelf.store({.settings = settings});
    CHECK(shelf.names()->holds("f"));
    CHECK(shelf.settings() == settings);
    CHECK(shelf.array_types() == nullptr);
    const auto types = std::make_shared<const proxy::ArrayTypes>();
    shelf.store({.array_types = types});
    shelf.store(of_name("g"));
    CHECK(shelf.array_types() == types);
    CHECK_FALSE(shelf.names()->holds("f"));
    CHECK(shelf.names()->holds("g"));
    CHECK(shelf.settings() == settings);
}

TEST_CASE("knowledge shelf: what is about to be made is watched until it can have been learned", "[proxy]") {
    KnowledgeShelf shelf;
    const KnowledgeShelf::TimePoint start{};
    CHECK(shelf.claim(start));
    shelf.watch({.names = {{"early", proxy::SessionTrace::visible}}}, start);
    CHECK(shelf.names() == nullptr);
    shelf.store(of_name("f"));
    CHECK(shelf.names()->holds("early"));
    shelf.watch({.names = {{"late", proxy::SessionTrace::hidden}}}, start + std::chrono::seconds(1));
    CHECK(shelf.names()->holds("late"));

    CHECK(shelf.claim(start + std::chrono::seconds(2)));   // at once, for there is something new
    shelf.store(of_name("f"));
    CHECK(shelf.names()->holds("late"));   // its transaction may not have ended when that login looked
    CHECK(shelf.claim(start + 2 * KnowledgeShelf::interval));
    shelf.store(of_name("f"));
    CHECK_FALSE(shelf.names()->holds("late"));
    CHECK(shelf.names()->holds("f"));
}

}  // namespace pgweir::test
