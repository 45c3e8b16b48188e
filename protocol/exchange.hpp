// The ledger of one server connection: every message sent to it that asks for a
// reply stands here, in order, until the reply has come. It tells whose reply a
// message is, whether anything is outstanding, and so whether the server may be
// given to somebody else. A reply that fits nothing outstanding means the two sides
// have lost count: such a server must be closed, never reused.
//
// PostgreSQL manual: "Message Flow". The rules about errors and COPY follow
// PostgresMain() and CopyGetData(): after an error in an extended-query message the
// server discards everything up to the next Sync, and while it reads COPY data it
// ignores Sync; any other message that is not COPY data is an error there.
#pragma once

#include "protocol/message_type.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pgweir::protocol {

// Who sent a request, and so who gets the reply.
enum class Origin : std::uint8_t {
    client,
    proxy,
    stand_in,   // sent by us for the client's sake: it sees the error, if it is one, and nothing else
};

// Whether the sender wants to know what became of one request: see take_outcomes.
enum class Noted : bool { no, yes };

// What became of a noted request.
enum class Outcome : std::uint8_t {
    done,
    failed,    // answered with an error
    skipped,   // discarded, because a request before it failed
};

// What a message from the server is, seen from the ledger.
enum class Reply {
    to_client,      // answers a request of the client's
    to_proxy,       // answers a request of our own; the client must not see it
    asynchronous,   // ParameterStatus or NotificationResponse: may come at any time
    unmatched,      // answers nothing that is outstanding
};

// A value; owned by its server connection and used by one thread at a time.
class Exchange {
public:
    // Notes a message that goes to the server now. Messages that ask for no reply
    // (CopyData, Flush, Terminate) may be noted or left out.
    void sent(FrontendType type, Origin origin, Noted noted = Noted::no);

    // Notes a message that came from the server; for ReadyForQuery use `ready`.
    Reply received(BackendType type);
    Reply ready(TransactionStatus status);

    // The server discards what is sent until a Sync, which has not been sent yet.
    bool is_skipping() const { return skipping_; }

    // Nothing is outstanding and the server waits for a new command.
    bool is_complete() const { return is_empty() && !unsynced_ && !in_copy_; }

    // Complete, outside a transaction, and nothing more can come: the server may be given back.
    bool is_idle() const { return is_complete() && status_ == TransactionStatus::idle && !is_doubtful(); }

    // The server reads COPY data and waits for CopyDone or CopyFail.
    bool wants_copy_data() const { return in_copy_ && !copy_end_sent_; }

    // Extended-query messages were sent and no Sync behind them.
    bool wants_sync() const { return unsynced_; }

    // A request is being worked on that will end with ReadyForQuery.
    bool awaits_ready() const;

    // Takes the oldest request of the client's that will end with ReadyForQuery off the
    // ledger; false when there is none. For answering in a lost server's stead.
    bool drop_one_ready();

    TransactionStatus status() const { return status_; }
    std::size_t outstanding() const { return entries_.size() - head_; }

    // Whose a message of that type would be if it came now; unmatched when nothing is outstanding.
    Reply next_reply(BackendType type) const;
    // The request answered next is a Describe that was noted.
    bool next_is_noted_describe() const;

    // Appends what became of noted requests since the last call, in the order they were sent.
    void take_outcomes(std::vector<Outcome>& into);
    void forget_outcomes() { outcomes_.clear(); }
    bool has_outcomes() const { return !outcomes_.empty(); }

private:
    enum class Request : std::uint8_t { query, function_call, sync, parse, bind, describe, execute, close, copy_end };

    struct Entry {
        Request request;
        Origin origin;
        Noted noted;
    };

    bool is_doubtful() const { return doubtful_ > 0 || has_lost_count_; }
    bool is_empty() const { return head_ == entries_.size(); }
    Entry& head() { return entries_[head_]; }
    void push(Request request, Origin origin, Noted noted);
    void pop();
    void settle(const Entry& entry, Outcome outcome);
    void pop_to_sync();
    void drop_copy_ends();
    void enter_copy_in();
    void end_copy_in();
    void fail_copy_in();
    Reply fail();
    Reply ready_for_doubtful(TransactionStatus status);
    static bool ends_with_ready(Request request);
    Reply whose() const;
    Reply finish_if(bool fits, bool finishes);

    std::vector<Entry> entries_;   // from head_ on; the front part is spent
    std::size_t head_ = 0;
    TransactionStatus status_ = TransactionStatus::idle;
    bool unsynced_ = false;        // extended-query messages since the last Sync
    bool skipping_ = false;        // the server discards until a Sync that is not sent yet
    bool in_copy_ = false;         // CopyInResponse came, its end did not
    bool copy_end_sent_ = false;   // CopyDone or CopyFail for this COPY is on its way
    bool is_head_answered_ = false;   // something came for the oldest request
    bool has_head_failed_ = false;    // that was an error
    // Syncs the server ignores if it read them as part of its COPY. When the COPY fails it
    // may not have read so far; then each is answered, before anything sent later.
    int doubtful_ = 0;
    std::vector<Outcome> outcomes_;
    bool has_lost_count_ = false;   // whether the server works on what was sent cannot be told
};

}  // namespace pgweir::protocol
