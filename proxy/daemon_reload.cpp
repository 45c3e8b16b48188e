// How a changed configuration comes into force without dropping a client, and what HTTP sees.
#include "proxy/daemon.hpp"

#include "config/diff.hpp"
#include "config/words.hpp"
#include "proxy/log.hpp"
#include "proxy/net/tls_context.hpp"
#include "proxy/statistics.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <utility>

#ifndef PGWEIR_VERSION
#define PGWEIR_VERSION "unknown"
#endif

namespace pgweir::proxy {

// Reading and hashing block, so they are done by a helper; what is decided is decided here.
void Daemon::reload() {
    if (is_reloading_) {
        reload_again_ = true;
        return;
    }
    is_reloading_ = true;
    helpers_.run([this] {
        std::shared_ptr<const config::Config> config = reread_();
        UserVerifiers verifiers;
        if (config) verifiers = verifiers_.make(*config);
        boost::asio::post(login_threads_.front()->context, [this, config = std::move(config), verifiers = std::move(verifiers)]() mutable {
            apply(std::move(config), verifiers);
            is_reloading_ = false;
            if (std::exchange(reload_again_, false)) reload();
            else tell_reload_watchers();
        });
    });
}

void Daemon::apply(std::shared_ptr<const config::Config> config, const UserVerifiers& verifiers) {
    std::optional<std::string> tls_error;
    if (config && !is_draining_) tls_error = open_tls(*config);
    if (tls_error) spdlog::error("event=reload_failed text={:?}", *tls_error);
    last_reload_ok_ = config && !tls_error;
    ++reloads_[static_cast<std::size_t>(last_reload_ok_ ? metrics::ReloadResult::ok : metrics::ReloadResult::failed)];
    if (!last_reload_ok_ || is_draining_) return;

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
    snapshot.daemon.buffered_bytes = buffered_.used();
    snapshot.daemon.certificate_expires_at = certificate_expires_at_;
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
