// How a changed configuration comes into force without dropping a client, and what HTTP sees.
#include "proxy/daemon.hpp"

#include "config/diff.hpp"
#include "config/words.hpp"
#include "proxy/log.hpp"
#include "proxy/statistics.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <utility>

#ifndef PGWEIR_VERSION
#define PGWEIR_VERSION "unknown"
#endif

namespace pgweir::proxy {

// Polled, and by content: a look costs microseconds, sees what is mounted from elsewhere, and does not care which link or
// folder on the way was replaced. inotify would have to follow all of these, and is silent on network file systems.
void Daemon::watch_files() {
    if (!config_->watch || is_draining_ || is_looking_ || is_reloading_ || !file_watch_.is_due(Clock::now())) return;
    is_looking_ = true;
    helpers_.run_reading([this, paths = file_watch_.paths()] {
        boost::asio::post(login_threads_.front()->context, [this, seen = look_at(paths)]() mutable {
            is_looking_ = false;
            const std::optional<std::string> changed = file_watch_.look(seen, Clock::now());
            if (!changed || is_reloading_ || is_draining_ || !config_->watch) return;
            spdlog::info("event=file_changed path={:?}", *changed);
            reload(std::move(seen));
        });
    });
}

// Reading and hashing block, so they are done by a helper; what is decided is decided here.
void Daemon::reload(FilePrints settled) {
    if (is_reloading_) {
        reload_again_ = true;
        return;
    }
    is_reloading_ = true;
    helpers_.run_reading([this, settled = std::move(settled)] {
        boost::asio::post(login_threads_.front()->context, [this, settled, next = prepare()] {
            // Otherwise somebody is writing: the next looks will tell when that has ended.
            if (holds(settled, next->reading.files)) take(*next);
            is_reloading_ = false;
            if (std::exchange(reload_again_, false)) reload();
            else tell_reload_watchers();
        });
    });
}

// On a helper thread.
std::shared_ptr<Daemon::NextConfig> Daemon::prepare() {
    auto next = std::make_shared<NextConfig>();
    next->reading = reread_();
    if (next->reading.config) {
        next->verifiers = verifiers_.make(*next->reading.config);
        next->tls = make_tls_offers(*next->reading.config);
    }
    return next;
}

void Daemon::take(const NextConfig& next) {
    file_watch_.read(next.reading.files);
    const auto* tls_error = std::get_if<net::TlsError>(&next.tls);
    for (const config::Diagnostic& problem : next.reading.problems) spdlog::error("event=reload_failed text={:?}", problem.text());
    if (tls_error != nullptr) spdlog::error("event=reload_failed text={:?}", tls_error->text);
    if (!next.reading.config || tls_error != nullptr) {
        last_reload_ok_ = false;
        ++reloads_[static_cast<std::size_t>(metrics::ReloadResult::failed)];
        return;
    }
    if (!is_draining_) use(std::get<TlsOffers>(next.tls));
    apply(next.reading.config, next.verifiers);
}

void Daemon::apply(std::shared_ptr<const config::Config> config, const UserVerifiers& verifiers) {
    last_reload_ok_ = true;
    ++reloads_[static_cast<std::size_t>(metrics::ReloadResult::ok)];
    if (is_draining_) return;

    for (const config::Change& change : config::diff(*config_, *config))
        spdlog::info("event=config_changed {}", change.text());
    open_pools(*config);
    std::shared_ptr<const Directory> directory =
        make_directory(*config, pools(), verifiers, mock_secret_);
    {
        const std::lock_guard lock(mutex_);
        directory_ = std::move(directory);
    }
    gate_.set_limit(config->limits.max_client_conn);
    buffered_.set_limit(config->limits.max_buffered.bytes);
    for (const auto& thread : relay_threads_) thread->set_client_idle_timeout(config->timeouts.client_idle_timeout);
    set_up_log(config->log);
    config_ = std::move(config);
    spdlog::info("event=reloaded generation={}", ++generation_);
}

HttpServices Daemon::http_services() {
    return HttpServices{
        .metrics = [this] { return metrics::expose(snapshot()); },
        .health = [this] { return describe_health(health()); },
        .health_of = [this](const std::string& database) { return describe_health_of(health(), database); },
        .is_draining = [this] { return is_draining_.load(); },
        .token = [this] { return config_->http.token.reveal(); },
    };
}

metrics::Snapshot Daemon::snapshot() const {
    metrics::Snapshot snapshot;
    snapshot.version = PGWEIR_VERSION;
    snapshot.daemon.config_generation = generation_;
    snapshot.daemon.last_reload_ok = last_reload_ok_;
    snapshot.daemon.max_client_conn = static_cast<std::uint64_t>(gate_.limit());
    snapshot.daemon.clients_inside = static_cast<std::uint64_t>(gate_.inside());
    snapshot.daemon.reloads = reloads_;
    snapshot.daemon.log_lines_held_back = held_back_log_lines();
    snapshot.daemon.buffered_bytes = buffered_.used();
    snapshot.daemon.certificate_expires_at = {services_.tls()->expires_at, http_tls_.expires_at};
    snapshot.daemon.max_buffered_bytes = buffered_.limit();
    snapshot.process = process_state();
    snapshot.users = config_->users.size();
    for (const auto& [name, pool] : pools()) {
        metrics::PoolSnapshot& shown = snapshot.pools.emplace_back(pool_snapshot(*pool));
        const auto configured = config_->databases.find(name);
        shown.is_configured = configured != config_->databases.end();
        if (shown.is_configured) shown.pool_mode = config::text_of(configured->second.pool_mode);
        shown.upstream = addresses_.at(name);
    }
    for (const auto& thread : login_threads_) snapshot.logins.push_back(&thread->cells);
    return snapshot;
}

std::vector<DatabaseHealth> Daemon::health() const {
    std::vector<DatabaseHealth> databases;
    for (const auto& [name, pool] : pools()) databases.push_back(database_health(*pool));
    return databases;
}

}  // namespace pgweir::proxy
