// Frames of `pgweir top`: that they fit every screen, and what stands in them.
#include "proxy/top/frame.hpp"

#include "proxy/top/pool_lines.hpp"
#include "proxy/top/screen_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace proxy = pgweir::proxy;
using proxy::FrameInput;
using proxy::Line;
using proxy::Look;
using proxy::Sample;
using proxy::ScreenSize;
using proxy::ShowTable;

namespace {

struct Fill {
    int pools = 2;
    int holders = 3;
    int waiting = 4;
};

void add_pool(Sample& sample, const std::string& name, const std::string& breaker, int in_use, int usage) {
    sample.pools.rows.push_back({name, "3", "1", "500000"});
    sample.breaker.rows.push_back({name, breaker, "no", std::to_string(in_use), "20", std::to_string(usage), "80", "7"});
    sample.stats.rows.push_back({name, "1000", "42"});
}

Sample make_sample(Fill fill) {
    Sample sample;
    sample.daemon = {{"key", "value"},
                     {{"version", "0.1.0"}, {"uptime_ms", "11520000"}, {"config_generation", "3"}, {"clients", "123"}, {"max_client_conn", "10000"}, {"draining", "no"}}};
    sample.pools.columns = {"database", "cl_waiting", "maxwait", "maxwait_us"};
    sample.breaker.columns = {"database", "state", "forced", "in_use", "effective_size", "usage_pct", "open_above_pct", "refused"};
    sample.stats.columns = {"database", "total_query_count", "avg_query_count"};
    for (int i = 0; i < fill.pools; ++i) add_pool(sample, "pool" + std::to_string(i), "closed", 10, 50);
    sample.holders.columns = {"database", "backend_pid", "client_id", "user", "application_name", "address", "state", "transaction_age_ms", "pinned", "statement"};
    for (int i = 0; i < fill.holders; ++i)
        sample.holders.rows.push_back({"pool0", "4711", "65", "lambda", "checkout" + std::to_string(i), "10.0.0.7:51234", "idle in transaction",
                                       std::to_string(1000 * (i + 1)), "", "UPDATE stock SET n = n - ? WHERE id = $1 AND warehouse = $2"});
    sample.queue.columns = {"database", "client_id", "user", "application_name", "address", "waiting_ms", "query_wait_timeout_ms"};
    for (int i = 0; i < fill.waiting; ++i) sample.queue.rows.push_back({"pool0", "99", "lambda", "report", "10.0.0.9:1", "2500", "30000"});
    return sample;
}

std::string text_of(const std::vector<Line>& lines) {
    std::string text;
    for (const Line& line : lines) text += line.text + "\n";
    return text;
}

const Line& line_with(const std::vector<Line>& lines, const std::string& part) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return line.text.find(part) != std::string::npos; });
    INFO(text_of(lines) << "has no " << part);
    REQUIRE(found != lines.end());
    return *found;
}

bool has(const std::vector<Line>& lines, const std::string& part) { return text_of(lines).find(part) != std::string::npos; }

}  // namespace

TEST_CASE("top frame: fits every screen, its last line is the footer, and no line is more than clean text", "[top]") {
    const auto size = GENERATE(ScreenSize{24, 80}, ScreenSize{10, 40}, ScreenSize{60, 200}, ScreenSize{1, 1}, ScreenSize{2, 7}, ScreenSize{5, 20});
    const auto fill = GENERATE(Fill{0, 0, 0}, Fill{1, 0, 0}, Fill{2, 3, 4}, Fill{300, 0, 0}, Fill{300, 300, 300}, Fill{1, 300, 0});
    const Sample sample = make_sample(fill);
    for (const std::string& footer : {std::string(), std::string("q quit")}) {
        const std::vector<Line> lines = proxy::make_frame({.now = &sample, .footer = footer}, size);
        CHECK(lines.size() <= size.rows);
        if (!footer.empty()) {
            CHECK(lines.size() == size.rows);
            CHECK(lines.back().text.substr(0, 1) == (size.columns == 1 ? "~" : "q"));
        }
        for (const Line& line : lines) {
            CHECK(proxy::width_of(line.text) <= size.columns);
            CHECK(proxy::clean(line.text) == line.text);
        }
    }
}

TEST_CASE("top frame: at 80x24 everything that matters can be read", "[top]") {
    const Sample sample = make_sample({});
    const std::vector<Line> lines = proxy::make_frame({.now = &sample, .footer = "q quit"}, {24, 80});
    CHECK(lines[0].text == "pgweir 0.1.0  breaker closed  clients 123/10000  up 3h12m  generation 3");
    CHECK(lines[1].text == "servers 20/40  waiting 6 (longest 1.5s)  84 queries/s  refused 14");
    CHECK(line_with(lines, "POOL").look == Look::title);
    CHECK(line_with(lines, "POOL").text == "POOL  SERVERS USAGE                BREAKER WAIT LONGEST QUERY/S REFUSED");
    CHECK(line_with(lines, "pool0").text == "pool0   10/20   50% [######   |  ] closed     3    1.5s      42       7");
    CHECK(has(lines, "checkout2"));
    CHECK(has(lines, "UPDATE stock SET n = n"));
    CHECK(has(lines, "WAITS"));
    CHECK(has(lines, "30.0s"));
}

