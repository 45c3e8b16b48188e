// How long a client may hold a server, and doing what: which of its limits in time has struck.
// Pure; the relay looks at every server that is held several times a second and does
// what is said here.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgweir::proxy {

// Zero: none.
struct LeaseLimits {
    Duration query_timeout{};
    Duration transaction_timeout{};
    Duration idle_transaction_timeout{};
    Duration idle_transaction_soft_timeout{};
    Duration slow_reader_timeout{};
};

// When things began that a limit is about. A value of the server's, for one lease.
class LeaseClock {
public:
    // A lease begins.
    explicit LeaseClock(TimePoint now = {})
        : statement_since_(now), transaction_since_(now), quiet_since_(now), working_since_(now) {}

    // Bytes of a client's go to a server that was waiting for some; no transaction was open there, if so said.
    void begun(TimePoint now, bool begins_transaction);
    // The server has answered one of several statements, and goes on with the next.
    void next_statement(TimePoint now) { statement_since_ = now; }
    // Everything was answered. How long that took; nullopt when it was already.
    std::optional<Duration> answered(TimePoint now);
    // Its transaction has been told that it is too old, and is not told again.
    void struck() { is_struck_ = true; }

    TimePoint statement_since() const { return statement_since_; }
    TimePoint transaction_since() const { return transaction_since_; }
    TimePoint quiet_since() const { return quiet_since_; }
    bool is_struck() const { return is_struck_; }

private:
    TimePoint statement_since_;
    TimePoint transaction_since_;
    TimePoint quiet_since_;
    TimePoint working_since_;
    bool is_working_ = true;   // for a BEGIN that goes ahead of the client's first bytes
    bool is_struck_ = false;
};

// Whether a client takes what its server says. It is slow while in any `slow_reader_timeout` it has
// not taken as much as may be kept for it, and has never caught up. A value of the server's, for one lease.
class ReaderWatch {
public:
    // The server is not read because its client has too much to read already. `taken`: bytes that the client has
    // taken, counted from any start.
    void paused(std::int64_t taken, std::size_t backlog, TimePoint now);
    // The client has taken everything.
    void caught_up() { is_behind_ = false; }

    bool is_behind() const { return is_behind_; }
    TimePoint since() const { return since_; }

private:
    bool is_behind_ = false;
    TimePoint since_{};
    std::int64_t taken_ = 0;
};

// A limit has struck a statement: it is being cancelled, and its client will read why.
struct Strike {
    enum class Limit : std::uint8_t { query_timeout, transaction_timeout, slow_reader_timeout };
    Limit limit{};
    TimePoint cancelled_at{};          // when that was last asked for
    std::vector<std::byte> error{};    // an ErrorResponse, in place of the statement's own
    bool is_told = false;
    bool discards = false;             // the client does not read: what comes up to the error is thrown away
    std::size_t rest = 0;              // but for so much, of a message whose beginning it has got

    // The client loses its server with its transaction.
    bool ends_transaction() const { return limit != Limit::query_timeout; }
};

// What a client does with the server it holds.
struct LeaseView {
    bool in_transaction = false;   // or in the middle of extended-query messages
    bool is_running = false;       // something is outstanding
    bool is_sending = false;       // the client is in the middle of a message
    bool is_copying = false;       // the server waits for COPY data
    bool is_bound = false;         // the client cannot go on without this server
    bool is_unread = false;        // the server is not read, because the client has too much to read already
    TimePoint last_active{};       // when the client has sent something
};

struct LeaseVerdict {
    enum class Kind : std::uint8_t {
        nothing,
        detach,                // idle_transaction_timeout: the client loses its server, and stays
        soft_detach,           // idle_transaction_soft_timeout: the same, if somebody wants a server
        end_idle,              // idle_transaction_timeout: the client is bound to its server, and both go
        end_old,               // transaction_timeout: the same
        detach_old,            // transaction_timeout, nothing is running
        cancel_old,            // transaction_timeout
        cancel_statement,      // query_timeout
        cancel_slow_reader,    // slow_reader_timeout, if somebody wants a server
    };
    Kind kind = Kind::nothing;
    Duration lasted{};         // what the limit is about

    friend bool operator==(const LeaseVerdict&, const LeaseVerdict&) = default;
};

LeaseVerdict judge(const LeaseView& view, const LeaseClock& clock, const ReaderWatch& reader, const LeaseLimits& limits, TimePoint now);

}  // namespace pgweir::proxy
