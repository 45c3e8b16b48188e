// The daemon: owns every thread, pool and listener, and says in which order they come
// and go. Start, reload and drain are decided on the first login thread.
#pragma once

#include "config/options.hpp"
#include "metrics/catalog.hpp"
#include "metrics/exporter.hpp"
#include "proxy/admin/console.hpp"
#include "proxy/admin/http.hpp"
#include "proxy/admin/usage_history.hpp"
#include "proxy/assembly.hpp"
#include "proxy/client/login.hpp"
#include "proxy/client/relay_thread.hpp"
#include "proxy/config_files.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/spawn.hpp"
#include "proxy/server/helper_threads.hpp"
#include "proxy/server/pool.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace pgweir::proxy {

class Daemon {
public:
    // Loads the configuration anew for a reload. It runs on a helper thread.
    using Reread = std::function<ConfigReading()>;

    // Requires: `first` has a Config.
    Daemon(const ConfigReading& first, Reread reread);
    ~Daemon();

    // Opens everything; then serves until it is told to end. Returns the exit code:
    // 0 after a drain, 1 when it could not start or had to end with work unfinished.
    int run();

private:
    // What a reload brings, as helpers have made it of the files.
    struct NextConfig {
        ConfigReading reading;
        UserVerifiers verifiers;
        std::variant<TlsOffers, net::TlsError> tls;   // like the verifiers: with a Config only
    };

    struct LoginThread {
        boost::asio::io_context context{1};
        metrics::LoginCells cells;
        std::thread thread;
    };

    // Start.
    std::optional<std::string> open();
    void use(TlsOffers offers);
    void open_pools(const config::Config& config);
    void start_http();
    void start_threads();

    // While it serves.
    void wait_for_signal();
    void on_signal(int number);
    void schedule_tick();
    void watch_files();
    // With `settled` only if the files hold just that.
    void reload(FilePrints settled = {});
    std::shared_ptr<NextConfig> prepare();
    void take(const NextConfig& next);
    void apply(std::shared_ptr<const config::Config> config, const UserVerifiers& verifiers);
    void accept(net::Accepted accepted);
    void hand_over(LoggedInClient client);
    HttpServices http_services();

    // For the admin console (daemon_console.cpp).
    void open_console(ConsoleClient client);
    ConsoleServices console_services();
    ConsoleSnapshot console_snapshot() const;
    boost::asio::awaitable<bool> on_relays(std::function<void(Relay&)> task);
    boost::asio::awaitable<bool> on_relay(ThreadIndex thread, std::function<void(Relay&)> task);
    boost::asio::awaitable<bool> reload_and_wait();
    MaybeError change_setting(const std::string& key, const std::string& value);
    MaybeError shut_down(ShutdownMode mode);
    void sample_stats();

    // For the status page (daemon_status.cpp).
    boost::asio::awaitable<std::string> status(std::string database);
    void sample_usage();

    metrics::Snapshot snapshot() const;
    std::vector<DatabaseHealth> health() const;
    std::shared_ptr<const Directory> directory() const;
    Pools pools() const;

    // End.
    void begin_drain(ShutdownMode mode = ShutdownMode::wait_for_servers);
    void tell_reload_watchers();
    void watch_drain();
    void retire_pools();
    bool is_vacant() const;
    void end_now();
    std::size_t clients() const;
    void stop_threads();

    const Reread reread_;
    std::shared_ptr<const config::Config> config_;   // the first login thread's
    std::map<std::string, metrics::UpstreamAddress> addresses_;   // by database; likewise
    HelperThreads helpers_;
    Gate gate_;
    BufferedBytes buffered_;
    CancelKeys cancel_keys_;
    TextTable texts_;
    Verifiers verifiers_;                            // used by one helper task at a time
    protocol::Sha256 mock_secret_{};

    mutable std::mutex mutex_;                       // of what all threads read and a reload replaces
    std::shared_ptr<const Directory> directory_;
    std::shared_ptr<const TlsOffer> tls_;
    net::ServerTls http_tls_;                        // without a context HTTP is plain; the first login thread's
    Pools pools_;

    LoginServices services_;
    ConsoleRegistry consoles_;                       // they, and the services, outlive the coroutines
    ConsoleServices console_services_;
    StatsHistory stats_history_;
    UsageHistory usage_history_;
    const TimePoint started_at_ = Clock::now();
    net::Coroutines coroutines_;
    std::vector<std::unique_ptr<LoginThread>> login_threads_;
    std::vector<std::unique_ptr<RelayThread>> relay_threads_;
    std::unique_ptr<net::Listener> listener_;
    std::unique_ptr<HttpServer> http_;
    std::optional<boost::asio::signal_set> signals_;
    std::optional<boost::asio::steady_timer> timer_;
    std::optional<boost::asio::steady_timer> drain_timer_;

    std::atomic<std::uint64_t> generation_{1};
    std::atomic<bool> last_reload_ok_{true};
    std::array<std::uint64_t, 2> reloads_{};         // by metrics::ReloadResult; the first login thread's
    std::atomic<bool> is_draining_{false};
    std::atomic<std::uint32_t> next_relay_thread_{0};
    bool is_reloading_ = false;
    bool reload_again_ = false;
    FileWatch file_watch_;
    bool is_looking_ = false;
    std::vector<std::function<void(bool)>> reload_watchers_;   // told whether it was taken
    bool has_ended_clients_ = false;
    bool has_retired_pools_ = false;
    TimePoint drain_deadline_{};
    int exit_code_ = 0;
};

}  // namespace pgweir::proxy
