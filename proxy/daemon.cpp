#include "proxy/daemon.hpp"

#include "config/addresses.hpp"
#include "proxy/log.hpp"
#include "proxy/server/login_address.hpp"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <utility>
#include <variant>

namespace pgweir::proxy {
namespace {

// Ten steps in the breaker's usual window of a second.
constexpr Duration tick_interval = std::chrono::milliseconds(100);

constexpr int max_io_threads = 4;

int io_threads(const config::ListenOptions& options) {
    if (options.io_threads > 0) return options.io_threads;
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, max_io_threads);
}

// What HTTP shows is of interest to others: a token keeps them out, and TLS keeps the token from them.
void warn_if_exposed(const config::HttpOptions& http) {
    const bool is_guarded = !http.token.reveal().empty() && !http.tls.certificate.empty();
    if (http.port == 0 || config::is_loopback_ip(http.address) || is_guarded) return;
    spdlog::warn("event=http_exposed address={} token={} tls={} text=\"who reaches it may see users, addresses and statements: set http.token and "
                 "http.tls, or leave it on loopback\"",
                 http.address, http.token.reveal().empty() ? "no" : "yes", http.tls.certificate.empty() ? "no" : "yes");
}

}  // namespace

Daemon::Daemon(const ConfigReading& first, Reread reread)
    : reread_(std::move(reread)),
      config_(first.config),
      gate_(config_->limits.max_client_conn),
      buffered_(config_->limits.max_buffered.bytes),
      services_{.directory = [this] { return directory(); },
                .tls =
                    [this] {
                        const std::lock_guard lock(mutex_);
                        return tls_;
                    },
                .hand_over = [this](LoggedInClient client) { hand_over(std::move(client)); },
                .open_console = [this](ConsoleClient client) { open_console(std::move(client)); },
                .cancel =
                    [this](ClientId client, std::function<void()> done) {
                        Letter letter{.kind = Letter::Kind::cancel_wanted, .client = client};
                        letter.done = std::move(done);
                        relay_threads_[index_of(client.thread)]->mailbox().post(std::move(letter));
                    },
                .is_draining = [this] { return is_draining_.load(); },
                .gate = gate_,
                .cancel_keys = cancel_keys_} {
    RAND_bytes(mock_secret_.data(), static_cast<int>(mock_secret_.size()));
    for (int i = 0; i < config_->listen.login_threads; ++i) login_threads_.push_back(std::make_unique<LoginThread>());
    for (int i = 0; i < io_threads(config_->listen); ++i)
        relay_threads_.push_back(std::make_unique<RelayThread>(ThreadIndex{static_cast<std::uint32_t>(i)}, cancel_keys_, texts_, buffered_));
    console_services_ = console_services();
    file_watch_.read(first.files);
}

Daemon::~Daemon() = default;

int Daemon::run() {
    if (const std::optional<std::string> error = open()) {
        spdlog::error("event=start_failed text={:?}", *error);
        exit_code_ = 1;
    } else {
        spdlog::info("event=started port={} http_port={} databases={} users={} io_threads={}", listener_->port(),
                     http_ ? http_->port() : 0, config_->databases.size(), config_->users.size(), relay_threads_.size());
        start_threads();
        login_threads_.front()->context.run();
    }
    stop_threads();
    return exit_code_;
}

std::optional<std::string> Daemon::open() {
    boost::asio::io_context& context = login_threads_.front()->context;
    auto tls = make_tls_offers(*config_);
    if (auto* error = std::get_if<net::TlsError>(&tls)) return std::move(error->text);
    use(std::get<TlsOffers>(std::move(tls)));
    open_pools(*config_);
    directory_ = make_directory(*config_, pools_, verifiers_.make(*config_), mock_secret_);

    std::vector<boost::asio::any_io_executor> targets;
    for (const auto& thread : login_threads_) targets.emplace_back(thread->context.get_executor());
    listener_ = std::make_unique<net::Listener>(coroutines_, std::move(targets),
                                                [this](net::Accepted accepted) { accept(std::move(accepted)); });
    if (std::optional<net::ListenError> error = listener_->start(config_->listen)) return error->text;
    if (config_->http.port != 0) {
        http_ = std::make_unique<HttpServer>(coroutines_, context.get_executor(), http_services(),
                                             [this](std::string database) { return status(std::move(database)); },
                                             [this] { return http_tls_.context; });
        if (std::optional<net::ListenError> error = http_->start(config_->http.address, config_->http.port)) return error->text;
        warn_if_exposed(config_->http);
    }
    signals_.emplace(context, SIGHUP, SIGTERM, SIGINT);
    timer_.emplace(context);
    drain_timer_.emplace(context);
    wait_for_signal();
    schedule_tick();
    return std::nullopt;
}

void Daemon::use(TlsOffers offers) {
    http_tls_ = std::move(offers.http);
    const std::lock_guard lock(mutex_);
    tls_ = std::move(offers.clients);
}

// Makes the pools of databases that have none, and gives the others what changed. A
// database that is no longer configured keeps its pool for the clients it still has.
void Daemon::open_pools(const config::Config& config) {
    std::vector<Mailbox*> mailboxes;
    for (const auto& thread : relay_threads_) mailboxes.push_back(&thread->mailbox());
    Pools next = pools();
    for (const auto& [name, database] : config.databases) {
        addresses_[name] = upstream_address(server_target(database));
        const auto known = next.find(name);
        if (known == next.end()) {
            next.emplace(name, std::make_shared<Pool>(name, pool_limits(database, config), server_target(database), mailboxes, helpers_));
            continue;
        }
        known->second->set_limits(pool_limits(database, config));
        known->second->set_target(server_target(database));
    }
    const std::lock_guard lock(mutex_);
    pools_ = std::move(next);
}

void Daemon::start_threads() {
    for (const auto& thread : relay_threads_) {
        thread->set_client_idle_timeout(config_->timeouts.client_idle_timeout);
        thread->start();
    }
    // The first login thread is the one that called run.
    for (std::size_t i = 1; i < login_threads_.size(); ++i) {
        LoginThread& login = *login_threads_[i];
        login.thread = std::thread([&login] {
            const auto work = boost::asio::make_work_guard(login.context);
            login.context.run();
        });
    }
}

void Daemon::accept(net::Accepted accepted) {
    LoginThread& thread = *login_threads_[accepted.thread];
    Peer peer{.address = std::move(accepted.address), .is_local = accepted.is_local};
    coroutines_.spawn(thread.context.get_executor(), "login",
                      log_in_client(services_, thread.cells, std::move(accepted.stream), std::move(peer)));
}

void Daemon::hand_over(LoggedInClient client) {
    const std::uint32_t next = next_relay_thread_.fetch_add(1, std::memory_order_relaxed);
    relay_threads_[next % relay_threads_.size()]->admit(std::move(client));
}

std::shared_ptr<const Directory> Daemon::directory() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

Pools Daemon::pools() const {
    const std::lock_guard lock(mutex_);
    return pools_;
}

void Daemon::schedule_tick() {
    timer_->expires_after(tick_interval);
    timer_->async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        for (const auto& [name, pool] : pools()) pool->tick();
        sample_stats();
        sample_usage();
        tell_held_back_log_lines();
        watch_files();
        schedule_tick();
    });
}

void Daemon::wait_for_signal() {
    signals_->async_wait([this](boost::system::error_code ec, int number) {
        if (ec) return;
        on_signal(number);
        wait_for_signal();
    });
}

void Daemon::on_signal(int number) {
    if (number == SIGHUP) reload();
    else if (!is_draining_) begin_drain();
    else end_now();
}

}  // namespace pgweir::proxy
