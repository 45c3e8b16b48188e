#include "metrics/exporter.hpp"

#include "proxy/core/pins.hpp"
#include "proxy/core/refusal.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

using pgweir::metrics::BreakerState;
using pgweir::metrics::ClientState;
using pgweir::metrics::expose;
using pgweir::metrics::LoginCells;
using pgweir::metrics::PinReason;
using pgweir::metrics::PoolSnapshot;
using pgweir::metrics::RelayCells;
using pgweir::metrics::Snapshot;

namespace {

// A daemon with two relay threads, one login thread and one pool.
struct Scrape {
    RelayCells relay_a;
    RelayCells relay_b;
    LoginCells login;
    Snapshot snapshot;

    Scrape() {
        snapshot.version = "1.2.3";
        snapshot.logins = {&login};
        snapshot.pools = {PoolSnapshot{.database = "app", .state = {}, .relays = {&relay_a, &relay_b}}};
    }

    bool has_line(const std::string& line) const {
        return ("\n" + expose(snapshot)).find("\n" + line + "\n") != std::string::npos;
    }
};

// `name type labels` of every family, sorted; the labels are those of any of its series.
std::string inventory(const std::string& text) {
    std::map<std::string, std::string> types;
    std::map<std::string, std::set<std::string>> labels;
    std::istringstream lines(text);
    std::string family;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            const std::size_t space = line.rfind(' ');
            family = line.substr(7, space - 7);
            types[family] = line.substr(space + 1);
        } else if (!line.starts_with("#")) {
            for (std::size_t at = line.find("=\""); at != std::string::npos; at = line.find("=\"", at + 1)) {
                const std::size_t start = line.find_last_of("{,", at) + 1;
                labels[family].insert(line.substr(start, at - start));
            }
        }
    }
    std::string result;
    for (const auto& [name, type] : types) {
        result += name + " " + type;
        for (const std::string& label : labels[name]) {
            result += " " + label;
        }
        result += "\n";
    }
    return result;
}

std::string golden_text(const std::string& name) {
    std::ifstream file(std::string(PGWEIR_SOURCE_DIR) + "/tests/golden/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}   // namespace

TEST_CASE("exporter: names, types and labels are those of the golden list", "[metrics]") {
    const Scrape scrape;
    CHECK(inventory(expose(scrape.snapshot)) == golden_text("metrics.txt"));
}

TEST_CASE("exporter: cells of several threads are shown as their sum", "[metrics]") {
    Scrape scrape;
    scrape.relay_a.statements.add(3);
    scrape.relay_b.statements.add(4);
    scrape.relay_a.clients[static_cast<std::size_t>(ClientState::waiting)].add(2);
    scrape.relay_b.clients[static_cast<std::size_t>(ClientState::waiting)].add(-1);
    CHECK(scrape.has_line("pgweir_statements_total{database=\"app\"} 7"));
    CHECK(scrape.has_line("pgweir_clients{database=\"app\",state=\"waiting\"} 1"));
    CHECK(scrape.has_line("pgweir_clients{database=\"app\",state=\"idle\"} 0"));
}

TEST_CASE("exporter: histograms are cumulative and summed over threads", "[metrics]") {
    Scrape scrape;
    scrape.relay_a.queue_wait.observe(0.0002);
    scrape.relay_b.queue_wait.observe(0.5);
    scrape.relay_b.queue_wait.observe(100.0);
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_bucket{database=\"app\",le=\"0.0001\"} 0"));
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_bucket{database=\"app\",le=\"0.00025\"} 1"));
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_bucket{database=\"app\",le=\"60\"} 2"));
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_bucket{database=\"app\",le=\"+Inf\"} 3"));
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_count{database=\"app\"} 3"));
    CHECK(scrape.has_line("pgweir_queue_wait_seconds_sum{database=\"app\"} 100.5002"));
}

TEST_CASE("exporter: the breaker's state is one series for each state", "[metrics]") {
    Scrape scrape;
    scrape.snapshot.pools[0].state.breaker = BreakerState::half_open;
    CHECK(scrape.has_line("pgweir_breaker_state{database=\"app\",state=\"closed\"} 0"));
    CHECK(scrape.has_line("pgweir_breaker_state{database=\"app\",state=\"open\"} 0"));
    CHECK(scrape.has_line("pgweir_breaker_state{database=\"app\",state=\"half_open\"} 1"));
}

