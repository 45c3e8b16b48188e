// One connection to PostgreSQL after its login: the socket, the ledger of what is
// outstanding on it, and what is known of its session state. A resource; its Pool owns
// it for the daemon's life and fills it anew for each login.
//
// One thread at a time works on it: the `holder`. While it is idle nobody does, and it
// changes hands only under its pool's mutex.
#pragma once

#include "protocol/exchange.hpp"
#include "proxy/core/ids.hpp"
#include "proxy/core/lease_limits.hpp"
#include "proxy/core/lease_work.hpp"
#include "proxy/core/pins.hpp"
#include "proxy/core/preparation.hpp"
#include "proxy/core/quarantine.hpp"
#include "proxy/core/recovery.hpp"
#include "proxy/core/server_scan.hpp"
#include "proxy/core/server_standing.hpp"
#include "proxy/core/survey.hpp"
#include "proxy/net/out_buffer.hpp"
#include "proxy/net/readiness.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/server/login.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pgweir::proxy {

class Pool;

// Whoever holds a lease; the relay knows what it really is.
struct Lessee {};

// How long a server may take to answer a check, to take settings, or to say what a client has
// left. Chosen: a round trip and then some; a network that swallows bytes is found out here.
constexpr Duration answer_limit = std::chrono::seconds(5);

// What its holder does with it.
enum class ServerDuty {
    none,        // nobody holds it
    preparing,   // leased; its preparation is under way
    serving,     // leased
    settling,    // leased; it is asked what the client has left, or given back what a RESET took
    listening,   // leased by its pool's Listening
    recovering,
    inspecting,
    closing,
};

// What it is asked while settling.
enum class Question : std::uint8_t {
    none,
    restore,
    survey,
    handover,
    unlisten,
    rollback,   // it is taken from its client
    landing,    // no question: a cancel of ours is on its way
    proof,      // that it has landed
};

struct ServerConnection : net::Watched {
    ServerConnection(Pool& its_pool, ServerId its_id) : Watched(Kind::server), pool(its_pool), id(its_id) {}

    // Fills the place with a fresh login.
    void open(LoggedInServer login, std::shared_ptr<const BaselineSettings> its_baseline);
    // Puts the descriptor into `set`, out of the one it is in.
    void move_to(net::Readiness& set);
    void leave_set();

    // Sends, or keeps what the kernel does not take. False when the connection is broken.
    bool send(protocol::Bytes bytes) { return out.write(stream, bytes); }

    // Fills `buffer` behind the `kept` bytes of the tail, which it puts in front. Keeps
    // `may_read` up to date: after a hang-up a short read is not the last one.
    net::IoResult read(std::span<std::byte> buffer, std::size_t& kept);
    // Takes note of what the readiness set said.
    void note(net::Edges edges);
    // Takes note of a parameter's new value.
    void note_parameter(std::string_view name, std::string_view value);

    // One of the cancels in flight was delivered as far as we can see, or failed.
    void cancel_ended();
    // Whether a cancel may still hit what is sent now.
    bool is_quarantined() const { return cancels_in_flight > 0 || !quarantine.is_over(Clock::now()); }

    // Whether the next client's bytes could be mixed up with something still to come.
    bool is_quiet() const;

    static constexpr std::uint32_t nobody = 0xffffffff;

    Pool& pool;
    const ServerId id;
    std::atomic<std::uint32_t> holder{nobody};   // index of the thread that works on it

    // What follows belongs to the holder.
    std::unique_ptr<PostgresHandle> handle;
    std::string peer;
    net::Stream stream;
    net::Readiness* set = nullptr;
    net::OutBuffer out;
    std::vector<std::byte> tail;      // the beginning of a message, read and not yet judged
    ServerCursor from_server;
    FrameCursor to_server;
    protocol::Exchange exchange;
    bool may_read = false;            // an edge said so and the kernel was not drained since
    bool has_hung_up = false;         // the server will send no more than what is on its way
    ServerDuty duty = ServerDuty::none;
    Lessee* lessee = nullptr;
    TimePoint leased_at{};
    std::string statement;            // how the lessee's last one begins; empty while it cannot be read
    LeaseClock clock;
    ReaderWatch reader;               // of the lessee
    std::int64_t forwarded = 0;       // bytes of replies that the lessee was sent, read or not
    TimePoint flushed_at{};           // when the lessee's Sync was no longer waited for, and its answers asked for
    std::optional<Strike> strike;     // a limit in time has struck what it does for the lessee
    bool is_detached = false;         // duty settling: it is taken from the lessee, who stays
    TimePoint deadline{};             // of preparing, settling, recovering or closing
    Recovery recovery;
    int cancels_in_flight = 0;
    Quarantine quarantine;            // of the cancels sent since it was last clean
    bool has_own_backend = false;     // as in LoggedInServer
    bool was_cancelled = false;       // a cancel was asked for in this lease
    std::optional<PinReason> pinned;  // session state of the lessee's lives here
    bool needs_reset = false;         // the lessee may have changed what cannot be asked for
    bool must_close = false;          // the lessee has left what no reset ends: a library, a dblink connection
    std::string last_words;           // of a server that said FATAL

    ServerStanding standing;
    std::shared_ptr<const BaselineSettings> baseline;
    LeaseWork work;
    Preparation preparation;          // duty preparing
    std::vector<std::byte> ahead;     // goes in front of the client's next bytes
    Question question = Question::none;
    std::optional<SurveyReader> survey;
    std::string survey_error;         // SQLSTATE of what the question was answered with
    int survey_tries = 0;
};

}  // namespace pgweir::proxy
