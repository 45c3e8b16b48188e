// Which limit in time has struck what a client does with its server, on virtual time.
#include "proxy/core/lease_limits.hpp"

#include "tests/support/virtual_clock.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <optional>
#include <ostream>

namespace pgweir::proxy {

std::ostream& operator<<(std::ostream& out, LeaseVerdict::Kind kind) {
    constexpr std::array names = {"nothing",    "detach",     "soft_detach",      "end_idle",          "end_old",
                                  "detach_old", "cancel_old", "cancel_statement", "cancel_slow_reader"};
    return out << names[static_cast<std::size_t>(kind)];
}

}  // namespace pgweir::proxy

namespace pgweir::test {

using proxy::LeaseClock;
using proxy::LeaseLimits;
using proxy::LeaseView;
using proxy::ReaderWatch;
using Kind = proxy::LeaseVerdict::Kind;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

constexpr std::size_t backlog = 1000;

// A client with a server: idle in a transaction to begin with.
struct Holder {
    VirtualClock time{};
    LeaseClock clock{time.now};
    ReaderWatch reader{};
    LeaseView view{.in_transaction = true, .last_active = time.now};
    LeaseLimits limits{.idle_transaction_timeout = 60s, .idle_transaction_soft_timeout = 10s, .slow_reader_timeout = 5s};
    std::int64_t taken = 0;

    void runs() {
        view.is_running = true;
        view.last_active = time.now;
        clock.begun(time.now, true);
    }
    void takes(std::int64_t bytes) { taken += bytes; }
    void is_paused() {
        view.is_unread = true;
        reader.paused(taken, backlog, time.now);
    }
    Kind after(proxy::Duration step) {
        time.advance(step);
        return judge(view, clock, reader, limits, time.now).kind;
    }
};

}  // namespace

TEST_CASE("lease limits: idle in a transaction, a server is wanted back first softly and then whatever the load", "[proxy]") {
    Holder holder;
    CHECK(holder.after(9999ms) == Kind::nothing);
    CHECK(holder.after(1ms) == Kind::soft_detach);
    CHECK(holder.after(49s) == Kind::soft_detach);
    CHECK(holder.after(1s) == Kind::detach);
    CHECK(judge(holder.view, holder.clock, holder.reader, holder.limits, holder.time.now).lasted == 60s);
}

TEST_CASE("lease limits: idle begins with the last reply or the last byte of the client's", "[proxy]") {
    Holder holder;
    holder.runs();
    CHECK(holder.after(30s) == Kind::nothing);
    holder.view.is_running = false;
    SECTION("a statement that took long") { holder.clock.answered(holder.time.now); }
    SECTION("a statement that comes in pieces") { holder.view.last_active = holder.time.now; }
    CHECK(holder.after(9s) == Kind::nothing);
    CHECK(holder.after(1s) == Kind::soft_detach);
}

TEST_CASE("lease limits: zero is no limit", "[proxy]") {
    Holder holder;
    holder.limits = {};
    SECTION("idle") {}
    SECTION("running") { holder.runs(); }
    SECTION("not reading") {
        holder.runs();
        holder.is_paused();
    }
    CHECK(holder.after(1000h) == Kind::nothing);
}

TEST_CASE("lease limits: a soft limit beyond the hard one means nothing, and each stands alone", "[proxy]") {
    Holder holder;
    SECTION("beyond") {
        holder.limits.idle_transaction_soft_timeout = 2min;
        CHECK(holder.after(59s) == Kind::nothing);
        CHECK(holder.after(1s) == Kind::detach);
    }
    SECTION("soft alone") {
        holder.limits.idle_transaction_timeout = 0s;
        CHECK(holder.after(100h) == Kind::soft_detach);
    }
}

TEST_CASE("lease limits: who is bound to a server is left alone, and then goes with it", "[proxy]") {
    Holder holder;
    holder.view.is_bound = true;
    CHECK(holder.after(59s) == Kind::nothing);
    CHECK(holder.after(1s) == Kind::end_idle);
}

TEST_CASE("lease limits: a server kept between transactions is no concern of theirs", "[proxy]") {
    Holder holder;
    holder.limits = {.query_timeout = 1s, .transaction_timeout = 1s, .idle_transaction_timeout = 1s, .idle_transaction_soft_timeout = 1s};
    holder.view.in_transaction = false;
    CHECK(holder.after(1h) == Kind::nothing);
}

