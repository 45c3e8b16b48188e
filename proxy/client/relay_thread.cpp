#include "proxy/client/relay_thread.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace pgweir::proxy {
namespace {

// Measured: larger buffers gain nothing, smaller ones cost system calls on bulk data. The
// room in front is for what is kept of the read before.
constexpr std::size_t buffer_size = 64 * 1024 + 2 * max_held_frame;

constexpr std::chrono::milliseconds tick_interval(100);
constexpr int ticks_per_sweep = 10;

// Rounds of visits before timers and letters from elsewhere get their turn.
constexpr int rounds_per_settle = 8;

}  // namespace

RelayThread::RelayThread(ThreadIndex index, CancelKeys& cancel_keys, TextTable& texts, BufferedBytes& buffered)
    : index_(index),
      readiness_({.on_ready = [this](net::Watched& watched, net::Edges edges) { route(watched, edges); },
                  .on_batch_end = [this] { return settle(); }},
                 tick_interval),
      mailbox_([this] { readiness_.wake(); }),
      buffer_(buffer_size),
      clients_(index),
      keeper_(index, readiness_, buffer_),
      relay_(RelaySurroundings{.thread = index,
                               .set = readiness_,
                               .buffer = buffer_,
                               .keeper = keeper_,
                               .clients = clients_,
                               .cancel_keys = cancel_keys,
                               .texts = texts,
                               .buffered = buffered,
                               .visit_again =
                                   [this](Client& client) {
                                       if (std::exchange(client.is_queued, true)) return;
                                       to_visit_.push_back(&client);
                                   }}),
      for_listening_{readiness_, buffer_, keeper_} {}

RelayThread::~RelayThread() { stop(); }

void RelayThread::start() {
    thread_ = std::thread([this] {
        mailbox_.adopt_thread();
        readiness_.run();
    });
}

void RelayThread::stop() {
    if (!thread_.joinable()) return;
    readiness_.stop();
    thread_.join();
}

void RelayThread::run(std::function<void()> task) {
    {
        const std::lock_guard lock(tasks_mutex_);
        tasks_.push_back(std::move(task));
        has_tasks_.store(true, std::memory_order_relaxed);
    }
    readiness_.wake();
}

void RelayThread::ask(std::function<void(Relay&)> task) {
    run([this, asked = std::move(task)] { asked(relay_); });
}

void RelayThread::run_tasks() {
    if (!has_tasks_.load(std::memory_order_relaxed)) return;
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(tasks_mutex_);
        tasks.swap(tasks_);
        has_tasks_.store(false, std::memory_order_relaxed);
    }
    for (const std::function<void()>& task : tasks) task();
}

void RelayThread::admit(LoggedInClient client) {
    run([this, held = std::make_shared<LoggedInClient>(std::move(client))] { relay_.admit(std::move(*held)); });
}

void RelayThread::begin_drain() {
    run([this] { relay_.begin_drain(); });
}

void RelayThread::end_all() {
    run([this] {
        relay_.end_all();
        for (Listening* listening : listening_) listening->end();
        keeper_.hurry();
    });
}

void RelayThread::route(net::Watched& watched, net::Edges edges) {
    if (watched.kind == net::Watched::Kind::client) {
        relay_.on_ready(static_cast<Client&>(watched), edges);
        return;
    }
    auto& server = static_cast<ServerConnection&>(watched);
    const std::uint32_t holder = server.holder.load(std::memory_order_acquire);
    if (holder == ServerConnection::nobody) {
        if (edges.readable) keeper_.look_into(server, edges);
        return;
    }
    // A stale edge of a server that has moved on; its new set tells its new holder.
    if (holder != static_cast<std::uint32_t>(index_)) return;
    if (server.lessee != nullptr) relay_.on_ready(server, edges);
    else if (server.duty == ServerDuty::listening) server.pool.listening().on_ready(edges);
    else if (server.duty != ServerDuty::none) keeper_.on_ready(server, edges);
    else server.note(edges);   // granted; the letter that says so is not read yet
}

void RelayThread::deliver(Letter& letter) {
    switch (letter.kind) {
    case Letter::Kind::server_granted:
        if (Listening::is_meant(letter.client)) letter.server->pool.listening().granted(*letter.server);
        else relay_.granted(letter.client, *letter.server, letter.waited);
        break;
    case Letter::Kind::refused:
        if (letter.listening != nullptr) letter.listening->refused(letter.refusal);
        else relay_.refused(letter.client, letter.refusal);
        break;
    case Letter::Kind::server_arrived: keeper_.take_in(*letter.server); break;
    case Letter::Kind::close_server: keeper_.close(*letter.server, "no longer needed"); break;
    case Letter::Kind::cancel_ended:
        if (letter.server->lessee != nullptr) relay_.cancel_ended(*letter.server);
        else keeper_.cancel_ended(*letter.server);
        break;
    case Letter::Kind::cancel_wanted: relay_.cancel(letter.client, std::move(letter.done)); break;
    default: deliver_of_listening(letter); break;
    }
}

void RelayThread::deliver_of_listening(Letter& letter) {
    switch (letter.kind) {
    case Letter::Kind::listening_wanted:
    case Letter::Kind::listening_kept:
    case Letter::Kind::listening_forgotten: take_for(*letter.listening, letter); break;
    case Letter::Kind::listening_more: letter.listening->go_on(); break;
    case Letter::Kind::listening_changed: relay_.listening_changed(letter); break;
    case Letter::Kind::listening_lost: relay_.listening_lost(letter.client, letter.text); break;
    case Letter::Kind::notifications:
        for (const Notification& one : letter.notifications) relay_.notified(one.client, one.message);
        break;
    default: break;
    }
}

void RelayThread::take_for(Listening& listening, Letter& letter) {
    listening.take(letter, for_listening_);
    const auto known = std::find(listening_.begin(), listening_.end(), &listening);
    if (known == listening_.end() && !listening.is_at_rest()) listening_.push_back(&listening);
}

bool RelayThread::settle() {
    if (const TimePoint now = Clock::now(); now >= next_tick_) tick(now);
    run_tasks();
    for (int round = 0; round < rounds_per_settle; ++round) {
        mailbox_.take(letters_);
        for (Letter& letter : letters_) deliver(letter);
        visiting_.clear();
        visiting_.swap(to_visit_);
        for (Client* client : visiting_) {
            client->is_queued = false;
            relay_.on_ready(*client, {});
        }
        if (letters_.empty() && visiting_.empty()) break;
    }
    client_count_.store(clients_.size(), std::memory_order_relaxed);
    // Those to be visited may have gone, and are looked at once more first.
    if (to_visit_.empty()) clients_.sweep();
    return !to_visit_.empty() || mailbox_.has_own_letters();
}

void RelayThread::tick(TimePoint now) {
    next_tick_ = now + tick_interval;
    keeper_.tick(now);
    relay_.tick_often();
    for (Listening* listening : listening_) listening->tick(now);
    std::erase_if(listening_, [](const Listening* listening) { return listening->is_at_rest(); });
    if (++ticks_ % ticks_per_sweep == 0) relay_.tick(now, idle_timeout_.load(std::memory_order_relaxed));
}

}  // namespace pgweir::proxy
