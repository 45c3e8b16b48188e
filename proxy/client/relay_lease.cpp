// Leases: getting, preparing, pinning and ending them.
#include "proxy/client/relay.hpp"
#include "proxy/client/session_errors.hpp"

#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

// What sets again what the client's RESETs have taken away; empty when that was nothing of ours.
std::string restoring_sql(const ClientSession& session, const BaselineSettings& baseline, const LeaseWork& work) {
    const SessionSettings& startup = session.startup->settings;
    std::string sql;
    const auto add = [&sql](const std::string& calls) {
        if (!calls.empty()) sql += calls + "; ";
    };
    for (const std::string& name : work.resets) {
        if (name == some_setting) add(restore_missing_sql(startup, baseline));
        else add(restore_settings_sql(startup, baseline, name == all_settings ? std::string_view() : name));
    }
    for (const std::string& name : work.local_resets) add(restore_local_sql(startup, baseline, name));
    return sql;
}

// After so many transactions in a row that neither advance a sequence nor ask for its value, a client is
// not expected to ask for it any more. Chosen: drivers ask in the next statement.
constexpr int max_without_sequences = 4;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void Relay::granted(const ClientId& id, ServerConnection& server, Duration waited) {
    server.move_to(my_.set);
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase != ClientPhase::waiting) {
        my_.keeper.take_back_clean(server);
        return;
    }
    cells(*client).queue_wait.observe(seconds(waited));
    start_lease(*client, server, client->pool->mark_of(server), false);
    take_held(*client);
}

void Relay::start_lease(Client& client, ServerConnection& server, LeaseMark mark, bool needs_check) {
    server.move_to(my_.set);
    server.lessee = &client;
    server.leased_at = Clock::now();
    server.statement.clear();
    server.clock = LeaseClock(server.leased_at);
    server.reader = ReaderWatch();
    server.forwarded = 0;
    server.flushed_at = {};
    server.strike.reset();
    server.is_detached = false;
    watch(client);
    client.lease = Lease(server, my_.keeper);
    cells(client).server_assignments.add();
    const bool is_untouched = client.mark && follows(mark, *client.mark);
    if (!is_untouched) client.has_own_sequences = false;
    client.mark = mark;
    client.watched = client.pool->watched_names();
    server.work = LeaseWork();
    server.exchange.forget_outcomes();
    const StatementWants wants = std::exchange(client.wants, {});
    const bool discards_sequences = wants.sequences && !client.has_own_sequences;
    client.has_own_sequences |= discards_sequences;
    server.work.has_foreign_sequences = !client.has_own_sequences;
    server.preparation = prepare(client.session, server.standing, *server.baseline,
                                 {.needs_check = needs_check,
                                  .executes = wants.executes,
                                  .listens = wants.channels,
                                  .discards_sequences = discards_sequences});
    server.work.has_channels = wants.channels && !client.session.channels.empty();
    scratch_.clear();
    for (const PreparingQuery& query : server.preparation.queries) protocol::write_query(scratch_, query.sql);
    const bool must_wait = !server.preparation.queries.empty();
    const bool goes_along = client.session.deferred == Deferred::begun && !server.preparation.begins;
    if (goes_along) {
        server.ahead.clear();
        protocol::write_query(must_wait ? scratch_ : server.ahead, client.session.begin);
    }
    if (must_wait || goes_along) server.standing.unnamed = 0;
    const std::size_t queries = server.preparation.queries.size() + (goes_along ? 1 : 0);
    for (std::size_t i = 0; i < queries; ++i) server.exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    if (!must_wait) {
        server.work.has_begun = goes_along;
        if (goes_along) client.session.deferred = Deferred::none;
        server.duty = ServerDuty::serving;
        set_phase(client, ClientPhase::active);
        tell_parameters(client, server);
        return;
    }
    if (server.preparation.switches_settings) cells(client).settings_switches.add();
    server.duty = ServerDuty::preparing;
    server.deadline = Clock::now() + answer_limit;
    set_phase(client, ClientPhase::preparing);
    client.failure.clear();
    cells(client).server_sent_bytes.add(scratch_.size());
    if (!server.send(scratch_)) {
        server.may_read = true;
        my_.visit_again(client);
    }
}

