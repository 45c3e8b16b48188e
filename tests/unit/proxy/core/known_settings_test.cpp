#include "proxy/core/known_settings.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace pgweir::test {

using proxy::KnownSetting;
using proxy::KnownSettings;
using proxy::SessionSettings;
using proxy::SettingsError;

namespace {

KnownSetting row(std::string name, std::string vartype, std::string context = "user") {
    return {.name = std::move(name), .vartype = std::move(vartype), .context = std::move(context),
            .unit = {}, .least = {}, .most = {}, .values = {}, .standing = {}};
}

KnownSetting number(std::string name, std::string vartype, std::string unit, std::string least, std::string most) {
    KnownSetting setting = row(std::move(name), std::move(vartype));
    setting.unit = std::move(unit);
    setting.least = std::move(least);
    setting.most = std::move(most);
    return setting;
}

KnownSetting enumeration(std::string name, std::vector<std::string> values) {
    KnownSetting setting = row(std::move(name), "enum");
    setting.values = std::move(values);
    return setting;
}

KnownSetting forbidden(std::string name, std::string context) {
    KnownSetting setting = row(std::move(name), "bool", std::move(context));
    setting.is_permitted = false;
    return setting;
}

KnownSettings known(int version = 150004) {
    KnownSetting date_style = row("DateStyle", "string");
    date_style.standing = "ISO, MDY";
    return KnownSettings(
        {row("jit", "bool"), number("work_mem", "integer", "kB", "64", "2147483647"), number("extra_float_digits", "integer", "", "-15", "3"),
         number("vacuum_cost_delay", "real", "ms", "0", "100"), number("seq_page_cost", "real", "", "0", "1.79769e+308"),
         enumeration("IntervalStyle", {"postgres", "sql_standard", "iso_8601"}),
         enumeration("constraint_exclusion", {"partition", "on", "off"}), enumeration("client_min_messages", {"debug2", "debug1", "log"}),
         row("search_path", "string"), row("application_name", "string"), date_style, row("server_version", "string", "internal"),
         row("shared_buffers", "integer", "postmaster"), row("fsync", "bool", "sighup"), row("ignore_system_indexes", "bool", "backend"),
         forbidden("log_statement_stats", "superuser"), row("log_duration", "bool", "superuser"),
         forbidden("log_connections", "superuser-backend"), enumeration("ext.mode", {"a", "b"})},
        version);
}

// SQLSTATE, message, and what follows, as psql would print them.
std::string complaint(const std::string& name, const std::string& value, int version = 150004) {
    const std::optional<SettingsError> error = known(version).check({{name, value}});
    if (!error) return "";
    std::string text = std::string(error->sqlstate) + " " + error->message;
    if (!error->detail.empty()) text += " DETAIL: " + error->detail;
    if (!error->hint.empty()) text += " HINT: " + error->hint;
    return text;
}

}  // namespace

TEST_CASE("known settings: what PostgreSQL accepts passes", "[proxy]") {
    const auto [name, value] = GENERATE(table<std::string, std::string>(
        {{"jit", "OF"}, {"work_mem", " 5 MB "}, {"work_mem", "64"}, {"extra_float_digits", "3"}, {"vacuum_cost_delay", "0.1s"},
         {"intervalstyle", "ISO_8601"}, {"constraint_exclusion", "true"}, {"client_min_messages", "debug"}, {"search_path", "a, \"b"},
         {"datestyle", "nonsense"}, {"log_duration", "on"}, {"ext.mode", "B"}}));
    CHECK(complaint(name, value).empty());
}

TEST_CASE("known settings: what the table does not know of passes", "[proxy]") {
    for (const char* name : {"role", "session_authorization", "seed", "sort_mem", "dynamic_library_path", "app.tenant"})
        CHECK(complaint(name, "x").empty());
}

