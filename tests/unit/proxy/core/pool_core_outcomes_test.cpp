// Logins that end in any way and any order: what the upstream is promised holds all the same.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::Duration;
using proxy::ServerState;
using proxy::TimePoint;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

struct Play {
    PoolFixture pool;
    std::mt19937 random;
    std::uint32_t next_client = 0;
    std::vector<TimePoint> refused_credentials{};
    std::vector<TimePoint> refused_probes{};
    std::array<double, proxy::dial_outcome_count> weights{};   // how likely each outcome is in this play

    bool one_in(unsigned chance) { return random() % chance == 0; }

    DialOutcome any_outcome() {
        std::discrete_distribution<int> which(weights.begin(), weights.end());
        return static_cast<DialOutcome>(which(random));
    }

    void end_login() {
        const proxy::ServerId server = pool.first(ServerState::connecting);
        const DialOutcome outcome = any_outcome();
        const bool is_probe = pool.probes.contains(server);
        if (outcome == DialOutcome::ok) {
            pool.logged_in(server);
            return;
        }
        if (outcome == DialOutcome::credential || outcome == DialOutcome::locked_out) {
            refused_credentials.push_back(pool.clock.now);
        }
        if (is_probe && outcome == DialOutcome::capacity) {
            refused_probes.push_back(pool.clock.now);
        }
        pool.login_failed(server, outcome, one_in(2) ? std::nullopt : std::optional(static_cast<int>(random() % 9)));
    }

    void step() {
        if (one_in(3)) {
            pool.acquire(next_client++);
        }
        while (pool.count(ServerState::connecting) > 0 && one_in(2)) {
            end_login();
        }
        if (pool.count(ServerState::leased) > 0 && one_in(4)) {
            pool.release(pool.first(ServerState::leased));
        }
        if (pool.count(ServerState::idle) > 0 && one_in(20)) {
            pool.close(pool.first(ServerState::idle));
        }
        if (pool.count(ServerState::leased) > 0 && one_in(40)) {
            pool.close(pool.first(ServerState::leased));
        }
        if (pool.count(ServerState::closing) > 0 && one_in(3)) {
            pool.closed(pool.first(ServerState::closing));
        }
        if (one_in(200)) {
            pool.want_welcome();
        }
        pool.tick(one_in(20) ? Duration(10s) : Duration(100ms));
    }
};

}  // namespace

TEST_CASE("pool core: whatever logins come to, credentials and probes are refused no more often than promised", "[proxy]") {
    std::size_t all_credentials = 0;
    std::size_t all_probes = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        proxy::PoolCoreLimits limits;
        limits.pool_size = 1 + static_cast<int>(random() % 8);
        limits.min_pool_size = static_cast<int>(random() % 3);
        limits.min_pool_size = std::min(limits.min_pool_size, limits.pool_size);
        Play play{PoolFixture(limits), random};
        for (double& weight : play.weights) {
            weight = static_cast<double>(1 + random() % 10);
        }
        play.weights[0] += static_cast<double>(random() % 30);
        for (int i = 0; i < 3000; ++i) {
            play.step();
        }
        const auto& credentials = play.refused_credentials;
        for (std::size_t i = 3; i < credentials.size(); ++i) {
            REQUIRE(credentials[i] - credentials[i - 3] > 150s);
        }
        const auto& probes = play.refused_probes;
        for (std::size_t i = 1; i < probes.size(); ++i) {
            REQUIRE(probes[i] - probes[i - 1] >= 30s);
        }
        all_credentials += credentials.size();
        all_probes += probes.size();
    }
    // It was put to the test.
    CHECK(all_credentials > 60);
    CHECK(all_probes > 60);
}

}  // namespace pgweir::test
