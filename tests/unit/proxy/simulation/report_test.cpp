#include "proxy/simulation/report.hpp"

#include "tests/support/played.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace pgweir::test {

using std::chrono_literals::operator""s;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string table_of(std::string_view yaml) {
    const Played played = play(yaml);
    return proxy::report_table(*played.scenario, played.result);
}

}  // namespace

TEST_CASE("simulation report: no line is longer than 100 columns, whatever the numbers", "[proxy]") {
    Played played = play("duration: 20s\nflows: { sixteen-letters.: , b: }\n");
    constexpr std::uint64_t many = 999'999'999;
    for (proxy::FlowFigures& flow : played.result.flows) {
        proxy::FlowCounts& counts = flow.counts;
        for (std::uint64_t* count : {&counts.invocations, &counts.no_lambda, &counts.attempts, &counts.retries, &counts.admitted,
                                     &counts.done, &counts.given_up, &counts.broken, &counts.timeouts, &counts.frozen})
            *count = many;
        counts.refused.fill(many);
        for (proxy::TimeFigures* times : {&flow.wait, &flow.latency})
            *times = {.mean = 99999s, .p50 = 99999s, .p99 = 99999s, .max = 99999s};
    }
    played.result.pool.standing.breaker_openings = many;
    played.result.pool.logins = {.ok = 999'999, .refused = 999'999, .failed = 999'999};
    const std::string table = proxy::report_table(*played.scenario, played.result);
    for (const std::string& line : lines_of(table)) {
        INFO(line);
        CHECK(line.size() <= 100);
    }
    for (const char* word : {"max_user_client_connections", "no lambda", "frozen", "Jain", "done/s", "p99", "opened"})
        CHECK(table.find(word) != std::string::npos);
}

TEST_CASE("simulation report: what did not happen has no line", "[proxy]") {
    const std::string table = table_of("duration: 5s\nflows: { calm: { lambdas: 2 } }\n");
    CHECK(table.find("refused because of") == std::string::npos);
    CHECK(table.find("opened 0x") != std::string::npos);
}

TEST_CASE("simulation report: the CSV has a row for each flow and interval, all of one width", "[proxy]") {
    const Played played = play("duration: 5s\ninterval: 500ms\nflows: { a: {}, b: { from: 2s } }\n");
    const std::vector<std::string> lines = lines_of(proxy::report_csv(*played.scenario, played.result));
    REQUIRE(lines.size() == 1 + 2 * 10);
    const auto commas = std::count(lines.front().begin(), lines.front().end(), ',');
    for (const std::string& line : lines) CHECK(std::count(line.begin(), line.end(), ',') == commas);
    CHECK(lines[0].starts_with("from_s,to_s,flow,invocations,"));
    CHECK(lines[1].starts_with("0,0.5,a,"));
    CHECK(lines[20].starts_with("4.5,5,b,"));
}

TEST_CASE("simulation report: a last interval that is cut short is a row of its own", "[proxy]") {
    const Played played = play("duration: 5s\ninterval: 2s\nflows: { a: {} }\n");
    const std::vector<std::string> lines = lines_of(proxy::report_csv(*played.scenario, played.result));
    REQUIRE(lines.size() == 4);
    CHECK(lines[3].starts_with("4,5,a,"));
}

TEST_CASE("simulation report: the scenarios in deploy/ load, and show something", "[proxy]") {
    const std::filesystem::path folder = std::filesystem::path(PGWEIR_SOURCE_DIR) / "deploy/scenarios";
    int seen = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        const config::ScenarioResult loaded = config::load_scenario(file.path().string(), config::Surroundings{});
        for (const config::Diagnostic& problem : loaded.problems) UNSCOPED_INFO(problem.text());
        REQUIRE(loaded.scenario);
        const Played played{.scenario = loaded.scenario,
                            .result = proxy::simulate(*loaded.scenario, proxy::pool_limits(loaded.scenario->pool).core)};
        check_sums(played);
        CHECK(played.goodput() > 10);
        ++seen;
    }
    CHECK(seen >= 4);
}

}  // namespace pgweir::test