TEST_CASE("exporter: refusals of logins and of queues are one family", "[metrics]") {
    Scrape scrape;
    scrape.login.refusals[0].add(5);
    scrape.snapshot.pools[0].state.refusals[4] = 6;
    CHECK(scrape.has_line("pgweir_refusals_total{reason=\"max_client_conn\"} 5"));
    CHECK(scrape.has_line("pgweir_refusals_total{database=\"app\",reason=\"queue_timeout\"} 6"));
    const std::string text = expose(scrape.snapshot);
    const std::string mark = "# TYPE pgweir_refusals_total";
    CHECK(text.find(mark) == text.rfind(mark));
}

TEST_CASE("exporter: pins are shown by reason", "[metrics]") {
    Scrape scrape;
    pgweir::metrics::PoolState& state = scrape.snapshot.pools[0].state;
    state.pinned = 3;
    state.pins[static_cast<std::size_t>(PinReason::advisory_lock)] = 2;
    state.pins_started[static_cast<std::size_t>(PinReason::setting)] = 7;
    state.pins_over_limit = 4;
    CHECK(scrape.has_line("pgweir_servers_pinned{database=\"app\"} 3"));
    CHECK(scrape.has_line("pgweir_pins{database=\"app\",reason=\"advisory_lock\"} 2"));
    CHECK(scrape.has_line("pgweir_pins{database=\"app\",reason=\"unknown\"} 0"));
    CHECK(scrape.has_line("pgweir_pins_started_total{database=\"app\",reason=\"setting\"} 7"));
    CHECK(scrape.has_line("pgweir_pins_over_limit_total{database=\"app\"} 4"));
}

TEST_CASE("exporter: the daemon's own facts are shown", "[metrics]") {
    Scrape scrape;
    scrape.snapshot.daemon = {.config_generation = 3,
                              .last_reload_ok = false,
                              .reloads = {2, 1},
                              .max_client_conn = 10000,
                              .clients_inside = 12,
                              .certificate_expires_at = {1893456000, 7}};
    scrape.snapshot.process.resident_bytes = 4096;
    CHECK(scrape.has_line("pgweir_build_info{version=\"1.2.3\"} 1"));
    CHECK(scrape.has_line("pgweir_config_generation 3"));
    CHECK(scrape.has_line("pgweir_config_last_reload_successful 0"));
    CHECK(scrape.has_line("pgweir_config_reloads_total{result=\"ok\"} 2"));
    CHECK(scrape.has_line("pgweir_config_reloads_total{result=\"failed\"} 1"));
    CHECK(scrape.has_line("pgweir_max_client_conn 10000"));
    CHECK(scrape.has_line("pgweir_clients_inside 12"));
    CHECK(scrape.has_line("pgweir_certificate_expiry_timestamp_seconds{listener=\"clients\"} 1893456000"));
    CHECK(scrape.has_line("pgweir_certificate_expiry_timestamp_seconds{listener=\"http\"} 7"));
    CHECK(scrape.has_line("process_resident_memory_bytes 4096"));
}

TEST_CASE("exporter: a database name cannot break out of its label", "[metrics]") {
    Scrape scrape;
    scrape.snapshot.pools[0].database = "a\"b\\c\nd";
    CHECK(scrape.has_line("pgweir_pool_size{database=\"a\\\"b\\\\c\\nd\"} 0"));
}

TEST_CASE("exporter: a daemon without pools still says what it is", "[metrics]") {
    Scrape scrape;
    scrape.snapshot.pools.clear();
    CHECK(scrape.has_line("pgweir_build_info{version=\"1.2.3\"} 1"));
    CHECK(scrape.has_line("pgweir_logins_total{outcome=\"accepted\"} 0"));
}

TEST_CASE("exporter: the reasons of refusals are the tokens that clients read", "[metrics]") {
    const auto& words = pgweir::metrics::refusal_words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        CHECK(std::string(words[i]) == pgweir::proxy::token(static_cast<pgweir::proxy::RefusalReason>(i)));
    }
}

TEST_CASE("exporter: the reasons of pins are the tokens of the pool", "[metrics]") {
    const auto& words = pgweir::metrics::pin_reason_words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        CHECK(std::string(words[i]) == token(static_cast<pgweir::proxy::PinReason>(i)));
    }
}
