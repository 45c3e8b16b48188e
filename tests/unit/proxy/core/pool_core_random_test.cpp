// Anything in any order: the fixture compares the pool with its model after every step.
#include "tests/support/pool_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace pgweir::test {

using proxy::DialOutcome;
using proxy::Duration;
using proxy::PinReason;
using proxy::PoolCoreLimits;
using proxy::ServerId;
using proxy::ServerState;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

struct Play {
    PoolFixture pool;
    std::mt19937 random;
    std::uint32_t next_client = 0;

    int below(int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); }

    static PoolCoreLimits any_limits(std::mt19937& random) {
        const auto upto = [&](unsigned most) { return static_cast<int>(random() % (most + 1)); };
        PoolCoreLimits limits;
        limits.pool_size = 1 + upto(7);
        limits.min_pool_size = upto(static_cast<unsigned>(limits.pool_size));
        limits.max_waiting = upto(12);
        limits.max_pinned = 1 + upto(static_cast<unsigned>(limits.pool_size - 1));
        limits.query_wait_timeout = upto(3) * 3s;
        limits.server_idle_timeout = upto(2) * 10s;
        limits.server_lifetime = upto(2) * 20s;
        return limits;
    }

    // Any client, one in three about to pin, one in two with a lease it had once.
    void acquire() {
        const proxy::Wish wish = below(3) == 0 ? proxy::Wish::pin : proxy::Wish::server;
        std::optional<proxy::LeaseMark> wanted;
        if (below(2) == 0) {
            wanted = pool.mark_of(ServerId{static_cast<std::uint32_t>(below(static_cast<int>(pool.states.size())))});
            wanted->number -= static_cast<std::uint32_t>(below(3) == 0);
        }
        pool.acquire(next_client++, wish, wanted);
    }

    // One of the servers in that state, if there is one.
    template <typename Verb>
    void on_one(ServerState state, Verb verb) {
        const auto servers = pool.servers(state);
        if (!servers.empty()) {
            verb(servers[static_cast<std::size_t>(below(static_cast<int>(servers.size())))]);
        }
    }

    void step() {
        switch (below(24)) {
        case 0:
        case 1:
        case 2:
        case 3: acquire(); break;
        case 4:
            if (!pool.queue.empty()) {
                const auto place = static_cast<std::size_t>(below(static_cast<int>(pool.queue.size())));
                REQUIRE(pool.leave(pool.queue[place].client.slot));
            }
            break;
        case 5:
        case 6:
        case 7: on_one(ServerState::leased, [&](ServerId server) { pool.release(server); }); break;
        case 8: on_one(ServerState::leased, [&](ServerId server) { pool.abandon(server); }); break;
        case 9: on_one(ServerState::recovering, [&](ServerId server) { pool.recovered(server); }); break;
        case 10: on_one(ServerState::idle, [&](ServerId server) { pool.begin_inspection(server); }); break;
        case 11: on_one(ServerState::inspecting, [&](ServerId server) { pool.end_inspection(server); }); break;
        case 12: {
            constexpr ServerState closable[] = {ServerState::idle, ServerState::leased, ServerState::recovering, ServerState::inspecting};
            on_one(closable[random() % 4], [&](ServerId server) { pool.close(server); });
            break;
        }
        case 13:
        case 14: on_one(ServerState::closing, [&](ServerId server) { pool.closed(server); }); break;
        case 15:
        case 16: on_one(ServerState::connecting, [&](ServerId server) { pool.logged_in(server); }); break;
        case 17:
            on_one(ServerState::connecting, [&](ServerId server) {
                const auto outcome = static_cast<DialOutcome>(1 + random() % (proxy::dial_outcome_count - 1));
                pool.login_failed(server, outcome, below(2) == 0 ? std::nullopt : std::optional(below(9)));
            });
            break;
        case 18:
        case 19:
        case 20:
            on_one(ServerState::leased,
                   [&](ServerId server) { pool.pin(server, static_cast<PinReason>(random() % proxy::pin_reason_count)); });
            break;
        case 21: on_one(ServerState::leased, [&](ServerId server) { pool.unpin(server); }); break;
        case 22: pool.tick(below(10) == 0 ? below(40) * 1s : below(300) * 1ms); break;
        default: rare();
        }
    }

    void rare() {
        switch (below(11)) {
        case 0: pool.set_limits(any_limits(random)); break;
        case 1: pool.rotate_all(); break;
        case 2: pool.want_welcome(); break;
        default: pool.core.admits_login(pool.clock.now);
        }
    }

    bool is_settled(bool is_retired) const {
        return pool.queue.empty() && pool.total() == (is_retired ? 0 : pool.count(ServerState::idle));
    }

    // Everything under way ends well.
    void finish_one_round() {
        on_one(ServerState::connecting, [&](ServerId server) { pool.logged_in(server); });
        on_one(ServerState::leased, [&](ServerId server) { pool.release(server); });
        on_one(ServerState::recovering, [&](ServerId server) { pool.recovered(server); });
        on_one(ServerState::inspecting, [&](ServerId server) { pool.end_inspection(server); });
        on_one(ServerState::closing, [&](ServerId server) { pool.closed(server); });
    }
};

}  // namespace

TEST_CASE("pool core: invariants hold whatever happens", "[proxy]") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        Play play{PoolFixture(Play::any_limits(random)), random};
        for (int i = 0; i < 400; ++i) {
            INFO("step " << i);
            play.step();
        }
        const bool is_last_day = seed % 2 == 0;
        if (is_last_day) {
            play.pool.retire();
            REQUIRE(play.pool.queue.empty());
        }
        // Nobody is forgotten; a retired pool ends without a server.
        for (int i = 0; i < 3000 && !play.is_settled(is_last_day); ++i) {
            play.finish_one_round();
            play.pool.tick(100ms);
        }
        REQUIRE(play.is_settled(is_last_day));
        REQUIRE(play.pool.core.facts(play.pool.clock.now).pinned == 0);
    }
}

}  // namespace pgweir::test
