// Limits in time on what clients do with the servers they hold: performs what
// core/lease_limits judges. A client that is idle in a transaction loses its server and
// stays; a statement that takes too long is cancelled.
#include "proxy/client/relay.hpp"

#include "protocol/frontend.hpp"
#include "protocol/sqlstate.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

using Kind = LeaseVerdict::Kind;
using protocol::TransactionStatus;

// When a statement goes on although it was cancelled, it is cancelled again: poolers upstream lose some.
// Chosen.
constexpr Duration cancel_again = std::chrono::seconds(1);

// What no ROLLBACK ends and no other server can be given.
constexpr Effects binding_effects = Effects(Effect::advisory_lock) | Effect::library | Effect::uncarried;

long milliseconds(Duration duration) { return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()); }

// What sequences gave is lost with a rolled back transaction; it keeps no server from the others.
bool is_bound(const ServerConnection& server, const Client& client) {
    const bool is_pinned = server.pinned && server.pinned != PinReason::sequence;
    return client.pool_mode == config::PoolMode::session || is_pinned || client.owns_server || server.work.effects.has(binding_effects);
}

LeaseView lease_view_of(const ServerConnection& server, const Client& client, bool is_unread) {
    const protocol::Exchange& exchange = server.exchange;
    LeaseView view;
    view.is_sending = server.to_server.body_left > 0;
    view.is_running = exchange.outstanding() > 0 || view.is_sending;
    view.in_transaction = view.is_running || exchange.status() != TransactionStatus::idle || exchange.wants_sync();
    view.is_copying = exchange.wants_copy_data();
    view.is_bound = is_bound(server, client);
    view.is_unread = is_unread;
    view.last_active = client.last_active;
    return view;
}

LimitError error_of(Strike::Limit limit) {
    switch (limit) {
    case Strike::Limit::query_timeout: return LimitError::statement;
    case Strike::Limit::transaction_timeout: return LimitError::transaction;
    case Strike::Limit::slow_reader_timeout: return LimitError::slow_reader;
    }
    return LimitError::statement;
}

}  // namespace

void Relay::watch(Client& client) {
    if (!std::exchange(client.is_watched, true)) holders_.push_back(client.id);
}

void Relay::check_limits(TimePoint now) {
    checked_.swap(holders_);
    for (const ClientId& id : checked_) {
        Client* client = my_.clients.find(id);
        if (client == nullptr) continue;
        client->is_watched = false;
        if (!client->lease) continue;
        watch(*client);
        check_limits(*client, now);
    }
    checked_.clear();
}

void Relay::check_limits(Client& client, TimePoint now) {
    ServerConnection& server = *client.lease;
    if (client.phase != ClientPhase::active || server.duty != ServerDuty::serving) return;
    if (server.strike) {
        pursue(server, client, now);
        return;
    }
    ask_for_unsynced(server, client, now);
    if (client.out.empty()) server.reader.caught_up();
    else if (is_unread(client)) note_pause(server, client, now);
    const LeaseVerdict verdict =
        judge(lease_view_of(server, client, is_unread(client)), server.clock, server.reader, client.pool->lease_limits().load(), now);
    switch (verdict.kind) {
    case Kind::nothing: return;
    case Kind::detach: detach_idle(server, client, LimitError::idle_transaction, verdict.lasted); return;
    case Kind::soft_detach:
        if (client.pool->is_wanted()) detach_idle(server, client, LimitError::idle_transaction_soft, verdict.lasted);
        return;
    case Kind::end_idle: end_for_limit(server, client, LimitError::idle_transaction, verdict.lasted); return;
    case Kind::end_old: end_for_limit(server, client, LimitError::transaction, verdict.lasted); return;
    case Kind::detach_old: detach_idle(server, client, LimitError::transaction, verdict.lasted); return;
    case Kind::cancel_old: strike(server, client, Strike::Limit::transaction_timeout, verdict.lasted, now); return;
    case Kind::cancel_statement: strike(server, client, Strike::Limit::query_timeout, verdict.lasted, now); return;
    case Kind::cancel_slow_reader:
        if (client.pool->is_wanted()) strike(server, client, Strike::Limit::slow_reader_timeout, verdict.lasted, now);
        return;
    }
}

// Bytes of the client's have gone to a server that had nothing to do.
void Relay::begin_statement(ServerConnection& server, const Client& client, bool begins_transaction) {
    // It was read, or got its server, a moment ago: that spares a look at the clock.
    server.clock.begun(std::max({client.last_active, server.leased_at, server.clock.quiet_since()}), begins_transaction);
    // The one that a limit has struck has ended without its Sync.
    if (server.strike && !server.strike->ends_transaction() && server.cancels_in_flight == 0) server.strike.reset();
}

