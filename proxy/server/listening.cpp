#include "proxy/server/listening.hpp"

#include "protocol/frontend.hpp"
#include "proxy/core/preparation.hpp"
#include "proxy/core/session_settings.hpp"
#include "proxy/server/pool.hpp"
#include "proxy/server/server_keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pgweir::proxy {
namespace {

// Nobody's slot: grants and refusals for it are a Listening's.
constexpr std::uint32_t listening_slot = 0xffffffff;
constexpr ClientId own_id{.thread = listening_thread, .slot = listening_slot};

// After this much silence the server is asked whether it is there. Chosen: what a listener
// may be left in the dark; a network that swallows bytes shows itself in no other way.
constexpr Duration check_after = std::chrono::seconds(30);

// Servers that may be lost one after the other before they listen, until those who wait
// are told. Chosen: idle ones may all have died at once without a word.
constexpr int max_failed_starts = 3;

}  // namespace

Listening::Listening(Pool& pool, std::vector<Mailbox*> threads)
    : pool_(pool), threads_(std::move(threads)), undelivered_(threads_.size()) {}

void Listening::set_channels(const ClientId& client, std::vector<std::string> channels) {
    post_to_self(Letter::Kind::listening_wanted, client, std::move(channels));
}

void Listening::keep_channels(const ClientId& client, std::vector<std::string> channels) {
    post_to_self(Letter::Kind::listening_kept, client, std::move(channels));
}

void Listening::forget(const ClientId& client) { post_to_self(Letter::Kind::listening_forgotten, client, {}); }

void Listening::post_to_self(Letter::Kind kind, const ClientId& client, std::vector<std::string> channels) {
    threads_[index_of(listening_thread)]->post(
        Letter{.kind = kind, .client = client, .listening = this, .channels = std::move(channels)});
}

bool Listening::is_meant(const ClientId& client) { return client.slot == listening_slot; }

void Listening::take(Letter& letter, const ListeningSurroundings& surroundings) {
    surroundings_ = &surroundings;
    if (letter.kind == Letter::Kind::listening_forgotten) {
        core_.forget(letter.client);
    } else {
        core_.set_channels(letter.client, letter.channels, letter.kind == Letter::Kind::listening_wanted, news_);
        tell({});
    }
    advance();
}

// Does what can be done now. Reads, by way of the keeper: nobody may be using the buffer.
void Listening::advance() {
    if (has_ended_) {
        if (core_.is_wanted()) refuse(pool_.make_refusal(RefusalReason::draining, {}));
        return;
    }
    if (server_ == nullptr) {
        ask_for_server();
        return;
    }
    if (query_ != Query::none) return;
    if (const std::string sql = core_.next_query(); !sql.empty()) send(Query::change, sql);
    else if (core_.is_empty()) give_back();
}

void Listening::ask_for_server() {
    if (is_waiting_ == core_.is_wanted()) return;
    if (is_waiting_) {
        // When a grant is on its way already, the server is given back as it comes.
        is_waiting_ = !pool_.leave_queue(waiter_, own_id);
        return;
    }
    const PoolAnswer answer = pool_.acquire({own_id});
    switch (answer.kind) {
    case Acquired::Kind::granted: start(*answer.server); break;
    case Acquired::Kind::waiting:
        is_waiting_ = true;
        waiter_ = answer.waiter;
        break;
    case Acquired::Kind::refused: refuse(answer.refusal); break;
    }
}

void Listening::granted(ServerConnection& server) {
    is_waiting_ = false;
    start(server);
}

void Listening::refused(const Refusal& refusal) {
    is_waiting_ = false;
    refuse(refusal);
    advance();
}

void Listening::start(ServerConnection& server) {
    server.move_to(surroundings_->set);
    server.duty = ServerDuty::listening;
    server.lessee = nullptr;
    server.leased_at = heard_at_ = Clock::now();
    server_ = &server;
    query_ = Query::none;
    has_listened_ = is_useless_ = false;
    pool_.cells(listening_thread).server_assignments.add();
    if (has_ended_ || !core_.is_wanted()) {
        give_back();
        return;
    }
    spdlog::info("event=listening_began pool={} server={}", pool_.name(), index_of(server.id));
    // The client before may have left its client_encoding, in which payloads would be spelled.
    const std::string sql = switch_settings_sql(server.standing.settings->settings, {}, *server.baseline);
    if (sql.empty()) advance();
    else send(Query::settings, sql);
}

void Listening::give_back() {
    ServerConnection& server = *std::exchange(server_, nullptr);
    if (has_listened_) spdlog::info("event=listening_ended pool={} server={}", pool_.name(), index_of(server.id));
    if (server.is_quiet()) surroundings_->keeper.take_back_clean(server);
    else surroundings_->keeper.take_back_dirty(server);
}

void Listening::send(Query query, std::string_view sql) {
    query_ = query;
    sent_at_ = Clock::now();
    error_text_.clear();
    error_.reset();
    outgoing_.clear();
    protocol::write_query(outgoing_, sql);
    server_->exchange.sent(protocol::FrontendType::query, protocol::Origin::proxy);
    server_->standing.unnamed = 0;   // a simple query destroys it
    pool_.cells(listening_thread).server_sent_bytes.add(outgoing_.size());
    if (!server_->send(outgoing_)) lost("it hung up");
}

void Listening::lost(const std::string& why) {
    ServerConnection& server = *std::exchange(server_, nullptr);
    query_ = Query::none;
    pool_.cells(listening_thread).lost_servers.add();
    spdlog::warn("event=listening_lost pool={} server={} reason={:?}", pool_.name(), index_of(server.id), why);
    surroundings_->keeper.close(server, why);
    core_.server_lost(news_);
    tell({.text = why});
    failed_starts_ = has_listened_ ? 0 : failed_starts_ + 1;
    if (failed_starts_ >= max_failed_starts) {
        failed_starts_ = 0;
        Refusal refusal = pool_.make_refusal(RefusalReason::upstream_unavailable, {});
        refusal.upstream_text = why;
        refuse(refusal);
    }
    advance();
}

void Listening::refuse(const Refusal& refusal) {
    core_.refuse(news_);
    tell({.text = token(refusal.reason), .refusal = refusal});
}

void Listening::tell(const Failure& failure) {
    for (const ListenNews& one : std::exchange(news_, {})) {
        Letter letter{.kind = Letter::Kind::listening_changed, .client = one.client};
        if (one.kind == ListenNews::Kind::lost) letter.kind = Letter::Kind::listening_lost;
        if (one.kind != ListenNews::Kind::changed) {
            letter.text = failure.text;
            letter.message = failure.message;
            letter.refusal = failure.refusal;
        }
        post(std::move(letter));
    }
}

// What came before it goes before it.
void Listening::post(Letter letter) {
    const ThreadIndex thread = letter.client.thread;
    deliver(thread);
    threads_[index_of(thread)]->post(std::move(letter));
}

void Listening::tick(TimePoint now) {
    if (server_ == nullptr) return;
    const Duration silence = now - std::max(sent_at_, heard_at_);
    if (query_ != Query::none && silence > answer_limit) lost("it did not answer");
    else if (query_ == Query::none && silence > check_after) send(Query::check, check_sql);
}

void Listening::end() {
    has_ended_ = true;
    if (is_waiting_) is_waiting_ = !pool_.leave_queue(waiter_, own_id);
    if (server_ == nullptr) return;
    query_ = Query::none;
    surroundings_->keeper.close(*std::exchange(server_, nullptr), "pgweir is shutting down");
    core_.server_lost(news_);
    news_.clear();
}

}  // namespace pgweir::proxy
