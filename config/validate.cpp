#include "config/validate.hpp"

#include "config/addresses.hpp"
#include "config/nearest.hpp"
#include "config/password_form.hpp"
#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace pgweir::config {

namespace {

// sockaddr_un holds 107 characters and a NUL; `/.s.PGSQL.65535` takes 15.
constexpr std::size_t max_socket_dir_size = 92;

// PostgreSQL: NAMEDATALEN - 1.
constexpr std::size_t max_name_size = 63;

// The names of the admin console.
constexpr std::array<std::string_view, 2> reserved_databases = {"pgweir", "pgbouncer"};

class Rules {
public:
    Rules(const WrittenKeys& written, Problems& problems) : written_(written), problems_(problems) {}

    void check_listen(const ListenOptions& listen);
    void check_http(const Config& config);
    void check_queue(const QueueOptions& queue);
    void check_pool(const std::string& prefix, const DatabaseOptions& options);
    void check_database(const DatabaseOptions& database);
    void check_user(const UserOptions& user, const Config& config);

private:
    bool is_written(const std::string& path) const { return written_.contains(path); }

    // Nobody has complained about any of the keys.
    bool all_usable(std::initializer_list<std::string> paths) const {
        return std::all_of(paths.begin(), paths.end(), [&](const std::string& path) {
            const auto key = written_.find(path);
            return key == written_.end() || key->second.is_usable;
        });
    }

    Place place_of(const std::string& path) const {
        const auto key = written_.find(path);
        return key == written_.end() ? Place() : key->second.place;
    }

    // What a variable stands for may be a secret in the wrong place, so messages repeat the text of the file.
    std::string written_text(const std::string& path) const {
        const auto key = written_.find(path);
        return quoted(key == written_.end() ? std::string() : key->second.text);
    }

    void add(const std::string& path, std::string message) { problems_.add(place_of(path), path, std::move(message)); }

    void check_address(const std::string& path, const std::string& address);
    void check_pair(const std::string& section, const std::string& certificate, const std::string& private_key);
    void check_tls(const TlsOptions& tls);
    void check_exposure(const ListenOptions& listen, const std::string& path, const std::string& address);
    void check_name(const std::string& path, std::string_view name);

