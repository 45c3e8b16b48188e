#include "config/schema.hpp"

#include "config/problems.hpp"

#include <array>
#include <iterator>
#include <span>

namespace pgweir::config {

namespace {

// Units of durations, in milliseconds.
constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t week = 7 * 24 * hour;

// Units of memory, in bytes.
constexpr std::int64_t megabyte = 1024 * 1024;
constexpr std::int64_t terabyte = megabyte * 1024 * 1024;

template <class T>
using Member =
    std::variant<int T::*, std::uint16_t T::*, std::chrono::milliseconds T::*, double T::*, std::optional<double> T::*,
                 Portion T::*, ByteSize T::*, std::string T::*, Secret T::*, std::vector<std::string> T::*,
                 std::optional<std::vector<std::string>> T::*, Settings T::*, Weights T::*, TlsMode T::*, TlsVersion T::*,
                 PoolMode T::*, std::optional<PoolMode> T::*, Priority T::*, LogFormat T::*, LogLevel T::*, bool T::*>;

template <class T>
struct Row {
    Facts facts;
    Member<T> member;
};

constexpr auto listen_rows = std::to_array<Row<ListenOptions>>({
    {{"address", 0, 0, Reload::restart, "IP addresses to listen on: one or a list; [] for the unix socket alone."}, &ListenOptions::address},
    {{"port", 0, 65535, Reload::restart, "TCP port for clients; 0 takes any free one."}, &ListenOptions::port},
    {{"unix_socket_dir", 0, 0, Reload::restart,
      "Directory for a unix socket named as PostgreSQL names it, .s.PGSQL.<port>; empty for none."}, &ListenOptions::unix_socket_dir},
    {{"io_threads", 1, 64, Reload::restart, "Threads that relay; auto is one per core, at most 4.", "auto"}, &ListenOptions::io_threads},
    {{"login_threads", 1, 16, Reload::restart, "Threads that accept clients and log them in."}, &ListenOptions::login_threads},
});

constexpr auto tls_rows = std::to_array<Row<TlsOptions>>({
    {{"mode", 0, 0, Reload::new_logins,
      "Whether clients may (allow) or must (require) use TLS; without a certificate allow means plain text only."}, &TlsOptions::mode},
    {{"certificate", 0, 0, Reload::new_logins, "PEM file with the certificate chain shown to clients."}, &TlsOptions::certificate},
    {{"private_key", 0, 0, Reload::new_logins, "PEM file with the key of the certificate."}, &TlsOptions::private_key},
    {{"client_ca", 0, 0, Reload::new_logins,
      "PEM file of authorities; when set, clients must show a certificate signed by one of them."},
     &TlsOptions::client_ca},
    {{"min_version", 0, 0, Reload::new_logins, "Oldest TLS version accepted from clients."}, &TlsOptions::min_version},
});

constexpr auto client_limit_rows = std::to_array<Row<ClientLimits>>({
    {{"max_client_conn", 1, 1'000'000, Reload::live, "Most clients connected at once; others are refused at login."}, &ClientLimits::max_client_conn},
    {{"max_user_client_connections", 0, 1'000'000, Reload::live,
      "Most clients of one user connected at once; 0 for no limit."},
     &ClientLimits::max_user_client_connections},
    {{"max_buffered", megabyte, terabyte, Reload::live,
      "Memory for what clients have not read yet, all together; beyond it no server is read for a client that has "
      "something to read."},
     &ClientLimits::max_buffered},
    {{"reserved_admin_conn", 0, 100, Reload::live,
      "Places for users with admin: true in the console when max_client_conn clients are connected; on top of those."},
     &ClientLimits::reserved_admin_conn},
});

constexpr auto pool_limit_rows = std::to_array<Row<PoolLimits>>({
    {{"pool_size", 1, 10'000, Reload::live, "Most servers of one pool, at every instant."}, &PoolLimits::pool_size},
    {{"min_pool_size", 0, 10'000, Reload::live, "Servers of one pool kept open without being asked for."}, &PoolLimits::min_pool_size},
    {{"max_waiting", 1, 1'000'000, Reload::live,
      "Most clients of one pool waiting for a server; others are refused at once."},
     &PoolLimits::max_waiting},
    {{"max_pinned", 1, 10'000, Reload::live,
      "Servers of one pool that clients may keep between transactions for their session state; a percentage is of "
      "pool_size, rounded up, at least 1."},
     &PoolLimits::max_pinned},
    {{"max_user_servers", 0, 10'000, Reload::live, "Most servers of one pool that a user may hold while others wait; 0 for no limit."},
     &PoolLimits::max_user_servers},
    {{"max_flow_servers", 1, 10'000, Reload::live,
      "Most servers of one pool that a flow of the queue may hold while others wait; a percentage is of pool_size, "
      "rounded up, at least 1."},
     &PoolLimits::max_flow_servers},
    {{"max_prepared_statements", 1, 100'000, Reload::live,
      "Prepared statements kept on one server; those unused for longest make room."},
     &PoolLimits::max_prepared_statements},
});

constexpr auto client_timeout_rows = std::to_array<Row<ClientTimeouts>>({
    {{"client_login_timeout", 100, 10 * minute, Reload::new_logins, "How long a client may take to log in."}, &ClientTimeouts::client_login_timeout},
    {{"client_idle_timeout", 0, week, Reload::live,
      "How long a client may stay connected without a statement; 0s for ever."}, &ClientTimeouts::client_idle_timeout},
    {{"drain_timeout", 0, 24 * hour, Reload::live, "How long a stopping daemon waits for transactions to end."}, &ClientTimeouts::drain_timeout},
});

constexpr auto pool_timeout_rows = std::to_array<Row<PoolTimeouts>>({
    {{"query_wait_timeout", 1, hour, Reload::live, "How long a client may wait for a server before it is refused."},
     &PoolTimeouts::query_wait_timeout},
    {{"query_timeout", 0, week, Reload::live, "Cancel a statement, or a text of several, that runs for this long; 0s for never."},
     &PoolTimeouts::query_timeout},
    {{"transaction_timeout", 0, week, Reload::live,
      "Roll a transaction back that is this old, and cancel its statement; 0s for never."},
     &PoolTimeouts::transaction_timeout},
    {{"idle_transaction_timeout", 0, week, Reload::live,
      "Take the server from a client that is idle in a transaction for this long; 0s for never."},
     &PoolTimeouts::idle_transaction_timeout},
    {{"idle_transaction_soft_timeout", 0, week, Reload::live,
      "The same while others wait for a server or have just been refused; 0s for never."},
     &PoolTimeouts::idle_transaction_soft_timeout},
    {{"slow_reader_timeout", 0, week, Reload::live,
      "Cancel the statement of a client that does not read its result for this long while others wait; 0s for never."},
     &PoolTimeouts::slow_reader_timeout},
    {{"server_connect_timeout", 100, 10 * minute, Reload::live, "How long a login to PostgreSQL may take."}, &PoolTimeouts::server_connect_timeout},
    {{"server_idle_timeout", 0, week, Reload::live,
      "Close a server unused for this long, down to min_pool_size; 0s for never."},
     &PoolTimeouts::server_idle_timeout},
    {{"server_lifetime", 0, week, Reload::live, "Replace a server this old when it is idle; 0s for never."},
     &PoolTimeouts::server_lifetime},
    {{"server_check_delay", 0, hour, Reload::live,
      "Check a server before use when it has been idle for this long; 0s for always."},
     &PoolTimeouts::server_check_delay},
});

constexpr auto breaker_rows = std::to_array<Row<BreakerOptions>>({
    {{"open_above", 1, 100, Reload::live,
      "Usage of the pool above which new logins are refused, as a share of its effective size; off for never.", "off"},
     &BreakerOptions::open_above},
    {{"close_below", 0, 100, Reload::live, "Usage below which they are accepted again."}, &BreakerOptions::close_below},
    {{"window", 10, minute, Reload::live, "Usage is the mean over this time, so that one short burst is not usage."},
     &BreakerOptions::window},
    {{"min_open", 0, 10 * minute, Reload::live, "How long the breaker stays open at least."}, &BreakerOptions::min_open},
});

constexpr auto queue_rows = std::to_array<Row<QueueOptions>>({
    {{"fair_by", 0, 0, Reload::new_logins,
      "What makes clients one flow, of user, application_name and address; flows take turns when clients wait. A client "
      "keeps the flow of its login."},
     &QueueOptions::fair_by},
    {{"weights", 1, 100, Reload::live,
      "Turns in a row of a flow, by its name (its parts with slashes between: lambda/web) or one of the parts; 1 when left out."},
     &QueueOptions::weights},
});

constexpr auto http_rows = std::to_array<Row<HttpOptions>>({
    {{"address", 0, 0, Reload::restart, "IP address that serves metrics and health."}, &HttpOptions::address},
    {{"port", 0, 65535, Reload::restart, "TCP port for metrics and health; 0 for none."}, &HttpOptions::port},
    {{"token", 0, 0, Reload::live,
      "What a request has to bring as `Authorization: Bearer TOKEN`, but for /livez and /readyz; ${VAR} and file:/path are read. Empty: nothing."},
     &HttpOptions::token},
});

constexpr auto http_tls_rows = std::to_array<Row<HttpTlsOptions>>({
    {{"certificate", 0, 0, Reload::live, "PEM file with the certificate chain that HTTP is served with, over TLS only; empty for plain text."},
     &HttpTlsOptions::certificate},
    {{"private_key", 0, 0, Reload::live, "PEM file with the key of the certificate."}, &HttpTlsOptions::private_key},
    {{"min_version", 0, 0, Reload::live, "Oldest TLS version that HTTP is served over."}, &HttpTlsOptions::min_version},
});

constexpr auto log_rows = std::to_array<Row<LogOptions>>({
    {{"format", 0, 0, Reload::live, "How a log line is written."}, &LogOptions::format},
    {{"level", 0, 0, Reload::live, "The least important messages still written."}, &LogOptions::level},
});

constexpr auto file_rows = std::to_array<Row<Config>>({
    {{"watch", 0, 0, Reload::live,
      "Reload when the content of this file changes, or of a secret or certificate that it names; looked at every second."}, &Config::watch},
});

constexpr auto inherited_rows = std::to_array<Row<DatabaseOptions>>({
    {{"server_settings", 0, 0, Reload::new_servers,
      "Run-time parameters set on every server after login; RESET and DISCARD return to them."},
     &DatabaseOptions::server_settings},
});

constexpr auto database_rows = std::to_array<Row<DatabaseOptions>>({
    {{"dsn", 0, 0, Reload::new_servers,
      "Where the servers are: a libpq URI or key=value string, or one as frameworks write it; "
      "${VAR} and file:/path are read.", {}, true},
     &DatabaseOptions::dsn},
    {{"pool_mode", 0, 0, Reload::new_logins, "How long a client keeps its server: for a transaction, or until it leaves."},
     &DatabaseOptions::pool_mode},
});

constexpr auto user_rows = std::to_array<Row<UserOptions>>({
    {{"password", 0, 0, Reload::new_logins,
      "Plain text or a SCRAM-SHA-256$... verifier (`pgweir hash-password`); ${VAR} and file:/path are read.", {}, true},
     &UserOptions::password},
    {{"databases", 0, 0, Reload::new_logins, "The databases that the user may enter, one or a list; all when left out."},
     &UserOptions::databases},
    {{"pool_mode", 0, 0, Reload::new_logins, "Overrides the database's for this user."}, &UserOptions::pool_mode},
    {{"priority", 0, 0, Reload::new_logins,
      "high: goes first when clients wait, and a tenth of each pool the user may enter is kept free of others."},
     &UserOptions::priority},
    {{"admin", 0, 0, Reload::new_logins, "May do everything in the admin console, the database pgweir."}, &UserOptions::admin},
    {{"stats", 0, 0, Reload::new_logins, "May look at everything in the admin console, and change nothing."}, &UserOptions::stats},
});

constexpr Row<UserOptions> user_connections_row{client_limit_rows[1].facts,
                                                &UserOptions::max_user_client_connections};
static_assert(user_connections_row.facts.key == "max_user_client_connections");

template <class T>
Option bind(const Row<T>& row, T& object) {
    return Option{&row.facts, std::visit([&](auto member) { return Slot(&(object.*member)); }, row.member)};
}

template <class T>
void bind_all(std::span<const Row<T>> rows, T& object, std::vector<Option>& options) {
    for (const Row<T>& row : rows) {
        options.push_back(bind(row, object));
    }
}

template <class T, std::size_t Size>
void append(std::vector<Option>& options, const std::array<Row<T>, Size>& rows, T& object) {
    bind_all(std::span<const Row<T>>(rows), object, options);
}

template <class T, std::size_t Size>
Section section_of(std::string_view key, const std::array<Row<T>, Size>& rows, T& object) {
    Section section;
    section.key = key;
    append(section.options, rows, object);
    return section;
}

// `defaults` may be null.
Section top(Config& config, DatabaseOptions* defaults) {
    Section listen = section_of("listen", listen_rows, config.listen);
    listen.sections.push_back(section_of("tls", tls_rows, config.listen.tls));
    Section limits = section_of("limits", client_limit_rows, config.limits);
    Section timeouts = section_of("timeouts", client_timeout_rows, config.timeouts);

    Section section;
    append(section.options, file_rows, config);
    if (defaults != nullptr) {
        append(limits.options, pool_limit_rows, defaults->limits);
        append(timeouts.options, pool_timeout_rows, defaults->timeouts);
        append(section.options, inherited_rows, *defaults);
    }
    section.sections = {std::move(listen), std::move(limits), std::move(timeouts)};
    if (defaults != nullptr) {
        section.sections.push_back(section_of("breaker", breaker_rows, defaults->breaker));
    }
    section.sections.push_back(section_of("queue", queue_rows, config.queue));
    Section http = section_of("http", http_rows, config.http);
    http.sections.push_back(section_of("tls", http_tls_rows, config.http.tls));
    section.sections.push_back(std::move(http));
    section.sections.push_back(section_of("log", log_rows, config.log));
    return section;
}

void flatten_into(std::vector<NamedOption>& out, const Section& section, const std::string& path) {
    for (const Option& option : section.options) {
        out.push_back(NamedOption{join_path(path, option.facts->key), option});
    }
    for (const Section& inner : section.sections) {
        flatten_into(out, inner, join_path(path, inner.key));
    }
}

}  // namespace

Section file_section(Config& config, DatabaseOptions& defaults) {
    return top(config, &defaults);
}

Section daemon_section(Config& config) {
    return top(config, nullptr);
}

Section database_section(DatabaseOptions& database) {
    Section section;
    append(section.options, database_rows, database);
    append(section.options, inherited_rows, database);
    section.sections.push_back(section_of("limits", pool_limit_rows, database.limits));
    section.sections.push_back(section_of("timeouts", pool_timeout_rows, database.timeouts));
    section.sections.push_back(section_of("breaker", breaker_rows, database.breaker));
    return section;
}

Section user_section(UserOptions& user) {
    Section limits;
    limits.key = "limits";
    limits.options.push_back(bind(user_connections_row, user));
    Section section;
    append(section.options, user_rows, user);
    section.sections.push_back(std::move(limits));
    return section;
}

std::vector<NamedOption> flatten(const Section& section, std::string_view path) {
    std::vector<NamedOption> out;
    flatten_into(out, section, std::string(path));
    return out;
}

}  // namespace pgweir::config
