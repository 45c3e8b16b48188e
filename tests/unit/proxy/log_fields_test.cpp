#include "proxy/log_fields.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <random>
#include <string>

using pgweir::proxy::event_of;
using pgweir::proxy::json_members;

TEST_CASE("log fields: the event is the first word", "[admin]") {
    CHECK(event_of("event=refused pool=app") == "refused");
    CHECK(event_of("event=started") == "started");
    CHECK(event_of("pool=app event=x").empty());
    CHECK(event_of("").empty());
}

TEST_CASE("log fields: each key is a member", "[admin]") {
    CHECK(json_members("event=refused pool=app waited_ms=12 empty=") == R"("event":"refused","pool":"app","waited_ms":"12","empty":"")");
    CHECK(json_members(R"(event=login_failed user="a b=c" text="say \"no\" \\ \n" id=1)") ==
          R"("event":"login_failed","user":"a b=c","text":"say \"no\" \\ \\n","id":"1")");
}

TEST_CASE("log fields: what has no key comes under text", "[admin]") {
    CHECK(json_members("event=config_changed limits.pool_size: 20 -> 30 (live)") ==
          R"j("event":"config_changed","text":"limits.pool_size: 20 -> 30 (live)")j");
    CHECK(json_members("no event at all") == R"("text":"no event at all")");
    CHECK(json_members("").empty());
}

TEST_CASE("log fields: whatever a line is, the members are JSON", "[admin]") {
    std::mt19937 random(7);   // NOLINT: the same every time
    const std::string alphabet = std::string("ab_=\"\\ \n\t\x01\x7f\xff\xc3\xa9{},:") + '\0';
    for (int i = 0; i < 20'000; ++i) {
        std::string line(random() % 40, ' ');
        for (char& c : line) c = alphabet[random() % alphabet.size()];
        INFO(i);
        boost::json::error_code error;
        boost::json::parse("{" + json_members(line) + "}", error);
        REQUIRE_FALSE(error);
    }
}
