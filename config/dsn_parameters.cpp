// What each parameter of a DSN becomes. Frameworks put their own beside libpq's; those
// that steer a client's pool or driver mean nothing to a server login and are dropped,
// those that mean something are replaced or refused with what to write instead.
#include "config/dsn_parts.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace pgweir::config {

namespace {

// PostgreSQL manual, "Parameter Key Words", up to version 18; which of them the libpq
// at hand knows, it says itself.
constexpr std::array<std::string_view, 52> libpq_names = {
    "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding",
    "connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name", "keepalives",
    "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode", "sslmode",
    "requiressl", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslkeylogfile", "sslpassword",
    "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "min_protocol_version", "max_protocol_version", "krbsrvname", "gsslib",
    "gssdelegation", "service", "servicefile", "target_session_attrs", "load_balance_hosts", "scram_client_key",
    "scram_server_key", "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope", "replication"};

// In lower case. Prisma, Supabase, JDBC, SQLAlchemy, asyncpg, node-postgres, postgres.js,
// Rails, Django, Doctrine.
constexpr std::array<std::string_view, 49> dropped_names = {
    "pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size", "sslidentity",
    "prepared_statements", "prepared_statement_cache_size", "prepared_statement_name_func", "prepared_statement_limit",
    "preparethreshold", "prepare_threshold", "prepare", "preferquerymode", "preparedstatementcachequeries",
    "preparedstatementcachesizemib", "defaultrowfetchsize", "pool_mode", "pool", "pool_size", "poolsize",
    "max_overflow", "max", "min", "max_connections", "max_pool_size", "min_pool_size", "pool_max_conns",
    "pool_min_conns", "max_lifetime", "idle_timeout", "supa", "workaround", "single_use_connections",
    "rewritebatchedinserts", "autosave", "async_fallback", "binarytransfer", "stringtype", "command_timeout",
    "timeout", "serverversion", "charset", "encoding", "advisory_locks", "checkout_timeout", "reaping_frequency",
    "uselibpqcompat", "conn_max_age"};

struct Renamed {
    std::string_view from;   // in lower case
    std::string_view to;
};

constexpr std::array<Renamed, 5> renamed = {{
    {"applicationname", "application_name"},
    {"connecttimeout", "connect_timeout"},
    {"logintimeout", "connect_timeout"},
    {"username", "user"},
    {"database", "dbname"},
}};

// Run-time parameters that some frameworks take in the DSN.
constexpr std::array<Renamed, 7> settings = {{
    {"schema", "search_path"},
    {"currentschema", "search_path"},
    {"search_path", "search_path"},
    {"statement_timeout", "statement_timeout"},
    {"lock_timeout", "lock_timeout"},
    {"idle_in_transaction_session_timeout", "idle_in_transaction_session_timeout"},
    {"timezone", "timezone"},
}};

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

template <class Table>
const Renamed* find_row(const Table& table, std::string_view name) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Renamed& row) { return row.from == name; });
    return found == table.end() ? nullptr : &*found;
}

bool is_true(std::string_view value) {
    return value == "true" || value == "1" || value == "on" || value == "yes";
}

bool is_false(std::string_view value) {
    return value == "false" || value == "0" || value == "off" || value == "no";
}

using Problem = std::optional<std::string>;

class Translator {
public:
    // Appends what `parameter` becomes; nothing when it is dropped.
    Problem take(DsnParameter parameter, std::size_t number) {
        const std::string name = lowered(parameter.name);
        if (std::find(dropped_names.begin(), dropped_names.end(), name) != dropped_names.end()) {
            return std::nullopt;
        }
        if (name == "ssl") {
            return take_ssl(std::move(parameter));
        }
        if (name == "sslaccept") {
            return take_sslaccept(parameter.value);
        }
        if (name == "tcpkeepalive") {
            return add("keepalives", is_true(parameter.value) ? "1" : "0");
        }
        if (const Renamed* row = find_row(settings, name)) {
            return take_setting(parameter, *row);
        }
        if (const Renamed* row = find_row(renamed, name)) {
            parameter.name = row->to;
        }
        return take_libpq(std::move(parameter), number);
    }