// One of several statements that were sent together is done.
void Relay::next_in_pipeline(ServerConnection& server, const Client& client) {
    const bool is_over = server.exchange.status() == TransactionStatus::idle && !server.exchange.wants_sync();
    if (server.strike && server.strike->is_told && (is_over || !server.strike->ends_transaction())) server.strike.reset();
    if (client.pool->lease_limits().has_query_timeout()) server.clock.next_statement(Clock::now());
}

// Everything that the client has asked for is answered. It loses its server, and reads so with its next message: a
// driver that waits for nothing need not be able to read an error.
void Relay::detach_idle(ServerConnection& server, Client& client, LimitError why, Duration lasted) {
    const std::string event_id = make_event_id();
    const bool is_soft = why == LimitError::idle_transaction_soft;
    if (why == LimitError::transaction) {
        cells(client).statement_timeouts[static_cast<std::size_t>(metrics::StatementTimeout::transaction_timeout)].add();
        spdlog::info("event=timeout pool={} user={} server={} lasted_ms={} reason={} id={}", client.pool->name(), client.user,
                     index_of(server.id), milliseconds(lasted), token(why), event_id);
    } else {
        cells(client).detached_transactions[static_cast<std::size_t>(is_soft ? metrics::Detachment::soft : metrics::Detachment::hard)].add();
        spdlog::info("event=detached pool={} user={} server={} idle_ms={} reason={} id={}", client.pool->name(), client.user,
                     index_of(server.id), milliseconds(lasted), is_soft ? "soft" : "hard", event_id);
    }
    // An error behind which it has not sent its Sync yet has told it that all is lost, outside of a block.
    const bool is_told = server.exchange.is_skipping() && server.exchange.status() == TransactionStatus::idle;
    client.session.undone = {};
    if (!is_told) write_limit_error(client.session.undone.error, Severity::error, why, lasted, client.pool->name(), event_id);
    detach(server, client, is_told);
}

// The transaction is rolled back and the server given back as at any ROLLBACK, while the client's stands as failed.
void Relay::detach(ServerConnection& server, Client& client, bool is_told) {
    ClientSession& session = client.session;
    const bool is_skipping = server.exchange.is_skipping();
    const bool is_unsynced = server.exchange.wants_sync();
    session.deferred = server.exchange.status() == TransactionStatus::idle ? Deferred::none : Deferred::failed;
    client.unleased.is_skipping = is_unsynced && (is_told || is_skipping);
    client.unleased.is_unsynced = is_unsynced && !client.unleased.is_skipping;
    // One that was too large to keep goes with the server.
    if (session.unnamed.definition.empty()) session.unnamed.parsed = 0;
    if (server.pinned == PinReason::sequence) unpin(server);
    server.strike.reset();
    server.is_detached = true;
    // Not the Sync by itself: outside of a block that would commit. Behind an error nothing else is listened to.
    if (is_skipping) {
        scratch_.clear();
        protocol::write_sync(scratch_);
        server.exchange.sent(protocol::FrontendType::sync, protocol::Origin::proxy);
        server.send(scratch_);   // when that fails, so does what is sent next
    }
    ask(server, client, Question::rollback, "ROLLBACK");
}

void Relay::rolled_back(ServerConnection& server, Client& client) {
    if (!server.survey_error.empty() && may_ask_again(server)) {
        ask(server, client, Question::rollback, "ROLLBACK");
        return;
    }
    server.survey_tries = 0;
    count_transaction(server, client);
    const bool is_clean = server.survey_error.empty() && server.exchange.is_idle();
    LeaseWork& work = server.work;
    work.is_rolled_back = true;
    work.resets.clear();
    work.local_resets.clear();
    server.needs_reset |= !is_clean;
    if (is_clean && !is_draining_ && work.wants_survey(server.pinned.has_value())) start_survey(server, client);
    else end_lease(server, client);
}

// The client cannot go on without its server.
void Relay::end_for_limit(ServerConnection& server, Client& client, LimitError why, Duration lasted) {
    const std::string event_id = make_event_id();
    cells(client).detached_transactions[static_cast<std::size_t>(metrics::Detachment::ended)].add();
    spdlog::info("event=session_ended pool={} user={} server={} lasted_ms={} reason={} id={}", client.pool->name(), client.user,
                 index_of(server.id), milliseconds(lasted), token(why), event_id);
    const bool is_mid_reply = server.from_server.body_left > 0 && server.from_server.reply == protocol::Reply::to_client;
    if (is_mid_reply) {
        drop(client);
        return;
    }
    std::vector<std::byte> words;
    write_limit_error(words, Severity::fatal, why, lasted, client.pool->name(), event_id);
    end(client, words);
}

