// The ledger beside a naive server: whatever a client sends, in whatever order the two
// directions overtake each other, no reply is credited to the wrong side, and the server
// is never called idle while it is not.
#include "protocol/exchange.hpp"

#include "tests/support/ledger.hpp"
#include "tests/support/model_server.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace pgweir::test {

using protocol::Origin;
using Fate = ModelServer::Fate;

namespace {

struct World {
    Random random;
    Ledger ledger{};
    ModelServer server{};
    std::string trace{};
    bool is_closed = false;   // the ledger has found an unmatched reply

    void send(char type, Origin origin, Fate fate = Fate::works) {
        trace += origin == Origin::client ? " >" : " }";
        trace += type;
        server.send({type, origin, fate}, ledger.exchange.wants_copy_data());
        ledger.sends(std::string(1, type), origin);
        check_idle();
    }

    void deliver() {
        if (server.output.empty() || is_closed) {
            return;
        }
        const ModelServer::Outgoing message = server.output.front();
        server.output.pop_front();
        const char verdict = Ledger::letter(ledger.reply(message.type));
        trace += std::string(" <") + message.type + verdict;
        if (verdict == 'x' && server.is_doubtful()) {
            is_closed = true;
            return;
        }
        INFO(trace);
        REQUIRE(std::string_view(permitted(message)).find(verdict) != std::string_view::npos);
        check_idle();
    }

    // Where a failed COPY has left doubt, what the proxy asked for when its client had left
    // may be taken for the client's and the other way round: both are the proxy's then.
    const char* permitted(const ModelServer::Outgoing& message) const {
        const bool is_doubtful = server.is_doubtful();
        const bool is_ready = message.type == 'Z' || message.type == '+';
        if (message.type == 'A') {
            return "a";
        }
        if (message.origin == Origin::client) {
            return message.type == 'N' ? "ca" : is_doubtful && is_ready ? "cp" : "c";
        }
        return message.type == 'N' ? "pca" : is_doubtful ? "pc" : "p";
    }

    void check_idle() {
        if (!ledger.exchange.is_idle()) {
            return;
        }
        INFO(trace);
        REQUIRE(server.is_at_rest());
    }

    void settle() {
        for (int i = 0; i < 200 && !is_closed; ++i) {
            server.step(random);
            deliver();
        }
        while (!server.output.empty() && !is_closed) {
            deliver();
        }
    }
};

// Mostly what drivers send; `wild` also what they do not.
char any_type(Random& random, bool is_wild) {
    constexpr std::string_view common = "QQQQPPBBDEEESSSSCHF";
    constexpr std::string_view wild = "QPBDESCHFdcfdcf";
    const std::string_view types = is_wild ? wild : common;
    return types[random() % types.size()];
}

Fate any_fate(Random& random) {
    constexpr Fate fates[] = {Fate::works,           Fate::works,           Fate::works,      Fate::fails,    Fate::copies_in,
                              Fate::copies_in_badly, Fate::copies_in_twice, Fate::copies_out, Fate::suspends, Fate::is_empty};
    return fates[random() % std::size(fates)];
}

void client_acts(World& world, bool is_wild) {
    Random& random = world.random;
    if (world.ledger.exchange.wants_copy_data() && below(random, 4) != 0) {
        const char type = "dddccfS"[random() % 7];
        world.send(type, Origin::client, below(random, 8) == 0 ? Fate::fails : Fate::works);
        return;
    }
    if (world.ledger.exchange.is_idle() && below(random, 4) == 0) {
        world.send('Q', Origin::proxy, below(random, 4) == 0 ? Fate::fails : Fate::works);
        return;
    }
    // A tame client sends at most a Sync behind a COPY statement until it knows more.
    const bool must_wait = !is_wild && (world.server.may_be_in_copy() || world.ledger.exchange.wants_copy_data());
    world.send(must_wait ? 'S' : any_type(random, is_wild), Origin::client, any_fate(random));
}

// What the proxy does for a client that has left, in the simplest form.
void client_leaves(World& world) {
    for (int round = 0; round < 10 && !world.is_closed; ++round) {
        if (world.ledger.exchange.wants_copy_data()) {
            world.send('f', Origin::proxy);
        }
        if (world.ledger.exchange.wants_sync()) {
            world.send('S', Origin::proxy);
        }
        world.settle();
    }
    if (world.is_closed || !world.ledger.exchange.is_complete()) {
        return;
    }
    world.server.is_in_transaction = false;   // as if by ROLLBACK
    world.send('Q', Origin::proxy, Fate::is_empty);
    world.settle();
}

}  // namespace

TEST_CASE("exchange: agrees with a naive server whatever is sent", "[protocol]") {
    const bool is_wild = GENERATE(false, true);
    int closed = 0;
    constexpr unsigned runs = 3000;
    for (unsigned seed = 1; seed <= runs; ++seed) {
        INFO("seed " << seed << (is_wild ? ", wild" : ""));
        World world{Random(seed)};
        for (int i = 0; i < 60 && !world.is_closed; ++i) {
            switch (below(world.random, 3)) {
            case 0: client_acts(world, is_wild); break;
            case 1: world.server.step(world.random); break;
            default: world.deliver();
            }
        }
        client_leaves(world);
        closed += world.is_closed && !is_wild;
        // A server that COPY has left in doubt may stay unusable; all others come back.
        INFO(world.trace);
        if (!world.server.is_doubtful()) {
            REQUIRE(world.ledger.exchange.is_idle());
        }
    }
    CHECK(closed < static_cast<int>(runs / 10));
}

}  // namespace pgweir::test
