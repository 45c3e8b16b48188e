#include "proxy/assembly.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

namespace {

bool has_high_priority(const config::Config& config, const std::string& database) {
    return std::any_of(config.users.begin(), config.users.end(), [&](const auto& entry) {
        const config::UserOptions& user = entry.second;
        if (user.priority != config::Priority::high) return false;
        return !user.databases || std::find(user.databases->begin(), user.databases->end(), database) != user.databases->end();
    });
}

FlowParts flow_parts_of(const std::vector<std::string>& words) {
    FlowParts parts;
    for (const std::string& word : words) {
        const auto* const found = std::find(config::flow_parts.begin(), config::flow_parts.end(), word);
        parts.push_back(static_cast<FlowPart>(found - config::flow_parts.begin()));
    }
    return parts;
}

static_assert(config::flow_parts[static_cast<std::size_t>(FlowPart::address)] == "address");
static_assert(config::flow_parts[static_cast<std::size_t>(FlowPart::application_name)] == "application_name");

}  // namespace

PoolLimits pool_limits(const config::DatabaseOptions& database, const config::Config& config) {
    PoolLimits limits = pool_limits(database);
    if (has_high_priority(config, database.name)) limits.core.reserved_for_high = reserve_for_high(limits.core.pool_size);
    limits.core.shares.weights = config.queue.weights;
    return limits;
}

PoolLimits pool_limits(const config::DatabaseOptions& database) {
    const config::PoolLimits& limits = database.limits;
    PoolCoreLimits core{
        .pool_size = limits.pool_size,
        .min_pool_size = limits.min_pool_size,
        .max_waiting = limits.max_waiting,
        .max_pinned = limits.max_pinned.of(limits.pool_size),
        .shares = ShareLimits{.max_user_servers = limits.max_user_servers > 0 ? limits.max_user_servers : limits.pool_size,
                              .max_flow_servers = limits.max_flow_servers.of(limits.pool_size)},
        .query_wait_timeout = database.timeouts.query_wait_timeout,
        .server_idle_timeout = database.timeouts.server_idle_timeout,
        .server_lifetime = database.timeouts.server_lifetime,
        .server_check_delay = database.timeouts.server_check_delay,
        .breaker = BreakerLimits{.open_above = database.breaker.open_above,
                                 .close_below = database.breaker.close_below,
                                 .window = database.breaker.window,
                                 .min_open = database.breaker.min_open},
    };
    const LeaseLimits lease{.query_timeout = database.timeouts.query_timeout,
                            .transaction_timeout = database.timeouts.transaction_timeout,
                            .idle_transaction_timeout = database.timeouts.idle_transaction_timeout,
                            .idle_transaction_soft_timeout = database.timeouts.idle_transaction_soft_timeout,
                            .slow_reader_timeout = database.timeouts.slow_reader_timeout};
    return PoolLimits{.core = core, .max_prepared_statements = limits.max_prepared_statements, .lease = lease};
}

ServerTarget server_target(const config::DatabaseOptions& database) {
    return ServerTarget{.dsn = database.dsn,
                        .database = database.name,
                        .server_settings = database.server_settings,
                        .connect_timeout = database.timeouts.server_connect_timeout};
}

std::variant<TlsOffers, net::TlsError> make_tls_offers(const config::Config& config) {
    const config::TlsOptions& options = config.listen.tls;
    auto offer = std::make_shared<TlsOffer>();
    offer->required = options.mode == config::TlsMode::require;
    if (options.mode != config::TlsMode::disable && !options.certificate.empty()) {
        std::variant<net::ServerTls, net::TlsError> made = net::make_server_tls(options);
        if (auto* error = std::get_if<net::TlsError>(&made)) return std::move(*error);
        auto& tls = std::get<net::ServerTls>(made);
        offer->context = std::move(tls.context);
        offer->endpoint_binding = std::move(tls.endpoint_binding);
        offer->expires_at = tls.expires_at;
    }
    TlsOffers offers{.clients = std::move(offer), .http = {}};
    if (!config.http.tls.certificate.empty()) {
        std::variant<net::ServerTls, net::TlsError> made = net::make_http_tls(config.http.tls);
        if (auto* error = std::get_if<net::TlsError>(&made)) return std::move(*error);
        offers.http = std::get<net::ServerTls>(std::move(made));
    }
    return offers;
}

UserVerifiers Verifiers::make(const config::Config& config) {
    UserVerifiers by_user;
    std::map<std::string, protocol::ScramVerifier> used;
    for (const auto& [name, user] : config.users) {
        const std::string& password = user.password.reveal();
        auto known = by_password_.find(password);
        if (known == by_password_.end()) {
            const auto parsed = protocol::parse_verifier(password);
            known = by_password_.emplace(password, parsed ? *parsed : protocol::make_verifier(password)).first;
        }
        used.insert(*known);
        by_user.emplace(name, known->second);
    }
    by_password_ = std::move(used);
    return by_user;
}

std::shared_ptr<const Directory> make_directory(const config::Config& config, const Pools& pools,
                                                const UserVerifiers& verifiers,
                                                const protocol::Sha256& mock_secret) {
    auto directory = std::make_shared<Directory>();
    directory->mock_secret = mock_secret;
    directory->client_login_timeout = config.timeouts.client_login_timeout;
    directory->reserved_admin_conn = config.limits.reserved_admin_conn;
    directory->fair_by = flow_parts_of(config.queue.fair_by);
    for (const auto& [name, user] : config.users) {
        DirectoryUser& entry = directory->users[name];
        entry.verifier = verifiers.at(name);
        entry.databases = user.databases;
        entry.pool_mode = user.pool_mode;
        entry.max_user_client_connections = user.max_user_client_connections;
        entry.role = user.admin ? ConsoleRole::admin : user.stats ? ConsoleRole::stats : ConsoleRole::none;
        entry.priority = user.priority == config::Priority::high ? Priority::high : Priority::normal;
    }
    for (const auto& [name, database] : config.databases)
        directory->databases.emplace(name, DirectoryDatabase{pools.at(name), database.pool_mode});
    return directory;
}

}  // namespace pgweir::proxy