TEST_CASE("top frame: nothing held and no pools are said in words", "[top]") {
    const Sample sample = make_sample({0, 0, 0});
    const std::vector<Line> lines = proxy::make_frame({.now = &sample}, {24, 80});
    CHECK(has(lines, "no pools"));
    CHECK(has(lines, "nobody holds a server"));
    CHECK_FALSE(has(lines, "WAITS"));
}

TEST_CASE("top frame: before the first answer there is only the footer", "[top]") {
    const std::vector<Line> lines = proxy::make_frame({.footer = "no connection", .footer_look = Look::alarm}, {24, 80});
    REQUIRE(lines.size() == 24);
    CHECK(lines.back().text == "no connection");
    CHECK(lines.back().look == Look::alarm);
}

TEST_CASE("top frame: the oldest transactions come first, and those of nobody last", "[top]") {
    Sample sample = make_sample({1, 0, 0});
    for (const char* age : {"5", "", "70000", "900"})
        sample.holders.rows.push_back({"pool0", "1", "2", "u", std::string("age") + (age[0] == '\0' ? "less" : age), "a", "active", age, "", "x"});
    const std::string text = text_of(proxy::make_frame({.now = &sample}, {24, 80}));
    CHECK(text.find("age70000") < text.find("age900"));
    CHECK(text.find("age900") < text.find("age5"));
    CHECK(text.find("age5") < text.find("ageless"));
    CHECK(text.find("1m10s") != std::string::npos);
}

TEST_CASE("top frame: of many pools the worst are shown, and how many are not", "[top]") {
    Sample sample = make_sample({300, 300, 0});
    add_pool(sample, "burning", "open", 20, 100);
    add_pool(sample, "smoking", "half_open", 2, 10);
    const std::vector<Line> lines = proxy::make_frame({.now = &sample}, {24, 80});
    CHECK(lines[0].look == Look::alarm);
    CHECK(lines[0].text.find("breaker open") != std::string::npos);
    CHECK(line_with(lines, "burning").look == Look::alarm);
    CHECK(line_with(lines, "smoking").look == Look::warning);
    CHECK(text_of(lines).find("burning") < text_of(lines).find("smoking"));
    const auto shown = std::count_if(lines.begin(), lines.end(), [](const Line& line) { return line.text.find("/20 ") != std::string::npos; });
    CHECK(has(lines, "and " + std::to_string(302 - shown) + " more pools"));
    const auto held = std::count_if(lines.begin(), lines.end(), [](const Line& line) { return line.text.find("checkout") != std::string::npos; });
    CHECK(has(lines, "and " + std::to_string(300 - held) + " more\n"));
}

TEST_CASE("top frame: on a narrow screen the columns that matter least are left out", "[top]") {
    const Sample sample = make_sample({});
    const std::vector<Line> narrow = proxy::make_frame({.now = &sample}, {24, 40});
    CHECK(has(narrow, "WAIT"));
    CHECK_FALSE(has(narrow, "LONGEST"));
    CHECK_FALSE(has(narrow, "ADDRESS"));
    CHECK(has(narrow, "STATEMENT"));
    const std::vector<Line> wide = proxy::make_frame({.now = &sample}, {60, 200});
    CHECK(has(wide, "ADDRESS"));
    CHECK(has(wide, "WHERE id = $1 AND warehouse = $2"));
}

TEST_CASE("top frame: rates are the difference of two samples, and never negative", "[top]") {
    Sample before = make_sample({1, 0, 0});
    Sample now = before;
    now.at = before.at + std::chrono::seconds(2);
    now.stats.rows[0][1] = "1500";
    now.breaker.rows[0][7] = "10";
    const auto pools = proxy::read_pools(now, &before);
    CHECK(pools.at(0).queries_per_second == Approx(250));
    CHECK(pools.at(0).newly_refused == 3);
    CHECK(has(proxy::make_frame({.now = &now, .before = &before}, {24, 80}), "refused 10 (3 just now)"));
    CHECK(proxy::read_pools(before, &now).at(0).queries_per_second == Approx(42));   // no time has passed: the daemon's average
    before.at = now.at + std::chrono::seconds(1);
    CHECK(proxy::read_pools(before, &now).at(0).queries_per_second == Approx(0));
    CHECK(proxy::read_pools(before, &now).at(0).newly_refused == 0);
}

TEST_CASE("top frame: names that try to move the cursor stay in their columns", "[top]") {
    const std::string hostile = GENERATE(std::string("\x1b[2J\x1b[H\x9b" "31m"), std::string("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2"),
                                         std::string("a\r\nb\tc\a"), std::string("\xe2\x80\xae" "evil"), std::string("\xc2\x9b" "2J"), std::string(5000, 'x'));
    Sample sample = make_sample({1, 2, 1});
    sample.holders.rows[0][4] = sample.holders.rows[0][9] = sample.queue.rows[0][3] = hostile;
    const std::vector<Line> lines = proxy::make_frame({.now = &sample}, {24, 80});
    for (const Line& line : lines) {
        CHECK(proxy::width_of(line.text) <= 80);
        CHECK(proxy::clean(line.text) == line.text);
    }
    // The statement of the other holder begins where its title does.
    const auto place_of = [&](const std::string& text) { const std::string& line = line_with(lines, text).text; return proxy::width_of(line.substr(0, line.find(text))); };
    CHECK(place_of("STATEMENT") == place_of("UPDATE stock"));
}
