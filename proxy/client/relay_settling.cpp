// The end of a transaction that may have left something in its server's session: the server
// is asked, and what it says becomes the client's, to be carried, or keeps the server.
#include "proxy/client/relay.hpp"

#include "protocol/backend.hpp"
#include "protocol/frontend.hpp"
#include "protocol/sqlstate.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

// How often a question is asked again that a late cancel has hit. Chosen.
constexpr int max_tries = 5;

// What of the surveyed settings is not the pool's baseline.
SessionSettings beyond_baseline(SessionSettings settings, const BaselineSettings& baseline) {
    std::erase_if(settings, [&](const auto& setting) {
        const auto base = baseline.find(setting.first);
        return base != baseline.end() && base->second == setting.second;
    });
    return settings;
}

// The channels a client listens to after a transaction that did LISTEN or UNLISTEN.
std::vector<std::string> channels_after(std::vector<std::string> channels, const LeaseWork& work, const std::vector<std::string>& found) {
    if (work.has_channels) return found;
    if (!work.is_rolled_back) {
        for (const std::string& name : work.unlistened)
            std::erase_if(channels, [&](const std::string& channel) { return name == "*" || channel == name; });
    }
    for (const std::string& channel : found)
        if (std::find(channels.begin(), channels.end(), channel) == channels.end()) channels.push_back(channel);
    return channels;
}

}  // namespace

// Meanwhile the client's bytes are kept.
void Relay::ask(ServerConnection& server, Client& client, Question question, std::string_view sql) {
    server.duty = ServerDuty::settling;
    server.question = question;
    server.survey_error.clear();
    server.standing.unnamed = 0;
    server.deadline = Clock::now() + answer_limit;
    set_phase(client, ClientPhase::settling);
    scratch_.clear();
    protocol::write_query(scratch_, sql);
    server.exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    cells(client).server_sent_bytes.add(scratch_.size());
    if (server.send(scratch_)) return;
    server.may_read = true;
    my_.visit_again(client);
}

// Whether it was a cancel of the client's that our question failed for. Counts the tries.
bool Relay::may_ask_again(ServerConnection& server) {
    const bool was_hit = server.was_cancelled && server.survey_error == protocol::sqlstate::query_canceled;
    return was_hit && ++server.survey_tries < max_tries;
}

void Relay::answered(ServerConnection& server, Client& client) {
    switch (std::exchange(server.question, Question::none)) {
    case Question::restore:
        server.duty = ServerDuty::serving;
        set_phase(client, ClientPhase::active);
        release_ready(server, client);
        exchange_completed(server, client);
        return;
    case Question::survey: surveyed(server, client); return;
    case Question::handover: marker_made(server, client); return;
    case Question::unlisten: unlistened(server, client); return;
    case Question::rollback: rolled_back(server, client); return;
    case Question::proof: proved(server, client); return;
    case Question::landing:
    case Question::none: return;
    }
}

// The client reads that its RESET is done.
void Relay::release_ready(ServerConnection& server, Client& client) {
    tell_parameters(client, server);
    if (!server.work.held_ready) return;
    scratch_.clear();
    protocol::write_ready_for_query(scratch_, *std::exchange(server.work.held_ready, std::nullopt));
    send(client, scratch_);
}

void Relay::start_survey(ServerConnection& server, Client& client) {
    server.duty = ServerDuty::settling;
    server.question = Question::none;
    set_phase(client, ClientPhase::settling);
    if (server.cancels_in_flight > 0) return;   // its end comes back here
    cells(client).surveys.add();
    server.survey.emplace();
    std::vector<std::string> names = server.work.custom_settings;
    const bool may_have_more = server.work.effects.has(Effects(Effect::watched) | Effect::unseen) && client.watched != nullptr;
    if (may_have_more) names.insert(names.end(), client.watched->custom_settings().begin(), client.watched->custom_settings().end());
    for (const StandingPtr& known : {client.session.settings, server.standing.settings})
        for (const auto& [name, value] : known->settings)
            if (name.find('.') != std::string::npos && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    ask(server, client, Question::survey, survey_sql(names));
}

void Relay::surveyed(ServerConnection& server, Client& client) {
    if (server.survey_error.empty() && server.survey->is_good()) {
        server.survey_tries = 0;
        SessionFacts facts = server.survey->take();
        server.survey.reset();
        take_facts(server, client, std::move(facts));
        return;
    }
    if (may_ask_again(server)) {
        start_survey(server, client);
        return;
    }
    spdlog::warn("event=survey_failed pool={} server={} sqlstate={}", server.pool.name(), index_of(server.id), server.survey_error);
    server.survey_tries = 0;
    server.survey.reset();
    // What is not known stays where it is, and is asked for again after the next transaction.
    const Effects effects = server.work.effects;
    std::vector<std::string> names = std::move(server.work.custom_settings);
    pin(server, client, PinReason::unknown);
    end_lease(server, client);
    if (!client.lease || &*client.lease != &server) return;
    server.work.effects |= effects;
    server.work.custom_settings.insert(server.work.custom_settings.end(), names.begin(), names.end());
}

void Relay::take_facts(ServerConnection& server, Client& client, SessionFacts facts) {
    ClientSession& session = client.session;
    settle_pin(server, client, facts);
    SessionSettings settings = beyond_baseline(std::move(facts.settings), *server.baseline);
    if (settings != session.settings->settings) session.settings = make_standing(std::move(settings));
    if (session.settings->settings == session.startup->settings) session.settings = session.startup;
    session.is_text_opaque = has_opaque_encoding(session.settings->settings);
    server.standing.settings = session.settings;
    // Those that could not be made here are still the client's.
    PreparedSql prepared = facts.prepared;
    for (const auto& one : session.prepared) {
        const auto stood = std::find(server.standing.prepared.begin(), server.standing.prepared.end(), one);
        if (stood == server.standing.prepared.end() && !server.work.has_forgotten) prepared.push_back(one);
    }
    session.prepared = std::move(prepared);
    server.standing.prepared = std::move(facts.prepared);

    std::vector<std::string> before = session.channels;
    session.channels = channels_after(before, server.work, facts.channels);
    std::sort(session.channels.begin(), session.channels.end());
    const bool listens_here = !facts.channels.empty();
    if (session.channels != before || listens_here) {
        subscribe(client, std::move(before));
        return;
    }
    end_lease(server, client);
}

// What cannot be carried keeps the server, for as long as it is there.
void Relay::settle_pin(ServerConnection& server, Client& client, const SessionFacts& facts) {
    const Effects effects = server.work.effects;
    if (effects.has(Effect::library)) client.sticky = PinReason::library;
    else if (effects.has(Effect::uncarried) && !client.sticky) client.sticky = PinReason::setting;
    // Settings with a dot in their names cannot be listed, so one whose name nobody can tell is taken away.
    server.needs_reset |= effects.has(Effect::unseen);
    std::optional<PinReason> reason = client.sticky;
    if (facts.advisory_locks > 0) reason = PinReason::advisory_lock;
    else if (facts.has_temporary_objects) reason = PinReason::temporary_object;
    else if (facts.has_holdable_cursors) reason = PinReason::holdable_cursor;
    else if (client.owns_server) reason = PinReason::prepared_statement;
    else if (!reason && has_large_statement(client.session)) reason = PinReason::large_statement;
    if (reason) pin(server, client, *reason);
    else if (server.pinned != PinReason::sequence) unpin(server);
}

}  // namespace pgweir::proxy
