// Makes a server clean again that a client has left in the middle of something, or
// that a cancel may still be on its way to: brings the exchange to its end, rolls
// back, resets, and proves by a round trip that nothing more is coming. A pure
// machine: it says what to send; its driver tells it what came.
#pragma once

#include "protocol/exchange.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

enum class RecoveryVerdict {
    wait,      // replies, or the end of a quarantine, are to come
    clean,     // proved: idle, reset, nothing on its way
    hopeless,  // a reset was refused: close it
};

class Recovery {
public:
    // `reset`: statements that bring session state back, each sent as a Query of its own;
    // empty when only the end of the exchange and of a cancel must be proved.
    Recovery(std::vector<std::string> reset, bool cancel_involved)
        : reset_(std::move(reset)), needs_proof_(cancel_involved) {}
    Recovery() = default;

    // Whether asking the server to cancel will bring the end nearer. Ask once, at the start.
    static bool wants_cancel(const protocol::Exchange& exchange);

    // Appends what to send next, if anything. Call at the start, after every
    // ReadyForQuery or CopyInResponse, when nothing is outstanding and a Sync is owed, and now and then while
    // the server is quarantined, which keeps everything back that a cancel must not hit.
    RecoveryVerdict advance(protocol::Exchange& exchange, bool is_quarantined, std::vector<std::byte>& out);

    // An ErrorResponse to a statement of ours.
    void failed(std::string_view sqlstate);

    // A cancel was asked for: it may hit what we send, and must be proved to have landed.
    void expect_cancel() { needs_proof_ = true; }

private:
    void query(protocol::Exchange& exchange, std::string_view sql, std::vector<std::byte>& out);

    std::vector<std::string> reset_;
    bool needs_proof_ = false;     // a round trip after the quarantine's end is still owed
    bool flush_sent_ = false;      // answers that the server keeps until its client's Sync have been asked for
    bool reset_sent_ = false;
    bool proof_sent_ = false;      // what is under way was sent after the quarantine's end
    bool statement_failed_ = false;
    bool was_refused_ = false;     // an error that trying again will not cure
    int tries_ = 0;
};

}  // namespace pgweir::proxy