    std::vector<DsnParameter> result() && { return std::move(out_); }

private:
    Problem add(std::string name, std::string value) {
        if (!names_.insert(name).second) {
            return fmt::format("gives {} twice", name);
        }
        out_.push_back(DsnParameter{std::move(name), std::move(value)});
        return std::nullopt;
    }

    Problem take_libpq(DsnParameter parameter, std::size_t number) {
        const std::string& name = parameter.name;
        if (std::find(libpq_names.begin(), libpq_names.end(), name) == libpq_names.end()) {
            return unknown(parameter, number);
        }
        if (name == "replication") {
            return std::string("asks for a replication connection, which cannot be pooled: remove replication");
        }
        if (name == "sslmode" && parameter.value == "no-verify") {   // node-postgres: encrypt, trust anybody
            parameter.value = "require";
        }
        return add(std::move(parameter.name), std::move(parameter.value));
    }

    static Problem unknown(const DsnParameter& parameter, std::size_t number) {
        if (parameter.is_unprintable) {
            return fmt::format("parameter {} is not one that libpq knows: remove it, or encode or quote "
                               "the special characters of the value before it",
                               number);
        }
        const std::vector<std::string> known(libpq_names.begin(), libpq_names.end());
        return fmt::format("the parameter {} is not one that libpq knows: remove it{}", parameter.name,
                           did_you_mean(parameter.name, known));
    }

    // true and false of JDBC and others, or a mode as asyncpg takes it.
    Problem take_ssl(DsnParameter parameter) {
        const std::string value = lowered(parameter.value);
        if (find_parameter(out_, "sslmode") != nullptr) {
            return std::nullopt;   // says less than sslmode
        }
        if (is_true(value) || value == "no-verify") {
            return add("sslmode", "require");
        }
        return add("sslmode", is_false(value) ? "disable" : value);
    }

    // Prisma: `strict` verifies, `accept_invalid_certs` does not; both encrypt.
    Problem take_sslaccept(std::string_view value) {
        if (value == "strict") {
            DsnParameter* mode = find_parameter(out_, "sslmode");
            if (mode == nullptr) {
                return add("sslmode", "verify-full");
            }
            mode->value = mode->value == "require" ? "verify-full" : mode->value;
            return std::nullopt;
        }
        if (value == "accept_invalid_certs") {
            return find_parameter(out_, "sslmode") == nullptr ? add("sslmode", "require") : std::nullopt;
        }
        return std::string("sslaccept is strict or accept_invalid_certs: write sslmode=verify-full or require instead");
    }

    static Problem take_setting(const DsnParameter& parameter, const Renamed& row) {
        // Prisma writes it into every DSN, and it is what search_path finds anyway.
        if (row.to == "search_path" && parameter.value == "public") {
            return std::nullopt;
        }
        return fmt::format("{} does not belong into the dsn: remove it and set {} under server_settings", row.from,
                           row.to);
    }

    std::vector<DsnParameter> out_;
    std::set<std::string> names_;
};

// What says more about TLS is looked at first, whatever the order in the DSN.
int tls_rank(const DsnParameter& parameter) {
    const std::string name = lowered(parameter.name);
    return name == "sslaccept" ? 2 : (name == "ssl" ? 1 : 0);
}

}  // namespace

std::optional<std::string> translate_parameters(std::vector<DsnParameter>& parameters) {
    Translator translator;
    for (const int rank : {0, 1, 2}) {
        for (std::size_t at = 0; at < parameters.size(); ++at) {
            if (tls_rank(parameters[at]) != rank) {
                continue;
            }
            if (Problem problem = translator.take(parameters[at], at + 1)) {
                return problem;
            }
        }
    }
    parameters = std::move(translator).result();
    return std::nullopt;
}

DsnParameter* find_parameter(std::vector<DsnParameter>& parameters, std::string_view name) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const DsnParameter& parameter) { return parameter.name == name; });
    return found == parameters.end() ? nullptr : &*found;
}

}  // namespace pgweir::config
