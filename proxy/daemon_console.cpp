// What the admin console sees of the daemon, and does to it. All on the first login thread.
#include "proxy/daemon.hpp"

#include "config/change.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/client/bell.hpp"
#include "proxy/log.hpp"
#include "proxy/statistics.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
namespace sqlstate = protocol::sqlstate;

namespace {

// How long a command waits for the relay threads, and for a reload. Chosen.
constexpr Duration relays_limit = std::chrono::seconds(5);
constexpr Duration reload_limit = std::chrono::minutes(1);

std::string_view sqlstate_of(config::ChangedConfig::Outcome outcome) {
    using Outcome = config::ChangedConfig::Outcome;
    switch (outcome) {
    case Outcome::unknown_key: return sqlstate::undefined_object;
    case Outcome::not_changeable: return sqlstate::cant_change_runtime_param;
    case Outcome::bad_value:
    case Outcome::changed: return sqlstate::invalid_parameter_value;
    }
    return sqlstate::invalid_parameter_value;
}

}  // namespace

void Daemon::open_console(ConsoleClient client) {
    auto held = std::make_shared<ConsoleClient>(std::move(client));
    asio::io_context& context = login_threads_.front()->context;
    asio::post(context, [this, held, &context] {
        coroutines_.spawn(context.get_executor(), "console", serve_console(console_services_, std::move(*held)));
    });
}

ConsoleServices Daemon::console_services() {
    ConsoleServices services;
    services.snapshot = [this] { return console_snapshot(); };
    services.on_relays = [this](std::function<void(Relay&)> task) { return on_relays(std::move(task)); };
    services.on_relay = [this](ThreadIndex thread, std::function<void(Relay&)> task) { return on_relay(thread, std::move(task)); };
    services.reload = [this] { return reload_and_wait(); };
    services.pools = [this] { return pools(); };
    services.set = [this](const std::string& key, const std::string& value) { return change_setting(key, value); };
    services.shut_down = [this](ShutdownMode mode) { return shut_down(mode); };
    services.relay_threads = relay_threads_.size();
    services.version = PGWEIR_VERSION;
    services.registry = &consoles_;
    return services;
}

ConsoleSnapshot Daemon::console_snapshot() const {
    ConsoleSnapshot snapshot;
    snapshot.config = config_;
    for (const auto& [name, pool] : pools()) {
        PoolShot shot;
        shot.database = name;
        shot.facts = pool->facts();
        shot.view = pool->view();
        shot.identities = pool->identities();
        const std::vector<const metrics::RelayCells*> cells = pool->all_cells();
        shot.clients = clients_of(cells);
        shot.sums = sums_of(cells);
        shot.averages = stats_history_.averages(name);
        shot.is_disabled = pool->is_disabled();
        shot.upstream_failure = pool->upstream_failure().value_or("");
        if (const auto known = config_->databases.find(name); known != config_->databases.end()) {
            shot.options = known->second;
            shot.dsn = config::facts_of(known->second.dsn);
        }
        snapshot.pools.push_back(std::move(shot));
    }
    snapshot.events = recent_events().lines();
    snapshot.now = std::chrono::system_clock::now();
    snapshot.version = PGWEIR_VERSION;
    snapshot.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_at_);
    snapshot.config_generation = generation_;
    snapshot.clients_inside = gate_.inside() - consoles_.ordinary();
    for (const auto& thread : login_threads_) snapshot.clients_logging_in += static_cast<int>(thread->cells.logging_in.value());
    snapshot.consoles = static_cast<int>(consoles_.open.size());
    snapshot.is_draining = is_draining_;
    snapshot.buffered_bytes = buffered_.used();
    snapshot.resident_bytes = process_state().resident_bytes;
    return snapshot;
}

asio::awaitable<bool> Daemon::on_relays(std::function<void(Relay&)> task) {
    const Bell bell(co_await asio::this_coro::executor);
    const std::function<void()> rope = bell.rope();
    auto left = std::make_shared<std::atomic<std::size_t>>(relay_threads_.size());
    for (const auto& thread : relay_threads_) {
        std::function<void(Relay&)> one = [task, left, rope](Relay& relay) {
            task(relay);
            if (left->fetch_sub(1) == 1) rope();
        };
        thread->ask(std::move(one));
    }
    co_await bell.wait(Clock::now() + relays_limit);
    co_return bell.has_rung();
}

asio::awaitable<bool> Daemon::on_relay(ThreadIndex thread, std::function<void(Relay&)> task) {
    const Bell bell(co_await asio::this_coro::executor);
    std::function<void(Relay&)> one = [asked = std::move(task), rope = bell.rope()](Relay& relay) {
        asked(relay);
        rope();
    };
    relay_threads_[index_of(thread)]->ask(std::move(one));
    co_await bell.wait(Clock::now() + relays_limit);
    co_return bell.has_rung();
}

asio::awaitable<bool> Daemon::reload_and_wait() {
    const Bell bell(co_await asio::this_coro::executor);
    auto was_taken = std::make_shared<bool>(false);
    std::function<void(bool)> watcher = [was_taken, rope = bell.rope()](bool is_taken) {
        *was_taken = is_taken;
        rope();
    };
    reload_watchers_.push_back(std::move(watcher));
    reload();
    co_await bell.wait(Clock::now() + reload_limit);
    co_return *was_taken;
}

void Daemon::tell_reload_watchers() {
    for (const std::function<void(bool)>& watcher : std::exchange(reload_watchers_, {})) watcher(last_reload_ok_ && !is_draining_);
}

// Until the next reload, which goes by the file.
MaybeError Daemon::change_setting(const std::string& key, const std::string& value) {
    if (is_draining_) return CommandError{sqlstate::object_not_in_prerequisite_state, "pgweir is draining"};
    config::ChangedConfig changed = config::with_setting(*config_, key, value);
    if (changed.outcome != config::ChangedConfig::Outcome::changed) return CommandError{sqlstate_of(changed.outcome), std::move(changed.problem)};
    UserVerifiers verifiers;
    for (const auto& [name, user] : directory()->users) verifiers.emplace(name, user.verifier);
    apply(std::move(changed.config), verifiers);
    return std::nullopt;
}

// The answer goes out first.
MaybeError Daemon::shut_down(ShutdownMode mode) {
    if (is_draining_ && mode != ShutdownMode::now) return CommandError{sqlstate::object_not_in_prerequisite_state, "pgweir is draining already"};
    asio::post(login_threads_.front()->context, [this, mode] {
        if (!is_draining_) begin_drain(mode);
        if (mode == ShutdownMode::now) end_now();
    });
    return std::nullopt;
}

void Daemon::sample_stats() {
    const TimePoint now = Clock::now();
    if (!stats_history_.is_due(now)) return;
    StatsHistory::Sample sample;
    for (const auto& [name, pool] : pools()) sample.emplace(name, sums_of(pool->all_cells()));
    stats_history_.sample(std::move(sample), now);
}

}  // namespace pgweir::proxy
