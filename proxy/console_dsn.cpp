#include "proxy/console_dsn.hpp"

#include "config/load.hpp"
#include "protocol/scram.hpp"
#include "proxy/server/login.hpp"

#include <iostream>
#include <string_view>
#include <utility>

namespace pgweir::proxy {
namespace {

std::string in_quotes(std::string_view value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

// The first user who may enter and whose password stands in the file as such.
std::optional<std::pair<std::string, std::string>> known_user(const config::Config& config) {
    for (const auto& [name, user] : config.users) {
        if ((user.admin || user.stats) && !protocol::parse_verifier(user.password.reveal())) return std::pair(name, user.password.reveal());
    }
    return std::nullopt;
}

std::string reachable(std::string address) {
    if (address == "0.0.0.0") return "127.0.0.1";
    return address == "::" ? "::1" : address;
}

// Empty: the file does not say how.
std::string dsn_of(const config::Config& config, const std::string& application_name) {
    const std::string common = " dbname=pgweir connect_timeout=10 application_name=" + application_name + " port=" + std::to_string(config.listen.port);
    if (!config.listen.unix_socket_dir.empty()) return "user=pgweir host=" + in_quotes(config.listen.unix_socket_dir) + common;
    const auto user = known_user(config);
    if (!user || config.listen.address.empty()) return {};
    return "host=" + in_quotes(reachable(config.listen.address.front())) + " user=" + in_quotes(user->first) +
           " password=" + in_quotes(user->second) + common;
}

}  // namespace

std::optional<std::string> console_dsn(const std::string& config_file, const std::string& dsn, const std::string& application_name) {
    if (!dsn.empty()) return dsn;
    config::Surroundings surroundings = config::real_surroundings();
    surroundings.check_dsn = check_dsn;
    const config::LoadResult loaded = config::load_file(config_file, surroundings);
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    if (!loaded.config) return std::nullopt;
    std::string found = dsn_of(*loaded.config, application_name);
    if (!found.empty()) return found;
    std::cerr << config_file << ": no way to the console: set listen.unix_socket_dir, or give a user admin: true or stats: true and a "
                         "plain password, or use --dsn\n";
    return std::nullopt;
}

}  // namespace pgweir::proxy
