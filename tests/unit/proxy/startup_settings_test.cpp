#include "proxy/client/startup_settings.hpp"

#include <catch2/catch.hpp>

namespace protocol = pgweir::protocol;
namespace proxy = pgweir::proxy;
using proxy::canonical_encoding;
using proxy::ClientSettings;
using proxy::SettingsError;
using proxy::startup_settings;

namespace {

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

ClientSettings settings_of(Parameters parameters) {
    const protocol::StartupMessage message{0, std::move(parameters), {}};
    auto settings = startup_settings(message);
    REQUIRE(std::holds_alternative<ClientSettings>(settings));
    return std::get<ClientSettings>(settings);
}

ClientSettings options(std::string_view text) {
    return settings_of({{"user", "app"}, {"options", text}});
}

SettingsError error_of(std::string_view name, std::string_view value) {
    const protocol::StartupMessage message{0, {{name, value}}, {}};
    auto settings = startup_settings(message);
    REQUIRE(std::holds_alternative<SettingsError>(settings));
    return std::get<SettingsError>(settings);
}

}  // namespace

TEST_CASE("startup settings: parameters about the connection are left out", "[client]") {
    CHECK(settings_of({{"user", "app"}, {"database", "db"}, {"replication", "false"}, {"options", ""}}).empty());
}

TEST_CASE("startup settings: names are in lower case and the last value wins in its first place", "[client]") {
    const ClientSettings expected{{"datestyle", "German"}, {"timezone", "UTC"}};
    CHECK(settings_of({{"DateStyle", "ISO"}, {"TimeZone", "UTC"}, {"datestyle", "German"}}) == expected);
}

TEST_CASE("startup settings: every form of option is understood", "[client]") {
    const ClientSettings expected{{"work_mem", "1MB"}};
    CHECK(options("-c work_mem=1MB") == expected);
    CHECK(options("-cwork_mem=1MB") == expected);
    CHECK(options("--work_mem=1MB") == expected);
    CHECK(options("--work-mem=1MB") == expected);
    CHECK(options(" \t-c  Work-Mem=1MB \n") == expected);
}

TEST_CASE("startup settings: several options keep their order", "[client]") {
    const ClientSettings expected{{"jit", "off"}, {"statement_timeout", "5s"}, {"search_path", ""}};
    CHECK(options("-cjit=on --statement-timeout=5s -c search_path= -c jit=off") == expected);
}

TEST_CASE("startup settings: a backslash keeps the next character", "[client]") {
    const ClientSettings expected{{"search_path", "a b\\"}};
    CHECK(options("-c search_path=a\\ b\\\\") == expected);
}

TEST_CASE("startup settings: a value may hold equal signs and hyphens", "[client]") {
    const ClientSettings expected{{"my.key", "a=b-c"}};
    CHECK(options("--my.key=a=b-c") == expected);
}

TEST_CASE("startup settings: parameters of the packet win over options", "[client]") {
    const ClientSettings expected{{"application_name", "packet"}};
    CHECK(settings_of({{"application_name", "packet"}, {"options", "-c application_name=options"}}) == expected);
}

TEST_CASE("startup settings: malformed options are refused in PostgreSQL's words", "[client]") {
    CHECK(error_of("options", "-c foo").message == "-c foo requires a value");
    CHECK(error_of("options", "-cfoo").message == "-c foo requires a value");
    CHECK(error_of("options", "--foo").message == "--foo requires a value");
    CHECK(error_of("options", "-c").message == "invalid command-line argument for server process: -c");
    CHECK(error_of("options", "--").message == "invalid command-line argument for server process: --");
    CHECK(error_of("options", "jit=off").message == "invalid command-line argument for server process: jit=off");
    CHECK(error_of("options", "-x").sqlstate == "42601");
    CHECK(error_of("options", "-x").hint == "Try \"postgres --help\" for more information.");
    CHECK(error_of("options", "-c =1").sqlstate == "42704");
}

TEST_CASE("startup settings: client_encoding is spelled as PostgreSQL spells it", "[client]") {
    const ClientSettings expected{{"client_encoding", "UTF8"}};
    CHECK(settings_of({{"client_encoding", "'utf-8'"}}) == expected);
    CHECK(options("-c client_encoding=unicode") == expected);
    const SettingsError error = error_of("client_encoding", "klingon");
    CHECK(error.sqlstate == "22023");
    CHECK(error.message == "invalid value for parameter \"client_encoding\": \"klingon\"");
}

TEST_CASE("startup settings: encodings are known by name and alias", "[client]") {
    CHECK(canonical_encoding("UTF8") == "UTF8");
    CHECK(canonical_encoding("Latin-1") == "LATIN1");
    CHECK(canonical_encoding("ISO 8859-15") == "LATIN9");
    CHECK(canonical_encoding("windows-1251") == "WIN1251");
    CHECK(canonical_encoding("euc_jis_2004") == "EUC_JIS_2004");
    CHECK(canonical_encoding("").empty());
    CHECK(canonical_encoding("utf16").empty());
    CHECK(canonical_encoding(std::string(64, '-') + "utf8").empty());
}
