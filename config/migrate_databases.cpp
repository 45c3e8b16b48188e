// [databases]: one pool each, in front of one server login.
#include "config/dsn.hpp"
#include "config/migrate_parts.hpp"
#include "config/password_form.hpp"
#include "config/statement_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgweir::config {

namespace {

// PostgreSQL: NAMEDATALEN - 1.
constexpr std::size_t max_name_size = 63;

class DatabaseLine {
public:
    DatabaseLine(Draft& draft, const IniEntry& entry) : draft_(draft), entry_(entry), path_("databases." + entry.key) {}

    void migrate() {
        if (!is_usable_name()) {
            return;
        }
        const std::optional<std::vector<IniPair>> pairs = split_ini_pairs(entry_.value);
        if (!pairs) {
            return lose("", "is not a list of key=value pairs: PgBouncer would not start", "write the entry anew under databases:");
        }
        YamlNode& node = draft_.root.at("databases").append(entry_.key);
        draft_.database_names.insert(entry_.key);
        YamlNode& dsn = node.at("dsn");
        read(*pairs, node);
        dsn.set(without_variables(checked(make_dsn())));
        node.at("pool_mode").set(pool_mode());
        write_sizes(node);
        write_connect_query(node);
    }

private:
    void lose(std::string_view key, std::string why, std::string instead) {
        draft_.losses.add(entry_.origin, key.empty() ? path_ : path_ + "." + std::string(key), std::move(why), std::move(instead));
    }

    IniValue value(std::string_view key) const {
        return IniValue{pairs_.at(std::string(key)), entry_.origin, path_ + "." + std::string(key)};
    }

    bool has(std::string_view key) const { return pairs_.contains(key); }

