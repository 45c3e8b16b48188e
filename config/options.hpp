// What a configuration file says, as plain values with their defaults. A loaded
// Config never changes; a reload makes a new one. Ranges, reload classes and the
// sentence for each option stand in schema.cpp and nowhere else.
#pragma once

#include "config/types.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::config {

enum class TlsMode { disable, allow, require };
enum class TlsVersion { tls_1_2, tls_1_3 };
enum class PoolMode { transaction, session };
enum class Priority { normal, high };
enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

struct TlsOptions {
    TlsMode mode = TlsMode::allow;   // without a certificate `allow` means plain text only
    std::string certificate;         // paths of PEM files
    std::string private_key;
    std::string client_ca;           // asked for and verified only when set
    TlsVersion min_version = TlsVersion::tls_1_2;
};

struct ListenOptions {
    std::vector<std::string> address = {"127.0.0.1"};
    std::uint16_t port = 6432;
    std::string unix_socket_dir;   // empty: no unix socket
    int io_threads = 0;            // 0 stands for `auto`: one per core, at most 4
    int login_threads = 1;
    TlsOptions tls;
};

// Limits of one pool.
struct PoolLimits {
    int pool_size = 20;
    int min_pool_size = 0;
    int max_waiting = 1000;
    Portion max_pinned = Portion::of_percent(25);   // of pool_size
    int max_user_servers = 0;                       // while others wait; 0: no limit
    Portion max_flow_servers = Portion::of_percent(50);   // of pool_size, while others wait
    int max_prepared_statements = 500;              // on one server
};

// Limits of the whole daemon, and what one user may take of it.
struct ClientLimits {
    int max_client_conn = 10000;
    int max_user_client_connections = 0;   // 0: no limit
    ByteSize max_buffered{std::size_t{64} * 1024 * 1024};
    int reserved_admin_conn = 3;
};

struct ClientTimeouts {
    std::chrono::milliseconds client_login_timeout = std::chrono::seconds(15);
    std::chrono::milliseconds client_idle_timeout{0};   // 0: never
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(30);
};

struct PoolTimeouts {
    std::chrono::milliseconds query_wait_timeout = std::chrono::seconds(30);
    std::chrono::milliseconds query_timeout{0};         // 0: never
    std::chrono::milliseconds transaction_timeout{0};   // 0: never
    std::chrono::milliseconds idle_transaction_timeout = std::chrono::seconds(60);        // 0: never
    std::chrono::milliseconds idle_transaction_soft_timeout = std::chrono::seconds(10);   // 0: never
    std::chrono::milliseconds slow_reader_timeout = std::chrono::seconds(5);              // 0: never
    std::chrono::milliseconds server_connect_timeout = std::chrono::seconds(15);
    std::chrono::milliseconds server_idle_timeout = std::chrono::minutes(5);   // 0: never
    std::chrono::milliseconds server_lifetime = std::chrono::minutes(30);      // 0: for ever
    std::chrono::milliseconds server_check_delay = std::chrono::seconds(15);
};

struct BreakerOptions {
    std::optional<double> open_above = 0.80;   // share of the effective pool size; nullopt: `off`
    double close_below = 0.70;
    std::chrono::milliseconds window = std::chrono::seconds(1);
    std::chrono::milliseconds min_open = std::chrono::seconds(2);
};

// Whose turn it is when clients wait.
struct QueueOptions {
    std::vector<std::string> fair_by = {"user", "application_name"};   // of flow_parts
    Weights weights;
};

using Settings = std::map<std::string, std::string>;   // run-time parameter -> value

struct DatabaseOptions {
    std::string name;
    Secret dsn;   // normalised: what libpq accepts
    PoolMode pool_mode = PoolMode::transaction;
    PoolLimits limits;        // the file's `limits` with this database's overrides
    PoolTimeouts timeouts;    // likewise
    BreakerOptions breaker;   // likewise
    // The file's `server_settings` with this database's overrides; names in lower case.
    Settings server_settings = {{"application_name", "pgweir"}, {"jit", "off"}};
};

struct UserOptions {
    std::string name;
    Secret password;   // plain text or a SCRAM-SHA-256$... verifier
    std::optional<std::vector<std::string>> databases;   // nullopt: all
    std::optional<PoolMode> pool_mode;                   // nullopt: the database's
    int max_user_client_connections = 0;                 // the file's limit, or this user's override
    Priority priority = Priority::normal;
    bool admin = false;   // may use the console
    bool stats = false;   // may look at it
};

struct HttpTlsOptions {
    std::string certificate;   // paths of PEM files; empty: plain text
    std::string private_key;
    TlsVersion min_version = TlsVersion::tls_1_2;
};

struct HttpOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9127;   // 0: no HTTP
    Secret token;                // empty: none is asked for
    HttpTlsOptions tls;
};

struct LogOptions {
    LogFormat format = LogFormat::text;
    LogLevel level = LogLevel::info;
};

struct Config {
    ListenOptions listen;
    ClientLimits limits;
    ClientTimeouts timeouts;
    QueueOptions queue;
    HttpOptions http;
    LogOptions log;
    bool watch = false;   // reload when the content of the file, or of one that it names, changes
    std::map<std::string, DatabaseOptions> databases;
    std::map<std::string, UserOptions> users;
};

}  // namespace pgweir::config