void Relay::prepared(ServerConnection& server, Client& client) {
    client.session.is_stuck = server.preparation.switches_settings && server.preparation.queries.front().has_failed;
    if (client.failure.empty()) {
        server.standing.settings = client.session.settings;
        server.standing.prepared = client.session.prepared;
        for (const PreparingQuery& query : server.preparation.queries)
            if (query.has_failed) std::erase_if(server.standing.prepared, [&](const auto& one) { return one.first == query.prepares; });
        client.session.deferred = Deferred::none;
        server.duty = ServerDuty::serving;
        set_phase(client, ClientPhase::active);
        tell_parameters(client, server);
        take_held(client);
        return;
    }
    client.lease.give_back_dirty();
    set_phase(client, ClientPhase::idle);
    reject_held(client, std::exchange(client.failure, {}));
}

// The client has been told how its server's parameters stand, or is told now.
void Relay::tell_parameters(Client& client, const ServerConnection& server) {
    if (client.session.reported == server.standing.reported) return;
    scratch_.clear();
    const auto& before = client.session.reported;
    for (const auto& [name, value] : server.standing.reported->parameters) {
        const bool is_known = before && std::find(before->parameters.begin(), before->parameters.end(), std::pair(name, value)) !=
                                            before->parameters.end();
        if (!is_known) protocol::write_parameter_status(scratch_, name, value);
    }
    client.session.reported = server.standing.reported;
    send(client, scratch_);
}

// Nothing is outstanding. In a transaction the client goes on once a RESET of its own is made good.
void Relay::exchange_completed(ServerConnection& server, Client& client) {
    LeaseWork& work = server.work;
    work.may_commit = work.ends_block = work.repetition.has_begun = false;
    work.forgetting = 0;
    work.repetition.segment.clear();
    if (client.phase != ClientPhase::active) return;
    if (server.strike && server.to_server.body_left == 0 && settle_strike(server, client)) return;
    if (work.wants_restoring()) {
        const std::string sql = restoring_sql(client.session, *server.baseline, work);
        work.resets.clear();
        work.local_resets.clear();
        if (!sql.empty() && server.exchange.status() != protocol::TransactionStatus::failed) {
            ask(server, client, Question::restore, sql);
            return;
        }
        release_ready(server, client);
    }
    if (server.exchange.is_idle() && server.to_server.body_left == 0) {
        exchange_ended(server, client);
        return;
    }
    count_query(server, client, Clock::now());
    work.is_barred = false;
    go_on(client);
}

// The server has nothing to do any more.
void Relay::count_query(ServerConnection& server, Client& client, TimePoint now) {
    if (const std::optional<Duration> took = server.clock.answered(now)) cells(client).query_time.observe(seconds(*took));
}

void Relay::count_transaction(ServerConnection& server, Client& client) {
    const TimePoint now = Clock::now();
    count_query(server, client, now);
    cells(client).transactions.add();
    cells(client).transaction_time.observe(seconds(now - server.leased_at));
    server.leased_at = now;
}

// No transaction is open either: the server goes back, unless the client must keep it.
void Relay::exchange_ended(ServerConnection& server, Client& client) {
    count_transaction(server, client);
    if (client.phase != ClientPhase::active) return;
    const bool is_own_server = client.pool_mode == config::PoolMode::session;
    if (!is_own_server && !is_draining_ && server.work.wants_survey(server.pinned.has_value())) start_survey(server, client);
    else end_lease(server, client);
}

