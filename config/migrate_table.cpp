#include "config/migrate_table.hpp"

#include <algorithm>

namespace pgweir::config {

namespace {

using enum IniKind;

constexpr std::string_view nothing = "nothing needs to be done";

constexpr IniRow number_row(std::string_view key, std::string_view path, std::string_view fallback = {}) {
    return IniRow{.key = key, .kind = number, .path = path, .fallback = fallback};
}

constexpr IniRow seconds_row(std::string_view key, std::string_view path, std::string_view fallback = {},
                             ZeroMeans zero = ZeroMeans::same) {
    return IniRow{.key = key, .kind = seconds, .path = path, .fallback = fallback, .zero = zero};
}

constexpr IniRow special_row(std::string_view key, std::string_view fallback = {}) {
    return IniRow{.key = key, .kind = special, .fallback = fallback};
}

constexpr IniRow lost_row(std::string_view key, std::string_view fallback, std::string_view why,
                          std::string_view instead = nothing) {
    return IniRow{.key = key, .kind = lost, .fallback = fallback, .why = why, .instead = instead};
}

constexpr std::string_view log_why = "pgweir logs to standard error, one line for each event";
constexpr std::string_view log_instead = "systemd or the container's runtime keeps it; log.level and log.format say how much and how";
constexpr std::string_view buffer_why = "pgweir sizes its buffers itself";
constexpr std::string_view keepalive_why = "pgweir sets keepalive itself, on both sides";
constexpr std::string_view keepalive_instead = "for servers libpq's keepalives_idle, keepalives_interval, keepalives_count and "
                                               "tcp_user_timeout in the dsn";
constexpr std::string_view dns_why = "host names are resolved at each new connection";
constexpr std::string_view cipher_why = "OpenSSL's own choice is taken";
constexpr std::string_view ini_file_why = "says where PgBouncer's own file or service is";
constexpr std::string_view query_why = "pgweir takes passwords from its file only";
constexpr std::string_view query_instead =
    "write each user under users: with the verifier that SELECT rolname, rolpassword FROM pg_authid shows";
constexpr std::string_view client_cap_instead = "limits.max_client_conn is for all together, limits.max_user_client_connections for each user";

const std::vector<IniRow> daemon_rows = {
    special_row("listen_addr"),
    number_row("listen_port", "listen.port", "6432"),
    special_row("unix_socket_dir", "/tmp"),
    lost_row("unix_socket_mode", "0777", "the unix socket is open to all who may enter its directory", "set the directory's mode"),
    lost_row("unix_socket_group", "", "the unix socket is open to all who may enter its directory", "set the directory's group and mode"),
    number_row("max_client_conn", "limits.max_client_conn", "100"),
    number_row("default_pool_size", "limits.pool_size", "20"),
    number_row("min_pool_size", "limits.min_pool_size"),
    special_row("max_prepared_statements"),
    number_row("max_user_client_connections", "limits.max_user_client_connections"),
    lost_row("max_db_client_connections", "0", "there is no limit on the clients of one database", client_cap_instead),
    special_row("pool_mode", "session"),
    special_row("reserve_pool_size", "0"),
    lost_row("reserve_pool_timeout", "5", "there is no reserve pool: limits.pool_size is the most at every instant"),
    special_row("max_db_connections", "0"),
    special_row("max_user_connections", "0"),

    special_row("auth_type", "md5"),
    special_row("auth_file"),
    special_row("auth_hba_file"),
    lost_row("auth_ident_file", "", "there is no ident map", "let clients log in with a password"),
    lost_row("auth_ldap_options", "", "there is no LDAP login", "write the users under users:"),
    lost_row("auth_user", "", query_why, query_instead),
    lost_row("auth_query", "", query_why, query_instead),
    lost_row("auth_dbname", "", query_why, query_instead),
    lost_row("scram_iterations", "4096", "verifiers made from plain passwords have 4096 iterations",
             "give a verifier with as many as are wanted: users.<name>.password"),
    special_row("admin_users"),
    special_row("stats_users"),

    special_row("client_tls_sslmode", "disable"),
    special_row("client_tls_cert_file"),
    special_row("client_tls_key_file"),
    special_row("client_tls_ca_file"),
    special_row("client_tls_protocols", "secure"),
    lost_row("client_tls_ciphers", "fast", cipher_why),
    lost_row("client_tls13_ciphers", "", cipher_why),
    lost_row("client_tls_ecdhcurve", "auto", cipher_why),
    lost_row("client_tls_dheparams", "auto", cipher_why),
    special_row("server_tls_sslmode"),
    special_row("server_tls_cert_file"),
    special_row("server_tls_key_file"),
    special_row("server_tls_ca_file"),
    special_row("server_tls_protocols", "secure"),
    lost_row("server_tls_ciphers", "fast", cipher_why),
    lost_row("server_tls13_ciphers", "", cipher_why),

    seconds_row("client_login_timeout", "timeouts.client_login_timeout", "60", ZeroMeans::never),
    seconds_row("client_idle_timeout", "timeouts.client_idle_timeout", "0"),
    seconds_row("query_wait_timeout", "timeouts.query_wait_timeout", "120", ZeroMeans::never),
    seconds_row("query_timeout", "timeouts.query_timeout", "0"),
    seconds_row("transaction_timeout", "timeouts.transaction_timeout", "0"),
    seconds_row("idle_transaction_timeout", "timeouts.idle_transaction_timeout", "0"),
    seconds_row("server_connect_timeout", "timeouts.server_connect_timeout", "15", ZeroMeans::never),
    seconds_row("server_idle_timeout", "timeouts.server_idle_timeout", "600"),
    seconds_row("server_lifetime", "timeouts.server_lifetime", "3600", ZeroMeans::shortest),
    seconds_row("server_check_delay", "timeouts.server_check_delay", "30"),
    lost_row("server_login_retry", "15", "pgweir paces its logins by why the last one failed, 250 ms to 2 min"),
    lost_row("query_wait_notify", "5", "waiting clients get no notice"),
    lost_row("cancel_wait_timeout", "10", "a cancel is passed on at once or not at all"),
    lost_row("suspend_timeout", "10", "there is no SUSPEND", "timeouts.drain_timeout is how long a stopping daemon waits"),
    lost_row("autodb_idle_timeout", "*", ""),

    lost_row("server_reset_query", "DISCARD ALL", "pgweir sees what a client has left in the session and takes exactly that away, "
                                                  "with DISCARD ALL where it cannot be told apart"),
    lost_row("server_reset_query_always", "0", "every server is as new for its next client, in each pool_mode"),
    lost_row("server_check_query", "select 1", "pgweir checks with a message of its own"),
    lost_row("server_fast_close", "0", "servers are replaced when they come back to the pool"),
    lost_row("server_round_robin", "0", "the server that was used last goes first"),
    lost_row("ignore_startup_parameters", "", "no startup parameter is ignored: they are set on the server, as without a pooler",
             "take those that the server would refuse out of the clients' DSN"),
    lost_row("track_extra_parameters", "*", ""),
    lost_row("disable_pqexec", "0", "the simple query protocol cannot be turned off"),
    lost_row("application_name_add_host", "0", "application_name stays as the client gives it", "pgweir's log has the client's address"),

    special_row("verbose", "0"),
    lost_row("logfile", "", log_why, log_instead),
    lost_row("syslog", "0", log_why, log_instead),
    lost_row("syslog_ident", "pgbouncer", log_why, log_instead),
    lost_row("syslog_facility", "daemon", log_why, log_instead),
    lost_row("log_connections", "1", log_why, log_instead),
    lost_row("log_disconnections", "1", log_why, log_instead),
    lost_row("log_pooler_errors", "1", log_why, log_instead),
    lost_row("log_stats", "1", "statistics are at http.port", "scrape /metrics"),
    lost_row("stats_period", "60", "statistics are at http.port", "scrape /metrics"),

    lost_row("pidfile", "", "pgweir stays in the foreground and writes no pid file", "deploy/pgweir.service is a unit for systemd"),
    lost_row("user", "", "pgweir does not change its user", "User= in the systemd unit"),
    lost_row("conffile", "", ini_file_why),
    lost_row("service_name", "*", ""),
    lost_row("job_name", "*", ""),
    lost_row("peer_id", "0", "there are no peers: a cancel must reach the pgweir that its client is connected to",
             "one pgweir behind each address"),
    lost_row("so_reuseport", "0", "one pgweir uses all cores: listen.io_threads", "run one instead of several"),
    lost_row("pkt_buf", "4096", buffer_why),
    lost_row("sbuf_loopcnt", "5", buffer_why),
    lost_row("tcp_socket_buffer", "0", buffer_why),
    lost_row("max_packet_size", "2147483647", "messages up to 1 GiB pass"),
    lost_row("listen_backlog", "128", "the backlog is the system's: net.core.somaxconn"),
    lost_row("tcp_defer_accept", "*", ""),
    lost_row("tcp_keepalive", "1", keepalive_why, keepalive_instead),
    lost_row("tcp_keepcnt", "0", keepalive_why, keepalive_instead),
    lost_row("tcp_keepidle", "0", keepalive_why, keepalive_instead),
    lost_row("tcp_keepintvl", "0", keepalive_why, keepalive_instead),
    lost_row("tcp_user_timeout", "0", keepalive_why, keepalive_instead),
    lost_row("dns_max_ttl", "15", dns_why),
    lost_row("dns_nxdomain_ttl", "15", dns_why),
    lost_row("dns_zone_check_period", "0", dns_why),
    lost_row("resolv_conf", "", "the system's resolver is used", "/etc/resolv.conf"),
};

const std::vector<IniRow> database_rows = {
    special_row("host"),
    special_row("port"),
    special_row("dbname"),
    special_row("user"),
    special_row("password"),
    special_row("pool_mode"),
    special_row("pool_size"),
    number_row("min_pool_size", "limits.min_pool_size"),
    special_row("reserve_pool"),
    special_row("reserve_pool_size"),
    special_row("max_db_connections"),
    lost_row("max_db_client_connections", "0", "there is no limit on the clients of one database", client_cap_instead),
    special_row("connect_query"),
    IniRow{.key = "client_encoding", .kind = setting, .path = "client_encoding"},
    IniRow{.key = "datestyle", .kind = setting, .path = "datestyle"},
    IniRow{.key = "timezone", .kind = setting, .path = "timezone"},
    IniRow{.key = "application_name", .kind = setting, .path = "application_name"},
    seconds_row("server_lifetime", "timeouts.server_lifetime", {}, ZeroMeans::shortest),
    lost_row("load_balance_hosts", "disable", "libpq takes the hosts in their order", "one entry under databases: for each host"),
    lost_row("auth_user", "", query_why, query_instead),
    lost_row("auth_query", "", query_why, query_instead),
    lost_row("auth_dbname", "", query_why, query_instead),
};

constexpr std::string_view user_why = "is set for a database or all of them, not for a user";

const std::vector<IniRow> user_rows = {
    special_row("pool_mode"),
    number_row("max_user_client_connections", "limits.max_user_client_connections"),
    lost_row("max_user_connections", "0", "a user's servers are not limited by user",
             "limits.max_user_servers is what each user may hold while others wait"),
    lost_row("pool_size", "", user_why, "databases.<name>.limits.pool_size"),
    lost_row("reserve_pool_size", "", user_why, "databases.<name>.limits.pool_size"),
    lost_row("query_timeout", "0", user_why, "databases.<name>.timeouts.query_timeout"),
    lost_row("transaction_timeout", "0", user_why, "databases.<name>.timeouts.transaction_timeout"),
    lost_row("idle_transaction_timeout", "0", user_why, "databases.<name>.timeouts.idle_transaction_timeout"),
    lost_row("client_idle_timeout", "0", "is set for all users", "timeouts.client_idle_timeout"),
};

}  // namespace

const std::vector<IniRow>& ini_rows(IniScope scope) {
    switch (scope) {
        case IniScope::daemon: return daemon_rows;
        case IniScope::database: return database_rows;
        case IniScope::user: return user_rows;
    }
    return daemon_rows;
}

const IniRow* find_ini_row(IniScope scope, std::string_view key) {
    const std::vector<IniRow>& rows = ini_rows(scope);
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const IniRow& row) { return row.key == key; });
    return found == rows.end() ? nullptr : &*found;
}

std::vector<std::string> ini_keys(IniScope scope) {
    std::vector<std::string> keys;
    for (const IniRow& row : ini_rows(scope)) {
        keys.emplace_back(row.key);
    }
    return keys;
}

}  // namespace pgweir::config
