#include "proxy/simulation/upstream.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using config::UpstreamOptions;
using proxy::Upstream;
using proxy::UpstreamOutcome;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST_CASE("upstream: it grants as many connections as the ceiling of the moment, and says so when it tells", "[proxy]") {
    UpstreamOptions options;
    options.ceiling = 2;
    options.tells_ceiling = GENERATE(false, true);
    options.ceiling_changes = {{.at = 10s, .to = 1}, {.at = 20s, .to = 3}};
    Upstream upstream(options);
    CHECK(upstream.finish_login(0s, 1s).outcome == UpstreamOutcome::ok);
    CHECK(upstream.finish_login(0s, 1s).outcome == UpstreamOutcome::ok);
    const proxy::UpstreamAnswer refused = upstream.finish_login(0s, 1s);
    CHECK(refused.outcome == UpstreamOutcome::no_capacity);
    CHECK(refused.ceiling == (options.tells_ceiling ? std::optional<int>(2) : std::nullopt));
    upstream.disconnect();
    CHECK(upstream.finish_login(9s, 10s).outcome == UpstreamOutcome::no_capacity);
    CHECK(upstream.finish_login(19s, 20s).outcome == UpstreamOutcome::ok);
    CHECK(upstream.finish_login(19s, 20s).outcome == UpstreamOutcome::ok);
    CHECK(upstream.connections() == 3);
}

TEST_CASE("upstream: a login fails when an outage touches it", "[proxy]") {
    UpstreamOptions options;
    options.outages = {{.from = 10s, .duration = 5s}};
    Upstream upstream(options);
    CHECK(upstream.finish_login(9s, 9999ms).outcome == UpstreamOutcome::ok);
    CHECK(upstream.finish_login(9s, 10s).outcome == UpstreamOutcome::unreachable);
    CHECK(upstream.finish_login(9s, 16s).outcome == UpstreamOutcome::unreachable);
    CHECK(upstream.finish_login(14999ms, 16s).outcome == UpstreamOutcome::unreachable);
    CHECK(upstream.finish_login(15s, 16s).outcome == UpstreamOutcome::ok);
}

TEST_CASE("upstream: the server time that could be had follows ceiling and outages", "[proxy]") {
    UpstreamOptions options;
    CHECK(Upstream(options).possible_time(20, 10s) == 200s);
    options.ceiling = 30;
    CHECK(Upstream(options).possible_time(20, 10s) == 200s);
    options.ceiling_changes = {{.at = 4s, .to = 5}, {.at = 60s, .to = 1}};
    CHECK(Upstream(options).possible_time(20, 10s) == 80s + 30s);
    options.outages = {{.from = 2s, .duration = 3s}, {.from = 9s, .duration = 100s}};
    CHECK(Upstream(options).possible_time(20, 10s) == 40s + 20s);
}

}  // namespace pgweir::test