bool Relay::decide_keeping(ServerConnection& server, Client& client) {
    if (client.pool_mode == config::PoolMode::session) return true;
    const LeaseWork& work = server.work;
    if (work.asks_for_past && client.sequence_use != SequenceUse::asks) {
        client.sequence_use = SequenceUse::asks;
        client.pool->sequence_users().asks(client.user);
    }
    const bool advances = work.has_advanced || work.effects.has(Effect::sequence_advance);
    client.has_own_sequences |= advances || !work.has_foreign_sequences;
    if (advances && client.sequence_use == SequenceUse::unsure) client.sequence_use = client.pool->sequence_users().advances(client.user);
    if (advances && client.sequence_use != SequenceUse::never && !server.pinned) {
        pin(server, client, PinReason::sequence);
        if (client.sequence_use == SequenceUse::unsure) lingering_.push_back(client.id);
    }
    const bool is_about_sequences = advances || work.effects.has(Effect::sequence_use);
    client.without_sequences = is_about_sequences ? 0 : client.without_sequences + 1;
    // A busy client never lingers: what its user has been believed to do since it was pinned ends the pin, too.
    const bool needs_no_sequence = client.sequence_use == SequenceUse::never || client.without_sequences > max_without_sequences;
    if (server.pinned == PinReason::sequence && needs_no_sequence) unpin(server);
    if (server.pinned == PinReason::large_statement && !has_large_statement(client.session)) unpin(server);
    const UnnamedStatement& unnamed = client.session.unnamed;
    const bool has_large_unnamed = unnamed.parsed != 0 && unnamed.definition.empty() && !unnamed.is_bound;
    return server.pinned || has_large_unnamed;
}

// What its statements did is known. Requires: the exchange is idle.
void Relay::end_lease(ServerConnection& server, Client& client) {
    const bool is_detached = std::exchange(server.is_detached, false);
    const bool keeps = is_detached ? server.pinned.has_value() : decide_keeping(server, client);
    server.must_close |= server.work.effects.has(Effect::library);
    std::deque<Note> notes = std::move(server.work.notes);
    server.work = LeaseWork();
    server.work.notes = std::move(notes);
    server.strike.reset();
    if (keeps && is_detached && !is_draining_) {
        // What it has left there, with nothing in its words to tell, cannot be carried.
        end_for_limit(server, client, LimitError::idle_transaction, Clock::now() - server.clock.quiet_since());
        return;
    }
    if (keeps && !is_draining_) {
        client.watched = client.pool->watched_names();
        server.duty = ServerDuty::serving;
        set_phase(client, ClientPhase::active);
        flush_notifications(client);
        go_on(client);
        return;
    }
    if (server.needs_reset || server.must_close || keeps || !server.is_quiet()) client.lease.give_back_dirty();
    else client.lease.give_back_clean();
    set_phase(client, ClientPhase::idle);
    flush_notifications(client);
    if (is_draining_) {
        scratch_.clear();
        write_shutdown(scratch_);
        end(client, scratch_);
        return;
    }
    go_on(client);
}

void Relay::pin(ServerConnection& server, const Client& client, PinReason reason) {
    if (server.pinned == reason) return;
    server.pinned = reason;
    server.pool.pin(server, reason);
    spdlog::info("event=pinned pool={} user={} server={} client={} reason={}", server.pool.name(), client.user, index_of(server.id),
                 client.address, token(reason));
}

void Relay::unpin(ServerConnection& server) {
    server.pinned.reset();
    server.pool.unpin(server);
}

// The ErrorResponse for a refusal, with the id of its log line.
std::vector<std::byte> Relay::refusal_error(const Client& client, const Refusal& refusal) {
    const std::string event_id = make_event_id();
    spdlog::info("event=refused pool={} user={} reason={} waited_ms={} id={}", client.pool->name(), client.user,
                 token(refusal.reason), refusal.waited.count(), event_id);
    std::vector<std::byte> error;
    write_refusal(error, Severity::error, refusal, event_id);
    return error;
}

void Relay::refused(const ClientId& id, const Refusal& refusal) {
    Client* client = my_.clients.find(id);
    if (client == nullptr || client->phase != ClientPhase::waiting) return;
    set_phase(*client, ClientPhase::idle);
    reject_held(*client, refusal_error(*client, refusal));
}

// Answers the statement that was held with an error, and goes on with what is behind it.
void Relay::reject_held(Client& client, protocol::Bytes error) {
    const std::vector<std::byte> bytes = std::exchange(client.held, {});
    take(client, reject(client, bytes, error));
    if (client.may_read || client.has_hung_up) my_.visit_again(client);
}

}  // namespace pgweir::proxy
