// How the daemon ends: no new clients, those inside go at their transaction's end, then
// the servers, then the threads.
#include "proxy/daemon.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

namespace pgweir::proxy {
namespace {

constexpr Duration drain_step = std::chrono::milliseconds(50);

// For clients that may go when they like: longer than any daemon runs.
constexpr std::chrono::hours endless(24 * 365 * 10);

// After the drain's deadline: time for last words to clients and Terminate to servers.
constexpr Duration ending_limit = std::chrono::seconds(8);

}  // namespace

void Daemon::begin_drain(ShutdownMode mode) {
    const bool is_patient = mode == ShutdownMode::wait_for_clients;
    spdlog::info("event=drain_began clients={} drain_timeout_ms={}", clients(), config_->timeouts.drain_timeout.count());
    is_draining_ = true;
    drain_deadline_ = Clock::now() + (is_patient ? std::chrono::duration_cast<Duration>(endless) : Duration(config_->timeouts.drain_timeout));
    listener_->stop();
    if (!is_patient)
        for (const auto& thread : relay_threads_) thread->begin_drain();
    watch_drain();
}

// Looks every few milliseconds how far it is; each stage begins when the one before is
// done or its time is up.
void Daemon::watch_drain() {
    drain_timer_->expires_after(drain_step);
    drain_timer_->async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        const TimePoint now = Clock::now();
        // Consoles stay to the end. A login that never finishes must not keep the servers of a daemon that was told to end.
        const bool clients_gone = clients() == 0 && (gate_.inside() <= consoles_.ordinary() || has_ended_clients_);
        if (!clients_gone && now >= drain_deadline_ && !has_ended_clients_) end_now();
        if (clients_gone && !has_retired_pools_) retire_pools();
        const bool time_is_up = now >= drain_deadline_ + ending_limit;
        if (!(has_retired_pools_ && is_vacant()) && !time_is_up) {
            watch_drain();
            return;
        }
        if (!is_vacant()) {
            spdlog::error("event=drain_unfinished clients={}", clients());
            exit_code_ = 1;
        }
        spdlog::info("event=stopped exit_code={}", exit_code_);
        login_threads_.front()->context.stop();
    });
}

// The deadline has passed, or a second signal came: everybody goes.
void Daemon::end_now() {
    if (has_ended_clients_) return;
    has_ended_clients_ = true;
    drain_deadline_ = Clock::now();
    spdlog::warn("event=drain_deadline clients={}", clients());
    for (const auto& thread : relay_threads_) thread->end_all();
}

void Daemon::retire_pools() {
    has_retired_pools_ = true;
    for (const auto& [name, pool] : pools()) pool->retire();
}

bool Daemon::is_vacant() const {
    for (const auto& [name, pool] : pools())
        if (!pool->is_vacant()) return false;
    return true;
}

std::size_t Daemon::clients() const {
    std::size_t count = 0;
    for (const auto& thread : relay_threads_) count += thread->clients();
    return count;
}

void Daemon::stop_threads() {
    if (listener_) listener_->stop();
    if (http_) http_->stop();
    for (const auto& login : login_threads_) {
        login->context.stop();
        if (login->thread.joinable()) login->thread.join();
    }
    for (const auto& relay : relay_threads_) relay->stop();
    if (exit_code_ != 0 && is_draining_) {
        // A helper may hang in a login or a cancel for as long as the network likes.
        spdlog::default_logger()->flush();
        std::_Exit(exit_code_);
    }
    helpers_.join();
}

}  // namespace pgweir::proxy
