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
enum class Origin : std::uint8_t { client, proxy };

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
    void sent(FrontendType type, Origin origin);

    // Notes a message that came from the server; for ReadyForQuery use `ready`.
    Reply received(BackendType type);
    Reply ready(TransactionStatus status);

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

    // Whether the reply that is due next belongs to the client.
    bool next_is_clients() const;

private:
    enum class Request : std::uint8_t { query, function_call, sync, parse, bind, describe, execute, close, copy_end };

    struct Entry {
        Request request;
        Origin origin;
    };

    bool is_doubtful() const { return doubtful_ > 0 || has_lost_count_; }
    bool is_empty() const { return head_ == entries_.size(); }
    Entry& head() { return entries_[head_]; }
    void push(Request request, Origin origin);
    void pop();
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
    // Syncs the server ignores if it read them as part of its COPY. When the COPY fails it
    // may not have read so far; then each is answered, before anything sent later.
    int doubtful_ = 0;
    bool has_lost_count_ = false;   // whether the server works on what was sent cannot be told
};

}  // namespace pgweir::protocol