TEST_CASE("lease limits: a statement is cancelled when it has run for query_timeout", "[proxy]") {
    Holder holder;
    holder.limits.query_timeout = 2s;
    CHECK(holder.after(5s) == Kind::nothing);
    holder.runs();
    CHECK(holder.after(1999ms) == Kind::nothing);
    SECTION("one") { CHECK(holder.after(1ms) == Kind::cancel_statement); }
    SECTION("the next of several has its own time") {
        holder.clock.next_statement(holder.time.now);
        CHECK(holder.after(1999ms) == Kind::nothing);
        CHECK(holder.after(1ms) == Kind::cancel_statement);
    }
    SECTION("one of which the server has not got everything does not run") {
        holder.view.is_sending = true;
        CHECK(holder.after(1h) == Kind::nothing);
    }
    SECTION("but COPY does") {
        holder.view.is_sending = holder.view.is_copying = true;
        CHECK(holder.after(1ms) == Kind::cancel_statement);
    }
}

TEST_CASE("lease limits: a transaction may be transaction_timeout old, over all its statements", "[proxy]") {
    Holder holder;
    holder.limits.transaction_timeout = 5s;
    holder.runs();
    CHECK(holder.after(3s) == Kind::nothing);
    holder.clock.begun(holder.time.now, false);
    CHECK(holder.after(1999ms) == Kind::nothing);
    SECTION("running") {
        CHECK(holder.after(1ms) == Kind::cancel_old);
        holder.clock.struck();
        CHECK(holder.after(1s) == Kind::nothing);
        holder.runs();
        CHECK(holder.after(5s) == Kind::cancel_old);
    }
    SECTION("idle") {
        holder.view.is_running = false;
        CHECK(holder.after(1ms) == Kind::detach_old);
        holder.view.is_bound = true;
        CHECK(holder.after(1ms) == Kind::end_old);
    }
    SECTION("in the middle of a message that does not come to an end") {
        holder.view.is_sending = true;
        CHECK(holder.after(1ms) == Kind::end_old);
    }
}

TEST_CASE("lease limits: who takes less than a backlog in slow_reader_timeout is slow", "[proxy]") {
    Holder holder;
    holder.runs();
    holder.is_paused();
    CHECK(holder.after(4999ms) == Kind::nothing);
    SECTION("nothing is taken") { CHECK(holder.after(1ms) == Kind::cancel_slow_reader); }
    SECTION("next to nothing is taken") {
        holder.takes(backlog - 1);
        holder.is_paused();
        CHECK(holder.after(1ms) == Kind::cancel_slow_reader);
    }
    SECTION("a backlog is taken, over and over") {
        for (int round = 0; round < 100; ++round) {
            holder.takes(backlog);
            holder.is_paused();
            CHECK(holder.after(4999ms) == Kind::nothing);
        }
        CHECK(holder.after(1ms) == Kind::cancel_slow_reader);
    }
    SECTION("everything is taken") {
        holder.reader.caught_up();
        CHECK(holder.after(1h) == Kind::nothing);
        holder.is_paused();
        CHECK(holder.after(4999ms) == Kind::nothing);
    }
    SECTION("it is the server that takes its time") {
        holder.view.is_unread = false;
        CHECK(holder.after(1h) == Kind::nothing);
    }
}

TEST_CASE("lease clock: what was answered took from its beginning to its last answer, once", "[proxy]") {
    VirtualClock time;
    LeaseClock clock(time.now);
    time.advance(3s);
    SECTION("begun with the client's bytes") {
        clock.begun(time.now, true);
        time.advance(250ms);
        CHECK(clock.answered(time.now) == std::optional<proxy::Duration>(250ms));
    }
    SECTION("begun with the lease, by a BEGIN of ours") {
        CHECK(clock.answered(time.now) == std::optional<proxy::Duration>(3s));
    }
    time.advance(1min);
    CHECK(clock.answered(time.now) == std::nullopt);
    clock.begun(time.now, false);
    clock.next_statement(time.now + 1s);
    time.advance(2s);
    CHECK(clock.answered(time.now) == std::optional<proxy::Duration>(2s));
}

}  // namespace pgweir::test
