// What is answered although no server could be had for it.
#include "proxy/core/refused_statement.hpp"

#include "proxy/core/types_question.hpp"
#include "tests/support/idle_client.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using proxy::ArrayTypes;
using proxy::Deferred;

namespace {

const ArrayTypes types = {{"16", "1000"}, {"", ""}, {"23", "1007"}};
const std::string answer = "1 t T 2 D:2 D:2 D:2 C:SELECT 3 Z:I ";

struct RefusedClient : IdleClient {
    // What is answered in place of a refusal; "refused" when nothing is.
    std::string hears(std::string_view bytes, const ArrayTypes* known = &types) {
        std::vector<std::byte> out;
        const std::size_t size = answer_refused(protocol::as_bytes(bytes), known, session, out);
        rest = bytes.substr(size);
        return size == 0 ? "refused" : heard(protocol::as_text(out));
    }
    std::string rest{};
};

std::string unit(std::string_view sql) { return parse("", sql) + bind("", "") + describe_portal() + execute("") + sync(); }

// As postgres.js sends it.
std::string question(std::string_view name, std::string_view sql, int format = 0) {
    const std::string formats = format == 0 ? int16(0) : int16(1) + int16(format);
    return parse(name, sql) + describe_statement(name) + message('B', cstring("") + cstring(name) + int16(0) + int16(0) + formats) +
           execute("") + sync();
}

constexpr std::string_view asked = R"(
      select b.oid, b.typarray
      from pg_catalog.pg_type a
      left join pg_catalog.pg_type b on b.oid = a.typelem
      where a.typcategory = 'A'
      group by b.oid, b.typarray
      order by b.oid
    )";

}  // namespace

TEST_CASE("refused statement: a ROLLBACK of nothing needs no server", "[proxy]") {
    RefusedClient client;
    const char* sql = GENERATE("rollback", "ROLLBACK;", "abort work");
    SECTION("simple") { CHECK(client.hears(query(sql)) == "N:25P01 C:ROLLBACK Z:I "); }
    SECTION("extended") { CHECK(client.hears(unit(sql)) == "1 2 n N:25P01 C:ROLLBACK Z:I "); }
    SECTION("and leaves what follows alone") {
        CHECK(client.hears(query(sql) + query("select 1")) == "N:25P01 C:ROLLBACK Z:I ");
        CHECK(client.rest == query("select 1"));
    }
    SECTION("without a warning for who wants none") {
        client.session.settings = proxy::make_standing({{"client_min_messages", "error"}});
        CHECK(client.hears(query(sql)) == "C:ROLLBACK Z:I ");
    }
    SECTION("whatever is known") { CHECK(client.hears(query(sql), nullptr) == "N:25P01 C:ROLLBACK Z:I "); }
}

TEST_CASE("refused statement: everything else is refused", "[proxy]") {
    RefusedClient client;
    const std::string input = GENERATE(query("commit"), query("rollback; select 1"), query("rollback to a"), query("select 1"), unit("commit"),
                                       parse("", "rollback") + sync(), bind("", "") + sync(), parse("s", "rollback") + sync(), query("listen a"),
                                       parse("", "rollback"), message('Q', "rollback"));
    INFO(spoken(input));
    CHECK(client.hears(input) == (input == message('Q', "rollback") ? "N:25P01 C:ROLLBACK Z:I " : "refused"));
}

TEST_CASE("refused statement: nothing is answered inside a transaction, or where no text can be read", "[proxy]") {
    RefusedClient client;
    SECTION("a transaction") { client.session.deferred = GENERATE(Deferred::begun, Deferred::failed); }
    SECTION("an encoding") { client.session.is_text_opaque = true; }
    CHECK(client.hears(query("rollback")) == "refused");
    CHECK(client.hears(question("a1", asked)) == "refused");
}

TEST_CASE("refused statement: postgres.js gets the array types that are known", "[proxy]") {
    RefusedClient client;
    SECTION("with a name") {
        CHECK(client.hears(question("a1", asked) + query("select 1")) == answer);
        CHECK(client.rest == query("select 1"));
        CHECK(client.session.statements.at("a1").text->sql() == asked);
        CHECK(client.takes(close_statement("a1")) == "3 ");
    }
    SECTION("without one") {
        CHECK(client.hears(question("", asked)) == answer);
        CHECK(client.session.unnamed.definition == std::string(asked) + std::string(3, '\0'));
    }
    SECTION("in one line") { CHECK(client.hears(question("a1", proxy::types_question)) == answer); }
    SECTION("none are known") { CHECK(client.hears(question("a1", asked), nullptr) == "refused"); }
    SECTION("there are none") {
        const ArrayTypes none;
        CHECK(client.hears(question("a1", asked), &none) == "1 t T 2 C:SELECT 0 Z:I ");
    }
}

TEST_CASE("refused statement: the answer has oids as text, and NULL where there is none", "[proxy]") {
    IdleClient client;
    std::vector<std::byte> out;
    const std::string input = question("a1", asked);
    REQUIRE(answer_types_question(protocol::as_bytes(input), types, client.session, out) == input.size());
    const std::string columns = cstring("oid") + int32(0) + int16(0) + int32(26) + int16(4) + int32(-1) + int16(0) + cstring("typarray") +
                                int32(0) + int16(0) + int32(26) + int16(4) + int32(-1) + int16(0);
    CHECK(text_of(out) == message('1') + message('t', int16(0)) + message('T', int16(2) + columns) + message('2') + data_row({"16", "1000"}) +
                              message('D', int16(2) + int32(-1) + int32(-1)) + data_row({"23", "1007"}) + command_complete("SELECT 3") +
                              ready_for_query('I'));
}

TEST_CASE("types question: what is not quite it is something else", "[proxy]") {
    const std::string sql(asked);
    const std::string input = GENERATE_COPY(
        question("a1", sql + "limit 1"), question("a1", "x" + sql), question("a1", sql.substr(0, sql.size() - 8)), question("a1", "select b.oid,b.typarray"),
        parse("a1", sql) + sync(), parse("a1", sql) + describe_statement("a2") + bind("", "a1") + execute("") + sync(),
        parse("a1", sql) + describe_statement("a1") + bind("", "a2") + execute("") + sync(),
        parse("a1", sql) + describe_statement("a1") + bind("p", "a1") + execute("p") + sync(),
        parse("a1", sql) + describe_statement("a1") + bind("", "a1") + execute(""), message('P', cstring("a1") + cstring(sql)),
        message('P', cstring("a1") + cstring(sql) + int16(1) + int32(23)), query(sql));
    CHECK_FALSE(proxy::is_types_question(protocol::as_bytes(input)));
}

TEST_CASE("types question: it is known as such in binary, too, but not answered", "[proxy]") {
    const std::string input = question("a1", asked, 1);
    CHECK(proxy::is_types_question(protocol::as_bytes(input)));
    RefusedClient client;
    CHECK(client.hears(input) == "refused");
    CHECK(client.session.statements.empty());
}

TEST_CASE("types question: all of it must be there", "[proxy]") {
    const std::string input = question("a1", asked);
    for (std::size_t size = 0; size < input.size(); ++size) REQUIRE_FALSE(proxy::is_types_question(protocol::as_bytes(std::string_view(input).substr(0, size))));
    CHECK(proxy::is_types_question(protocol::as_bytes(input)));
}

}  // namespace pgweir::test