    const WrittenKeys& written_;
    Problems& problems_;
};

void Rules::check_address(const std::string& path, const std::string& address) {
    if (!all_usable({path}) || is_ip_address(address)) {
        return;
    }
    if (address == "localhost") {
        add(path, "must be an IP address: write 127.0.0.1 or ::1");
    } else if (address == "*") {
        add(path, "must be an IP address: write 0.0.0.0 or \"::\" for all");
    } else {
        add(path, fmt::format("{} is not an IP address", written_text(path)));
    }
}

void Rules::check_exposure(const ListenOptions& listen, const std::string& path, const std::string& address) {
    const bool is_decided = !listen.tls.certificate.empty() || listen.tls.mode != TlsMode::allow;
    if (is_ip_address(address) && !is_loopback_ip(address) && !is_decided &&
        all_usable({"listen.tls", "listen.tls.mode", "listen.tls.certificate"})) {
        add(path, fmt::format("{} is not a loopback address and there is no TLS certificate: set "
                              "listen.tls.certificate and private_key, or write listen.tls.mode: disable",
                              address));
    }
}

void Rules::check_pair(const std::string& section, const std::string& certificate, const std::string& private_key) {
    if (!all_usable({section, section + ".certificate", section + ".private_key"})) {
        return;
    }
    if (!certificate.empty() && private_key.empty()) {
        add(section + ".certificate", fmt::format("needs {}.private_key beside it", section));
    }
    if (certificate.empty() && !private_key.empty()) {
        add(section + ".private_key", fmt::format("needs {}.certificate beside it", section));
    }
}

void Rules::check_tls(const TlsOptions& tls) {
    check_pair("listen.tls", tls.certificate, tls.private_key);
    if (!all_usable({"listen.tls", "listen.tls.certificate", "listen.tls.private_key", "listen.tls.mode"})) {
        return;
    }
    if (tls.certificate.empty() && tls.mode == TlsMode::require) {
        add("listen.tls.mode", "require needs listen.tls.certificate and private_key");
    }
    if (tls.certificate.empty() && !tls.client_ca.empty()) {
        add("listen.tls.client_ca", "needs listen.tls.certificate and private_key");
    }
}

void Rules::check_listen(const ListenOptions& listen) {
    const bool is_list = is_written("listen.address[0]");
    for (std::size_t at = 0; at < listen.address.size(); ++at) {
        const std::string path = is_list ? fmt::format("listen.address[{}]", at) : "listen.address";
        const auto first = listen.address.begin();
        check_address(path, listen.address[at]);
        check_exposure(listen, path, listen.address[at]);
        if (std::find(first, first + static_cast<std::ptrdiff_t>(at), listen.address[at]) !=
            first + static_cast<std::ptrdiff_t>(at)) {
            add(path, "is in the list twice");
        }
    }
    if (listen.address.empty() && listen.unix_socket_dir.empty() && all_usable({"listen.unix_socket_dir"})) {
        add("listen.address", "is empty, and there is no listen.unix_socket_dir: clients cannot connect");
    }
    const std::string& dir = listen.unix_socket_dir;
    if (!dir.empty() && (!dir.starts_with('/') || dir.find('\0') != std::string::npos)) {
        add("listen.unix_socket_dir", "must be an absolute path");
    } else if (dir.size() > max_socket_dir_size) {
        add("listen.unix_socket_dir", fmt::format("is longer than {} bytes", max_socket_dir_size));
    }
    check_tls(listen.tls);
}

void Rules::check_http(const Config& config) {
    check_address("http.address", config.http.address);
    check_pair("http.tls", config.http.tls.certificate, config.http.tls.private_key);
    const bool is_shared = std::find(config.listen.address.begin(), config.listen.address.end(),
                                     config.http.address) != config.listen.address.end();
    if (is_shared && config.http.port != 0 && config.http.port == config.listen.port &&
        all_usable({"listen.port", "http.port"})) {
        add(is_written("http.port") ? "http.port" : "listen.port", "http.port and listen.port are the same");
    }
}

void Rules::check_queue(const QueueOptions& queue) {
    const std::vector<std::string> known(flow_parts.begin(), flow_parts.end());
    for (std::size_t at = 0; at < queue.fair_by.size(); ++at) {
        const std::string& part = queue.fair_by[at];
        const std::string item = fmt::format("queue.fair_by[{}]", at);
        const std::string path = is_written(item) ? item : "queue.fair_by";
        const auto end = queue.fair_by.begin() + static_cast<std::ptrdiff_t>(at);
        if (!all_usable({path})) {
            continue;
        }
        if (std::find(known.begin(), known.end(), part) == known.end()) {
            add(path, fmt::format("{} is not one of {}{}", written_text(path), fmt::join(known, ", "), did_you_mean(part, known)));
        } else if (std::find(queue.fair_by.begin(), end, part) != end) {
            add(path, "is in the list twice");
        }
    }
}

// Speaks up at the first of the two keys that is written under `prefix`; what is
// inherited is complained about where it stands, once.
void Rules::check_pool(const std::string& prefix, const DatabaseOptions& options) {
    const auto path = [&](std::string_view key) { return join_path(prefix, key); };
    const auto speak = [&](const std::string& first, const std::string& second, const std::string& message) {
        if (!all_usable({path(first), path(second), first, second})) {
            return;
        }
        if (is_written(path(first))) {
            add(path(first), message);
        } else if (is_written(path(second))) {
            add(path(second), message);
        }
    };
    if (options.limits.min_pool_size > options.limits.pool_size) {
        speak("limits.min_pool_size", "limits.pool_size",
              fmt::format("min_pool_size ({}) is larger than pool_size ({})", options.limits.min_pool_size,
                          options.limits.pool_size));
    }
    const BreakerOptions& breaker = options.breaker;
    if (breaker.open_above && breaker.close_below >= *breaker.open_above) {
        speak("breaker.close_below", "breaker.open_above",
              fmt::format("close_below ({:.4g}%) must be less than open_above ({:.4g}%)", breaker.close_below * 100.0,
                          *breaker.open_above * 100.0));
    }
}

void Rules::check_name(const std::string& path, std::string_view name) {
    const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (name == "*") {
        add(path, "\"*\" is not supported: write each entry out");
    } else if (name.empty() || has_control) {
        add(path, "is not usable as a name");
    } else if (name.size() > max_name_size) {
        add(path, fmt::format("the name is longer than PostgreSQL's {} bytes", max_name_size));
    }
}

void Rules::check_database(const DatabaseOptions& database) {
    const std::string path = join_path("databases", shown(database.name));
    check_name(path, database.name);
    if (std::find(reserved_databases.begin(), reserved_databases.end(), database.name) != reserved_databases.end()) {
        add(path, "the name is reserved for the admin console: choose another");
    }
    if (!is_written(path + ".dsn") && all_usable({path})) {
        add(path, "needs a dsn");
    }
    check_pool(path, database);
}

void Rules::check_user(const UserOptions& user, const Config& config) {
    const std::string path = join_path("users", shown(user.name));
    check_name(path, user.name);
    if (!is_written(path + ".password")) {
        if (all_usable({path})) {
            add(path, "needs a password");
        }
    } else if (all_usable({path + ".password"})) {
        if (std::optional<std::string> problem = password_problem(user.password.reveal())) {
            add(path + ".password", *problem);
        }
    }
    const std::string databases_path = path + ".databases";
    if (!user.databases || !all_usable({databases_path})) {
        return;
    }
    if (user.databases->empty()) {
        add(databases_path, "an empty list lets the user into no database: leave it out to allow all");
    }
    std::vector<std::string> known;
    for (const auto& [name, database] : config.databases) {
        known.push_back(name);
    }
    for (std::size_t at = 0; at < user.databases->size(); ++at) {
        const std::string& name = (*user.databases)[at];
        const std::string item = fmt::format("{}[{}]", databases_path, at);
        if (!config.databases.contains(name) && all_usable({"databases"})) {
            const std::string& place = is_written(item) ? item : databases_path;
            add(place, fmt::format("{} is not one of the databases{}", written_text(place), did_you_mean(name, known)));
        }
    }
}

}  // namespace

void validate(const Config& config, const DatabaseOptions& defaults, const WrittenKeys& written, Problems& problems) {
    Rules rules(written, problems);
    rules.check_listen(config.listen);
    rules.check_http(config);
    rules.check_queue(config.queue);
    rules.check_pool("", defaults);
    for (const auto& [name, database] : config.databases) {
        rules.check_database(database);
    }
    for (const auto& [name, user] : config.users) {
        rules.check_user(user, config);
    }
}

void validate_pool(const DatabaseOptions& defaults, const WrittenKeys& written, Problems& problems) {
    Rules(written, problems).check_pool("", defaults);
}

}  // namespace pgweir::config
