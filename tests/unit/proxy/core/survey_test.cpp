#include "proxy/core/survey.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using proxy::find_prepare;
using proxy::SessionFacts;
using proxy::SessionSettings;
using proxy::survey_sql;
using proxy::SurveyReader;

namespace {

using Columns = std::vector<std::optional<std::string>>;

// The body of a DataRow.
std::vector<std::byte> data_row(const Columns& columns) {
    std::vector<std::byte> message;
    protocol::Writer writer(message);
    writer.begin('D').i16(static_cast<std::int16_t>(columns.size()));
    for (const auto& column : columns) {
        writer.i32(column ? static_cast<std::int32_t>(column->size()) : -1);
        if (column) writer.bytes(protocol::as_bytes(*column));
    }
    writer.end();
    return {message.begin() + 5, message.end()};
}

std::optional<SessionFacts> read(const std::vector<Columns>& rows) {
    SurveyReader reader;
    for (const Columns& columns : rows) reader.row(data_row(columns));
    if (!reader.is_good()) return std::nullopt;
    return reader.take();
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("survey: custom settings are asked for by name, quoted and in lower case", "[proxy]") {
    CHECK_FALSE(holds(survey_sql({}), "current_setting(name"));
    const std::vector<std::string> names = {"App.Tenant", "a.it's"};
    const std::string sql = survey_sql(names);
    CHECK(holds(sql, "'app.tenant'::pg_catalog.text"));
    CHECK(holds(sql, "'a.it''s'::pg_catalog.text"));
}

TEST_CASE("survey: no operator is left to the client's search_path", "[proxy]") {
    const std::vector<std::string> names = {"a.b"};
    const std::string sql = survey_sql(names);
    for (std::size_t at = sql.find_first_of("=<>"); at != std::string::npos; at = sql.find_first_of("=<>", at + 1)) {
        const std::size_t open = sql.rfind("OPERATOR(pg_catalog.", at);
        INFO(sql.substr(at > 40 ? at - 40 : 0, 60));
        CHECK((open != std::string::npos && at - open <= 21));
    }
}

TEST_CASE("survey: a session with nothing in it", "[proxy]") {
    CHECK(read({}) == SessionFacts{});
    CHECK(read({{"locks", "", "0"}}) == SessionFacts{});
}

TEST_CASE("survey: settings come in alphabetical order with names in lower case", "[proxy]") {
    const auto facts = read({{"setting", "work_mem", "3072"}, {"setting", "DateStyle", "German, DMY"}, {"setting", "role", "app"}});
    REQUIRE(facts);
    CHECK(facts->settings == SessionSettings{{"datestyle", "German, DMY"}, {"role", "app"}, {"work_mem", "3072"}});
}

TEST_CASE("survey: values are unescaped to the bytes the server has", "[proxy]") {
    const auto facts = read({{"setting", "a", R"(back\\slash)"}, {"setting", "b", R"(h\303\244\377)"}, {"setting", "c", R"(\\303)"}});
    REQUIRE(facts);
    CHECK(facts->settings == SessionSettings{{"a", "back\\slash"}, {"b", "h\xc3\xa4\xff"}, {"c", "\\303"}});
    for (const char* broken : {R"(\)", R"(\30)", R"(\3x0)", R"(a\q)"}) CHECK_FALSE(read({{"setting", "a", broken}}));
}

TEST_CASE("survey: a custom setting that an extension has defined counts only when the session has set it", "[proxy]") {
    const auto facts = read({{"setting", "ext.Set", "1"},
                             {"listed", "ext.other", "2"},
                             {"custom", "ext.set", "1s"},
                             {"custom", "ext.other", "2s"},
                             {"custom", "app.tenant", ""}});
    REQUIRE(facts);
    CHECK(facts->settings == SessionSettings{{"app.tenant", ""}, {"ext.set", "1"}});
}

TEST_CASE("survey: what else a session may hold", "[proxy]") {
    const auto facts = read({{"locks", "", "12"},
                             {"temporary", "", ""},
                             {"cursor", "C c", ""},
                             {"channel", "one", ""},
                             {"channel", "Two 2", ""},
                             {"prepared", "p", "prepare p as select 1"}});
    REQUIRE(facts);
    CHECK(facts->advisory_locks == 12);
    CHECK(facts->has_temporary_objects);
    CHECK(facts->has_holdable_cursors);
    CHECK(facts->channels == std::vector<std::string>{"one", "Two 2"});
    REQUIRE(facts->prepared.size() == 1);
    CHECK(facts->prepared[0] == std::pair<std::string, std::string>("p", "prepare p as select 1"));
}

TEST_CASE("survey: rows that cannot be understood make it fail", "[proxy]") {
    const Columns broken = GENERATE(Columns{}, Columns{"setting", "a"}, Columns{"setting", "a", "b", "c"},
                                    Columns{"setting", "a", std::nullopt}, Columns{"whatever", "", ""}, Columns{"locks", "", "x"},
                                    Columns{"locks", "", ""}, Columns{"locks", "", "99999999999"},
                                    Columns{"prepared", "p", "select 1"});
    CHECK_FALSE(read({{"setting", "a", "1"}, broken, {"setting", "b", "1"}}));
}

TEST_CASE("survey: a row cut short makes it fail", "[proxy]") {
    const std::vector<std::byte> whole = data_row({"setting", "a", "1"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        SurveyReader reader;
        reader.row(protocol::Bytes(whole).first(size));
        CHECK_FALSE(reader.is_good());
    }
}

TEST_CASE("survey: a reader is as new once its facts were taken", "[proxy]") {
    SurveyReader reader;
    reader.row(data_row({"listed", "ext.a", "1"}));
    reader.row(data_row({"cursor", "c", ""}));
    CHECK(reader.take().has_holdable_cursors);
    reader.row(data_row({"custom", "ext.a", "1"}));
    CHECK(reader.take() == SessionFacts{.settings = {{"ext.a", "1"}}, .channels = {}, .prepared = {}});
}

TEST_CASE("survey: a PREPARE is found among the statements of its text", "[proxy]") {
    const auto [text, name, prepare] = GENERATE(table<std::string, std::string, std::string>({
        {"prepare p as select 1", "p", "prepare p as select 1"},
        {"  /* x; */ PREPARE P (int) AS SELECT $1 ; -- p", "p", "PREPARE P (int) AS SELECT $1"},
        {"select 1; prepare a as select ';'; insert into t values (1)", "a", "prepare a as select ';'"},
        {"prepare \"A b\" as select $$;$$;", "A b", "prepare \"A b\" as select $$;$$"},
        {"prepare a as select 1; prepare b as select 2", "b", "prepare b as select 2"},
        {"prepare a as select 1; deallocate a; prepare a as select 3;", "a", "prepare a as select 3"},
        {";;prepare a as select 1", "a", "prepare a as select 1"},
    }));
    CHECK(find_prepare(text, name) == std::string_view(prepare));
}

TEST_CASE("survey: a PREPARE of something else is not taken for it", "[proxy]") {
    const std::string text = GENERATE(as<std::string>(), "", "select 1", "prepare", "prepare q as select 1", "prepare \"P\" as select 1",
                                      "select 'prepare p as'; execute p");
    CHECK_FALSE(find_prepare(text, "p"));
}

}  // namespace pgweir::test
