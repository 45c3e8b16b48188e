// How a pool comes by its servers: logins on helper threads, what is learned from them,
// and the clients that wait for the first one.
#include "proxy/server/pool.hpp"

#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

namespace pgweir::proxy {
std::shared_ptr<const Welcome> Pool::welcome() const {
    const std::lock_guard lock(mutex_);
    return welcome_;
}

void Pool::request_welcome(std::function<void()> wake) {
    PoolActions actions;
    bool is_hopeless = false;
    {
        const std::lock_guard lock(mutex_);
        waiting_logins_.push_back(std::move(wake));
        is_hopeless = core_.is_hopeless(Clock::now());
        if (!is_hopeless) core_.want_welcome(Clock::now(), actions);
    }
    perform(actions);
    if (is_hopeless) wake_logins();
}

std::optional<std::string> Pool::upstream_failure() const {
    const std::lock_guard lock(mutex_);
    return upstream_failure_;
}

void Pool::dial(ServerId place) {
    ServerTarget target;
    std::shared_ptr<const BaselineSettings> baseline;
    {
        const std::lock_guard lock(mutex_);
        while (connections_.size() < core_.places())
            connections_.push_back(std::make_unique<ServerConnection>(*this, ServerId{static_cast<std::uint32_t>(connections_.size())}));
        target = target_;
        baseline = baseline_;
    }
    target.learns = knowledge_.claim(Clock::now());
    helpers_.run([this, place, target = std::move(target), baseline = std::move(baseline)] {
        LoginResult result = log_in(target);
        if (const auto* failure = std::get_if<LoginFailure>(&result)) {
            if (target.learns) knowledge_.release();
            login_failed(place, *failure);
            return;
        }
        LoggedInServer& login = std::get<LoggedInServer>(result);
        spdlog::info("event=server_login pool={} server={} peer={} backend_pid={}", name_, index_of(place), login.peer,
                     login.handle->backend_pid());
        if (target.learns) learned(login.knowledge);
        welcome_changed(place, login.welcome);
        ServerConnection* connection = nullptr;
        ThreadIndex thread{};
        {
            const std::lock_guard lock(mutex_);
            connection = connections_[index_of(place)].get();
            identities_.resize(connections_.size());
            identities_[index_of(place)] = {login.peer, login.handle->backend_pid(), login.stream.descriptor(), login.stream.is_tls()};
            thread = core_.thread_for_new_server();
        }
        connection->open(std::move(login), baseline);
        threads_[index_of(thread)]->post(Letter{.kind = Letter::Kind::server_arrived, .server = connection});
    });
}

void Pool::learned(const Knowledge& knowledge) {
    if (!knowledge.settings || !knowledge.watched)
        spdlog::warn("event=learning_failed pool={} settings={} names={}", name_, knowledge.settings != nullptr, knowledge.watched.has_value());
    knowledge_.store(knowledge);
}

void Pool::welcome_changed(ServerId place, const Welcome& welcome) {
    {
        const std::lock_guard lock(mutex_);
        if (core_.is_outdated(place)) return;
        upstream_failure_.reset();
        if (!welcome_ || *welcome_ != welcome) welcome_ = std::make_shared<const Welcome>(welcome);
    }
    wake_logins();
}

void Pool::login_failed(ServerId place, const LoginFailure& failure) {
    spdlog::warn("event=server_login_failed pool={} server={} class={} sqlstate={} text={:?}", name_, index_of(place),
                 metrics::dial_outcome_words[static_cast<std::size_t>(failure.kind)], failure.sqlstate, failure.text);
    PoolActions actions;
    bool is_hopeless = false;
    bool is_news = false;
    {
        const std::lock_guard lock(mutex_);
        // The upstream's capacity text is never shown to a client: those wait for what there is.
        if (failure.kind != DialOutcome::capacity && !core_.is_outdated(place)) upstream_failure_ = failure.text;
        core_.login_failed(place, failure.kind, failure.upstream_limit, Clock::now(), actions);
        is_hopeless = core_.is_hopeless(Clock::now());
        is_news = !failure.is_known && unknown_refusals_.note(failure.sqlstate, failure.text);
    }
    if (is_news)
        spdlog::warn("event=upstream_refusal_unknown pool={} sqlstate={} text={:?}", name_, failure.sqlstate, failure.text);
    perform(actions);
    if (is_hopeless) wake_logins();
}

// Warnings are for whom it concerns now; that a login tries again, or has succeeded, is for whoever reads on.
void Pool::tell(const PoolAction& change) const {
    if (change.kind == PoolAction::Kind::tell_ceiling) {
        spdlog::warn("event=ceiling_changed pool={} configured={} effective={}", name_, change.configured_size, change.size);
        return;
    }
    const char* state = metrics::breaker_state_words[static_cast<std::size_t>(change.upstream)];
    const char* reason = metrics::dial_outcome_words[static_cast<std::size_t>(change.outcome)];
    const auto level = change.upstream == UpstreamState::open ? spdlog::level::warn : spdlog::level::info;
    spdlog::log(level, "event=upstream_breaker_changed pool={} state={} reason={} text={:?}", name_, state, reason,
                upstream_failure().value_or(""));
}

void Pool::wake_logins() {
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting.swap(waiting_logins_);
    }
    for (const std::function<void()>& wake : waiting) wake();
}

void Pool::arrived(ServerConnection& server, ThreadIndex thread) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        server.holder.store(ServerConnection::nobody, std::memory_order_release);
        core_.logged_in(server.id, thread, Clock::now(), actions);
    }
    perform(actions);
}

void Pool::set_target(ServerTarget target) {
    PoolActions actions;
    {
        const std::lock_guard lock(mutex_);
        const bool is_same = target.dsn == target_.dsn && target.server_settings == target_.server_settings;
        target_ = std::move(target);
        if (is_same) return;
        baseline_ = std::make_shared<const BaselineSettings>(target_.server_settings);
        knowledge_.release();
        upstream_failure_.reset();
        core_.rotate_all(Clock::now(), actions);
    }
    perform(actions);
}

}  // namespace pgweir::proxy