TEST_CASE("known settings: values that PostgreSQL refuses", "[proxy]") {
    const auto [name, value, text] = GENERATE(table<std::string, std::string, std::string>({
        {"jit", "maybe", "22023 parameter \"jit\" requires a Boolean value"},
        {"work_mem", "abc", "22023 invalid value for parameter \"work_mem\": \"abc\""},
        {"work_mem", "5mb",
         "22023 invalid value for parameter \"work_mem\": \"5mb\" HINT: Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and "
         "\"TB\"."},
        {"work_mem", "9999GB", "22023 invalid value for parameter \"work_mem\": \"9999GB\" HINT: Value exceeds integer range."},
        {"work_mem", "1", "22023 1 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)"},
        {"extra_float_digits", "4", "22023 4 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)"},
        {"extra_float_digits", "3s", "22023 invalid value for parameter \"extra_float_digits\": \"3s\""},
        {"vacuum_cost_delay", "1h", "22023 3.6e+06 ms is outside the valid range for parameter \"vacuum_cost_delay\" (0 .. 100)"},
        {"seq_page_cost", "-1", "22023 -1 is outside the valid range for parameter \"seq_page_cost\" (0 .. 1.79769e+308)"},
        {"intervalstyle", "foo",
         "22023 invalid value for parameter \"intervalstyle\": \"foo\" HINT: Available values: postgres, sql_standard, iso_8601."},
        {"intervalstyle", "true",
         "22023 invalid value for parameter \"intervalstyle\": \"true\" HINT: Available values: postgres, sql_standard, iso_8601."},
        {"ext.mode", "c", "22023 invalid value for parameter \"ext.mode\": \"c\" HINT: Available values: a, b."},
    }));
    CHECK(complaint(name, value) == text);
}

TEST_CASE("known settings: since PostgreSQL 17 the bounds have units too", "[proxy]") {
    CHECK(complaint("work_mem", "1", 170000) == "22023 1 kB is outside the valid range for parameter \"work_mem\" (64 kB .. 2147483647 kB)");
}

TEST_CASE("known settings: parameters that a client may not set", "[proxy]") {
    const auto [name, text] = GENERATE(table<std::string, std::string>({
        {"nope", "42704 unrecognized configuration parameter \"nope\""},
        {"server_version", "55P02 parameter \"server_version\" cannot be changed"},
        {"is_superuser", "55P02 parameter \"is_superuser\" cannot be changed"},
        {"shared_buffers", "55P02 parameter \"shared_buffers\" cannot be changed without restarting the server"},
        {"fsync", "55P02 parameter \"fsync\" cannot be changed now"},
        {"log_statement_stats", "42501 permission denied to set parameter \"log_statement_stats\""},
        {"log_connections", "42501 permission denied to set parameter \"log_connections\""},
        {"ignore_system_indexes", "55P02 parameter \"ignore_system_indexes\" cannot be set after connection start"},
        {"a.b c", "42602 invalid configuration parameter name \"a.b c\" DETAIL: Custom parameter names must be two or more simple "
                  "identifiers separated by dots."},
    }));
    CHECK(complaint(name, "nonsense") == text);
}

TEST_CASE("known settings: before PostgreSQL 14 a custom setting may have any name", "[proxy]") {
    CHECK(complaint("a.b c", "1", 130000).empty());
}

TEST_CASE("known settings: the first error counts", "[proxy]") {
    const auto error = known().check({{"jit", "on"}, {"nope", "1"}, {"work_mem", "abc"}});
    REQUIRE(error);
    CHECK(error->sqlstate == "42704");
}

TEST_CASE("known settings: values are spelled as PostgreSQL reports them", "[proxy]") {
    const SessionSettings wanted = {{"jit", "F"},           {"intervalstyle", "ISO_8601"},       {"constraint_exclusion", "yes"},
                                    {"work_mem", "5MB"},    {"vacuum_cost_delay", "1500us"},     {"client_min_messages", "Debug"},
                                    {"datestyle", "german"}, {"application_name", "h\xc3\xa4"}, {"search_path", "A, b"},
                                    {"app.tenant", "On"},   {"timezone", "utc"}};
    const SessionSettings told = {{"jit", "off"},          {"intervalstyle", "iso_8601"},   {"constraint_exclusion", "on"},
                                  {"work_mem", "5120"},    {"vacuum_cost_delay", "1.5"},    {"client_min_messages", "debug2"},
                                  {"datestyle", "German, DMY"}, {"application_name", "h??"}, {"search_path", "A, b"},
                                  {"app.tenant", "On"},    {"timezone", "utc"}};
    CHECK(known().spelled(wanted) == told);
}

}  // namespace pgweir::test
