// A server that goes away under its client: the client stays where its session can go on
// without that server, and reads what was lost.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/types_question.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

// What the loss means for the client, gathered before the server is given up.
struct Loss {
    Outcome outcome = Outcome::unknown;
    int ready_due = 0;            // requests whose ReadyForQuery has not come
    bool is_mid_reply = false;    // the client has read half a message
    bool is_bound = false;        // its session cannot go on elsewhere
    bool was_outside = false;     // nothing of the client's was under way
    bool fails_block = false;     // its transaction block is still to be ended
    bool wants_error = false;     // extended-query messages are not answered, and no Sync stands behind them
    bool is_unsynced = false;     // all are answered, and no Sync stands behind them
    bool was_skipping = false;    // the last of those answers was an error
};

Loss gather(ServerConnection& server, const Client& client) {
    Loss loss;
    const protocol::Exchange& exchange = server.exchange;
    const bool in_transaction = exchange.status() != protocol::TransactionStatus::idle || server.work.has_begun;
    // Without its Sync nothing is committed outside of a block, either.
    loss.outcome = server.work.may_commit                    ? Outcome::commit_unknown
                   : in_transaction || exchange.wants_sync() ? Outcome::rolled_back
                                                             : Outcome::unknown;
    loss.is_mid_reply = server.from_server.body_left > 0 && server.from_server.reply == protocol::Reply::to_client;
    // What it has set, and nobody has asked for yet, is lost with it.
    const bool is_between = exchange.is_idle() || server.duty == ServerDuty::settling;
    const bool has_unknown_state = is_between && !in_transaction && server.work.wants_survey(server.pinned.has_value());
    const bool is_preparing = server.duty == ServerDuty::preparing;
    // What a sequence gave is lost too, and the next currval says so.
    const bool is_pinned = server.pinned && server.pinned != PinReason::sequence;
    loss.is_bound = !is_preparing && (is_pinned || has_unknown_state || client.pool_mode == config::PoolMode::session);
    loss.was_outside = is_preparing || exchange.is_idle() || (server.duty == ServerDuty::settling && !in_transaction);
    loss.fails_block = in_transaction && !is_preparing && !server.work.ends_block && !client.session.is_text_opaque;
    const bool wants_sync = !is_preparing && exchange.wants_sync();
    loss.wants_error = wants_sync && exchange.outstanding() > 0;
    loss.is_unsynced = wants_sync && !loss.wants_error;
    loss.was_skipping = exchange.is_skipping();
    while (server.exchange.drop_one_ready()) ++loss.ready_due;
    if (server.work.held_ready) ++loss.ready_due;
    return loss;
}

}  // namespace

void Relay::server_lost(ServerConnection& server, Client& client, std::string_view why_view) {
    const std::string why(why_view);
    cells(client).lost_servers.add();
    const Loss loss = gather(server, client);
    // What a driver does not survive the failure of, and has no answer to yet, is asked again.
    Repetition& repetition = server.work.repetition;
    const bool may_repeat = !repetition.has_answered && !loss.fails_block && is_types_question(repetition.segment);
    const std::vector<std::byte> again = may_repeat ? std::move(repetition.segment) : std::vector<std::byte>();
    server.work.abandon(client.session, server.standing);
    client.unleased.cursor = server.to_server;
    server.to_server = {};
    const bool was_detached = server.is_detached;
    client.lease.give_up(why);
    if (was_detached) {
        // It was being taken from its client anyway, who will read that.
        set_phase(client, ClientPhase::idle);
        take_held(client);
        return;
    }
    if (loss.is_mid_reply) {
        drop(client);
        return;
    }
    set_phase(client, ClientPhase::idle);
    scratch_.clear();
    if (loss.is_bound) {
        write_server_lost(scratch_, Severity::fatal, loss.outcome, client.pool->name(), why);
        end(client, scratch_);
        return;
    }
    if (!again.empty()) {
        client.held.insert(client.held.begin(), again.begin(), again.end());
        take_held(client);
        return;
    }
    client.unleased.is_skipping = loss.wants_error || (loss.is_unsynced && loss.was_skipping);
    client.unleased.is_unsynced = loss.is_unsynced && !loss.was_skipping;
    const bool is_told = loss.ready_due > 0 || client.unleased.is_skipping;
    if (loss.fails_block) client.session.deferred = Deferred::failed;
    // Behind an error that is told here a COMMIT must fail, too; whoever has asked nothing reads of it with his next message.
    if (loss.fails_block || (!is_told && !loss.was_outside)) {
        client.session.undone = {.error = {}, .is_told = is_told};
        write_server_lost(client.session.undone.error, Severity::error, loss.outcome, client.pool->name(), why);
    }
    for (int i = 0; i < loss.ready_due; ++i) {
        write_server_lost(scratch_, Severity::error, loss.outcome, client.pool->name(), why);
        protocol::write_ready_for_query(scratch_, client.session.status());
    }
    if (loss.wants_error) write_server_lost(scratch_, Severity::error, loss.outcome, client.pool->name(), why);
    send(client, scratch_);
    take_held(client);
}

}  // namespace pgweir::proxy