    bool is_usable_name() {
        if (entry_.key == "*") {
            lose("", "there is no fallback for databases that are not named", "write each database as an entry of its own");
        } else if (entry_.key == "pgbouncer" || entry_.key == "pgweir") {
            lose("", "the name is reserved for the console", "choose another name for clients");
        } else if (std::any_of(entry_.key.begin(), entry_.key.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
            lose("", "the name has control characters", "choose another name for clients");
        } else if (entry_.key.size() > max_name_size) {
            lose("", fmt::format("the name is longer than PostgreSQL's {} bytes", max_name_size), "choose a shorter name for clients");
        } else {
            return true;
        }
        return false;
    }

    void read(const std::vector<IniPair>& pairs, YamlNode& node) {
        for (std::size_t at = 0; at < pairs.size(); ++at) {
            const IniPair& pair = pairs[at];
            if (find_ini_row(IniScope::database, pair.key) != nullptr) {
                pairs_[pair.key] = pair.value;
            } else if (at > 0 && pairs[at - 1].key == "password") {
                // It may be a piece of the password.
                lose("password", "what stands behind it is not a key that PgBouncer knows", "put the password between single quotes");
            } else {
                draft_.losses.add_unknown(entry_.origin, path_ + "." + pair.key, pair.key, IniScope::database);
            }
        }
        for (const auto& [key, text] : pairs_) {
            carry(*find_ini_row(IniScope::database, key), IniScope::database, value(key), node, draft_.losses);
        }
    }

    std::string make_dsn() {
        std::string dsn;
        std::string host = has("host") ? pairs_.at("host") : draft_.setting("unix_socket_dir");
        if (host.empty()) {
            lose("host", "there is neither a host nor a unix_socket_dir", "correct host=127.0.0.1 in the dsn");
            host = "127.0.0.1";
        }
        if (host.find(',') != std::string::npos) {
            lose("host", "PgBouncer takes the hosts in turns, libpq the first that answers", "one entry under databases: for each host");
        }
        add_dsn_pair(dsn, "host", host);
        add_dsn_pair(dsn, "port", has("port") ? pairs_.at("port") : "5432");
        add_dsn_pair(dsn, "dbname", has("dbname") ? pairs_.at("dbname") : entry_.key);
        add_login(dsn);
        add_server_tls(draft_, dsn, host);
        return dsn;
    }

    std::string checked(const std::string& dsn) {
        const std::optional<std::string> problem = normalise_dsn(dsn).problem;
        if (!problem) {
            return dsn;
        }
        lose("", "its dsn " + *problem, "write it anew: it leads nowhere now");
        return "host=127.0.0.1 port=1 dbname=nowhere";
    }

    void add_login(std::string& dsn) {
        const FileUser* user = nullptr;
        const bool has_password = has("user") && has("password");
        if (has("password") && !has("user")) {
            lose("password", "PgBouncer takes it only beside user=", "add both to the dsn, or none");
        }
        if (has("user")) {
            login_ = pairs_.at("user");
            const auto found = draft_.login_of.find(login_);
            user = found == draft_.login_of.end() ? nullptr : found->second;
        } else if (const FileUser* sole = draft_.sole_user()) {
            user = sole;
            login_ = sole->name;
        } else {
            draft_.has_open_databases = true;
            return lose("user", "PgBouncer logs in to the server as the user that the client is, pgweir as one for all",
                        "add user= and password= of a role for all clients to the dsn; what each client may do in the database "
                        "is then what that role may do");
        }
        add_dsn_pair(dsn, "user", login_);
        const std::string password = has_password ? pairs_.at("password") : (user != nullptr ? user->secret : std::string());
        const bool is_verifier = password.starts_with("SCRAM-SHA-256$");
        if (is_md5_hash(password) || is_verifier) {
            lose("password", fmt::format("what there is of {} is {}, with which pgweir cannot log in to the server", login_,
                                         is_verifier ? "a SCRAM verifier" : "an md5 hash"),
                 "add password= to the dsn, best from the environment: password=${VARIABLE}");
        } else if (!password.empty() && (has_password || user->form == SecretForm::plain)) {
            add_dsn_pair(dsn, "password", password);
        } else if (user != nullptr && user->form == SecretForm::unusable) {
            lose("password", fmt::format("the password of {} in auth_file is not usable", login_), "add password= to the dsn");
        }
    }

    // PgBouncer asks the [users] line of the server's login first, then the database, then [pgbouncer]; but a login that
    // user= gives has no such line in its eyes, up to 1.22 at least.
    std::string pool_mode() {
        if (const std::optional<IniValue> mode = login_.empty() ? std::nullopt : draft_.user_pool_mode(login_)) {
            draft_.used_user_lines.insert(login_);
            if (!has("user")) {
                return carry_pool_mode(*mode, draft_.losses);
            }
            draft_.losses.add(mode->origin, mode->key, "PgBouncer 1.18 does not heed it for databases with user=, and here it is not heeded either",
                              "set pool_mode of those databases if your PgBouncer does");
        }
        if (has("pool_mode")) {
            return carry_pool_mode(value("pool_mode"), draft_.losses);
        }
        return carry_pool_mode(IniValue{draft_.setting("pool_mode"), draft_.origin_of("pool_mode"), "pool_mode"}, draft_.losses);
    }

    std::int64_t number_of(std::string_view key, std::int64_t otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        const std::optional<std::int64_t> number = ini_number(pairs_.at(std::string(key)));
        if (!number) {
            lose(key, "is not a whole number", "write a number");
        }
        return number.value_or(otherwise);
    }

    // One pool for each database: max_db_connections is a cap on its size.
    void write_sizes(YamlNode& node) {
        const std::int64_t inherited = std::clamp<std::int64_t>(ini_number(draft_.setting("default_pool_size")).value_or(20), 1, 10'000);
        std::int64_t size = inherited;
        if (has("pool_size")) {
            size = fit(IniScope::database, "limits.pool_size", number_of("pool_size", inherited), value("pool_size"), draft_.losses);
        }
        const std::int64_t cap = number_of("max_db_connections", ini_number(draft_.setting("max_db_connections")).value_or(0));
        size = cap > 0 ? std::min(size, cap) : size;
        if (has("pool_size") || size != inherited) {
            node.under("limits.pool_size").set(std::to_string(size));
        }
        const std::int64_t wanted = number_of("min_pool_size", ini_number(draft_.setting("min_pool_size")).value_or(0));
        if (wanted > size || has("min_pool_size")) {   // PgBouncer caps it too
            node.under("limits.min_pool_size").set(std::to_string(std::clamp<std::int64_t>(wanted, 0, size)));
        }
        for (const char* key : {"reserve_pool", "reserve_pool_size"}) {
            const std::int64_t reserve = number_of(key, 0);
            if (reserve > 0) {
                lose(key, "there is no reserve pool: pool_size is the most at every instant",
                     fmt::format("limits.pool_size: {} if the server grants as many", std::min<std::int64_t>(size + reserve, 10'000)));
            }
        }
    }

    void write_connect_query(YamlNode& node) {
        if (!has("connect_query")) {
            return;
        }
        if (const std::optional<SetStatement> statement = read_set_statement(pairs_.at("connect_query"))) {
            node.at("server_settings").at(statement->name).set(without_variables(statement->value));
        } else {
            lose("connect_query", "no query is run at a server's login",
                 "write settings under server_settings, or ALTER ROLE ... SET on the server");
        }
    }

    Draft& draft_;
    const IniEntry& entry_;
    const std::string path_;
    std::map<std::string, std::string, std::less<>> pairs_;
    std::string login_;   // who pgweir is to the server; empty when nobody is named
};

}  // namespace

void migrate_databases(Draft& draft) {
    for (const IniEntry& entry : draft.databases) {
        DatabaseLine(draft, entry).migrate();
    }
}

void add_dsn_pair(std::string& dsn, std::string_view name, std::string_view value) {
    dsn += dsn.empty() ? "" : " ";
    dsn += name;
    dsn += '=';
    if (!value.empty() && value.find_first_of(" \t'\\") == std::string_view::npos) {
        dsn += value;
        return;
    }
    dsn += '\'';
    for (const char c : value) {
        dsn += c == '\'' || c == '\\' ? "\\" : "";
        dsn += c;
    }
    dsn += '\'';
}

}  // namespace pgweir::config