void Relay::strike(ServerConnection& server, Client& client, Strike::Limit limit, Duration lasted, TimePoint now) {
    const std::string event_id = make_event_id();
    const LimitError why = error_of(limit);
    cells(client).statement_timeouts[static_cast<std::size_t>(limit)].add();
    spdlog::info("event=timeout pool={} user={} server={} lasted_ms={} reason={} id={}", client.pool->name(), client.user,
                 index_of(server.id), milliseconds(lasted), token(why), event_id);
    server.strike.emplace();
    server.strike->limit = limit;
    write_limit_error(server.strike->error, Severity::error, why, lasted, client.pool->name(), event_id);
    if (limit == Strike::Limit::transaction_timeout) server.clock.struck();
    cancel_for_limit(server, client, now);
}

void Relay::cancel_for_limit(ServerConnection& server, Client& client, TimePoint now) {
    server.strike->cancelled_at = now;
    if (!server.exchange.wants_copy_data()) {
        if (server.cancels_in_flight > 0) return;
        cells(client).quarantines.add();
        server.was_cancelled = true;
        client.pool->cancel(server, my_.thread, {});
        return;
    }
    // A server that waits for COPY data hears of no cancel.
    if (server.to_server.body_left > 0) {
        end_for_limit(server, client, error_of(server.strike->limit), now - server.clock.statement_since());
        return;
    }
    scratch_.clear();
    protocol::write_copy_fail(scratch_, "timeout");
    server.exchange.sent(protocol::FrontendType::copy_fail, protocol::Origin::proxy);
    if (server.send(scratch_)) return;
    server.may_read = true;
    my_.visit_again(client);
}

// A limit has struck what is still under way, or has just ended: without its Sync, or with a message of its client's
// that was not all there.
void Relay::pursue(ServerConnection& server, Client& client, TimePoint now) {
    if (server.cancels_in_flight > 0) return;
    Strike& strike = *server.strike;
    const bool is_answered = server.exchange.outstanding() == 0 && server.to_server.body_left == 0;
    if (is_answered) {
        if (strike.discards && !strike.is_told) {
            strike.discards = false;
            strike.is_told = true;
            const std::vector<std::byte> error = strike.error;
            send(client, error);
        }
        if (!strike.ends_transaction()) server.strike.reset();
        else if (!server.exchange.is_idle() && !is_bound(server, client)) settle_strike(server, client);
        return;
    }
    if (!strike.discards && !strike.is_told && is_unread(client)) {
        start_discarding(server, client);
    } else if (now - strike.cancelled_at >= cancel_again) {
        strike.is_told = false;
        cancel_for_limit(server, client, now);
    }
}

// The statement that a limit has struck has ended, one way or the other. True: the client does not go on yet.
bool Relay::settle_strike(ServerConnection& server, Client& client) {
    if (server.cancels_in_flight > 0) {
        // It must not hit the client's next statement.
        server.duty = ServerDuty::settling;
        server.question = Question::landing;
        server.deadline = Clock::now() + answer_limit;
        set_phase(client, ClientPhase::settling);
        return true;
    }
    Strike strike = std::move(*server.strike);
    server.strike.reset();
    const bool is_kept = is_bound(server, client);
    if (strike.ends_transaction() && !is_kept && !server.exchange.is_idle()) {
        const bool is_block = server.exchange.status() != TransactionStatus::idle;
        if (is_block || !strike.is_told) client.session.undone = {.error = std::move(strike.error), .is_told = strike.is_told};
        detach(server, client, strike.is_told);
        return true;
    }
    if (!server.exchange.is_idle() || !is_kept) return false;
    ask(server, client, Question::proof, "SELECT 1");
    return true;
}

void Relay::landed(ServerConnection& server, Client& client) {
    server.question = Question::none;
    server.duty = ServerDuty::serving;
    set_phase(client, ClientPhase::active);
    exchange_completed(server, client);
}

void Relay::proved(ServerConnection& server, Client& client) {
    if (!server.survey_error.empty() && may_ask_again(server)) {
        ask(server, client, Question::proof, "SELECT 1");
        return;
    }
    server.survey_tries = 0;
    landed(server, client);
}

}  // namespace pgweir::proxy
