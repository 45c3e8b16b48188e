#include "proxy/core/setting_values.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <variant>

namespace pgweir::test {

using proxy::is_custom_name;
using proxy::NumberProblem;
using proxy::parse_bool;
using proxy::parse_integer;
using proxy::parse_real;
using proxy::real_text;
using proxy::spell_application_name;
using proxy::spell_date_style;
using proxy::units_hint;

TEST_CASE("setting values: a bool may be abbreviated as long as it is clear", "[proxy]") {
    for (const char* text : {"on", "ON", "t", "tRu", "true", "y", "yes", "1"}) CHECK(parse_bool(text) == true);
    for (const char* text : {"of", "off", "F", "fals", "n", "No", "0"}) CHECK(parse_bool(text) == false);
    for (const char* text : {"", "o", "maybe", "truely", "2", " on", "01"}) CHECK(parse_bool(text) == std::nullopt);
}

TEST_CASE("setting values: integers in every spelling", "[proxy]") {
    const auto [text, unit, value] = GENERATE(table<std::string, std::string, int>({{"42", "", 42},
                                                                                     {" -7 ", "", -7},
                                                                                     {"0x1F", "", 31},
                                                                                     {"010", "", 8},
                                                                                     {"1e3", "", 1000},
                                                                                     {"1.4", "", 1},
                                                                                     {"2.5", "", 2},
                                                                                     {"5MB", "kB", 5120},
                                                                                     {"5 MB", "kB", 5120},
                                                                                     {"1.5MB", "kB", 1536},
                                                                                     {"1GB", "8kB", 131072},
                                                                                     {"2048B", "kB", 2},
                                                                                     {"1min", "ms", 60000},
                                                                                     {"1500us", "ms", 2},
                                                                                     {"2h", "s", 7200},
                                                                                     {"90s", "min", 2}}));
    CHECK(std::get<int>(parse_integer(text, unit)) == value);
}

TEST_CASE("setting values: a fraction is rounded to whole ones of the next smaller unit", "[proxy]") {
    CHECK(std::get<int>(parse_integer("1.51d", "min")) == 36 * 60);
    CHECK(std::get<double>(parse_real("0.0016s", "ms")) == 2.0);
}

TEST_CASE("setting values: what is no integer", "[proxy]") {
    const auto [text, unit, problem] = GENERATE(table<std::string, std::string, NumberProblem>({
        {"", "kB", NumberProblem::no_number},
        {"abc", "kB", NumberProblem::no_number},
        {"nan", "", NumberProblem::no_number},
        {"--3", "", NumberProblem::no_number},
        {"1e400", "", NumberProblem::no_number},
        {"1XB", "kB", NumberProblem::unknown_unit},
        {"1mb", "kB", NumberProblem::unknown_unit},
        {"12kB junk", "kB", NumberProblem::unknown_unit},
        {"1s", "kB", NumberProblem::unknown_unit},
        {"1kB", "ms", NumberProblem::unknown_unit},
        {"3s", "", NumberProblem::unknown_unit},
        {"2147483648", "", NumberProblem::too_large},
        {"99999999999999999999", "", NumberProblem::too_large},
        {"4TB", "B", NumberProblem::too_large},
    }));
    CHECK(std::get<NumberProblem>(parse_integer(text, unit)) == problem);
}

TEST_CASE("setting values: real numbers", "[proxy]") {
    CHECK(std::get<double>(parse_real(" .5 ", "")) == 0.5);
    CHECK(std::get<double>(parse_real("1h", "ms")) == 3.6e6);
    CHECK(std::get<NumberProblem>(parse_real("abc", "")) == NumberProblem::no_number);
    CHECK(std::get<NumberProblem>(parse_real("1kB", "")) == NumberProblem::unknown_unit);
    CHECK(real_text(0.123456789) == "0.123457");
    CHECK(real_text(3.6e6) == "3.6e+06");
    CHECK(real_text(4) == "4");
    CHECK(real_text(std::get<double>(parse_real("-inf", ""))) == "-Infinity");
}

TEST_CASE("setting values: the hint names the units of the kind", "[proxy]") {
    CHECK(units_hint("8kB") == "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".");
    CHECK(units_hint("min") == "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".");
    CHECK(units_hint("").empty());
}

TEST_CASE("setting values: a date style is told whole", "[proxy]") {
    const auto [wanted, standing, told] = GENERATE(table<std::string, std::string, std::string>({
        {"iso", "ISO, MDY", "ISO, MDY"},
        {"ISO", "German, DMY", "ISO, DMY"},
        {"German", "ISO, MDY", "German, DMY"},
        {"german, ymd", "ISO, MDY", "German, YMD"},
        {"european", "ISO, MDY", "ISO, DMY"},
        {" US ,SQL ", "ISO, DMY", "SQL, MDY"},
        {"noneuropean", "Postgres, DMY", "Postgres, MDY"},
        {"postgresql, dmy", "ISO, MDY", "Postgres, DMY"},
        {"iso, iso", "ISO, MDY", "ISO, MDY"},
    }));
    CHECK(spell_date_style(wanted, standing) == told);
}

TEST_CASE("setting values: a date style that only the server can judge stays as it is", "[proxy]") {
    for (const char* text : {"default", "foo", "", "iso, sql", "ymd, dmy", "iso,,ymd"}) CHECK_FALSE(spell_date_style(text, "ISO, MDY"));
    CHECK_FALSE(spell_date_style("iso", ""));
}

TEST_CASE("setting values: an application name is kept in ASCII", "[proxy]") {
    CHECK(spell_application_name("it's \\ me~", 150000) == "it's \\ me~");
    CHECK(spell_application_name("h\xc3\xa4\x01\x7f", 150000) == "h????");
    CHECK(spell_application_name("h\xc3\xa4\x01\x7f", 160000) == "h\\xc3\\xa4\\x01\\x7f");
}

TEST_CASE("setting values: names that custom settings may have", "[proxy]") {
    for (const char* name : {"a.b", "_x.y1$", "a.b.c", "\xc3\xa4.b"}) CHECK(is_custom_name(name));
    for (const char* name : {"a", "", ".", "a.", ".a", "a..b", "1.x", "a.1", "a b.c", "a.b c", "$a.b"}) CHECK_FALSE(is_custom_name(name));
}

}  // namespace pgweir::test
