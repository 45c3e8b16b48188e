// Where clients come in, and TLS on both sides.
#include "config/addresses.hpp"
#include "config/migrate_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::config {

namespace {

// sockaddr_un; pgweir check knows the same.
constexpr std::size_t max_socket_dir_size = 92;

void migrate_addresses(Draft& draft) {
    std::vector<std::string> addresses;
    const Origin origin = draft.origin_of("listen_addr");
    const auto add = [&](const std::string& address) {
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
            addresses.push_back(address);
        }
    };
    for (const std::string& address : split_ini_list(draft.setting("listen_addr"))) {
        if (is_ip_address(address)) {
            add(address);
        } else if (address == "*") {
            add("0.0.0.0");
            draft.losses.add(origin, "listen_addr", "* is IPv6 too in PgBouncer; 0.0.0.0 was written, which is IPv4",
                             "add \"::\" to listen.address if clients come by IPv6");
        } else if (address == "localhost") {
            add("127.0.0.1");
            draft.losses.add(origin, "listen_addr", "localhost is ::1 too in PgBouncer; 127.0.0.1 was written",
                             "add \"::1\" to listen.address if clients come by IPv6");
        } else {
            draft.losses.add(origin, "listen_addr", fmt::format("{} is a host name, and pgweir listens at IP addresses", address),
                             "write its address under listen.address");
        }
    }
    std::string directory = draft.setting("unix_socket_dir");
    const bool is_usable = directory.empty() || (directory.front() == '/' && directory.size() <= max_socket_dir_size);
    if (!is_usable) {
        draft.losses.add(draft.origin_of("unix_socket_dir"), "unix_socket_dir",
                         fmt::format("is not an absolute path of at most {} bytes", max_socket_dir_size),
                         "write such a one under listen.unix_socket_dir");
        directory.clear();
    }
    if (addresses.empty() && directory.empty()) {
        addresses.emplace_back("127.0.0.1");
        draft.losses.add(origin, "listen_addr", "nothing is left to listen at; 127.0.0.1 was written", "set listen.address");
    }
    draft.root.under("listen.address").set(std::move(addresses));
    draft.root.under("listen.unix_socket_dir").set(without_variables(directory));
}

void migrate_client_tls(Draft& draft) {
    YamlNode& tls = draft.root.under("listen.tls");
    const std::string mode = draft.setting("client_tls_sslmode");
    const auto is = [&](std::string_view word) { return is_same_word(mode, word); };
    const bool is_optional = is("allow") || is("prefer");
    const bool is_verified = is("verify-ca") || is("verify-full");
    const std::string certificate = draft.setting("client_tls_cert_file");
    const std::string key = draft.setting("client_tls_key_file");
    if (!is_optional && !is_verified && !is("require")) {
        if (!is("disable")) {
            draft.losses.add(draft.origin_of("client_tls_sslmode"), "client_tls_sslmode",
                             "is no mode that PgBouncer knows", "TLS is disabled: set listen.tls");
        }
        return tls.at("mode").set("disable");
    }
    if (certificate.empty() || key.empty()) {
        draft.losses.add(draft.origin_of("client_tls_sslmode"), "client_tls_sslmode",
                         "needs client_tls_cert_file and client_tls_key_file: PgBouncer would not start",
                         "TLS is disabled: set listen.tls");
        return tls.at("mode").set("disable");
    }
    tls.at("mode").set(is_optional ? "allow" : "require");
    tls.at("certificate").set(without_variables(certificate));
    tls.at("private_key").set(without_variables(key));
    const std::string authorities = draft.setting("client_tls_ca_file");
    if (is_verified && !authorities.empty()) {
        tls.at("client_ca").set(without_variables(authorities));
    } else if (is_verified) {
        draft.losses.add(draft.origin_of("client_tls_sslmode"), "client_tls_sslmode",
                         "without client_tls_ca_file no client certificate can be verified, and none is asked for",
                         "set listen.tls.client_ca");
    }
}

// The oldest version of a list of names, or empty for none that is known.
std::string oldest_version(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> names = {{
        {"tlsv1.0", "TLSv1"}, {"tlsv1.1", "TLSv1.1"}, {"tlsv1.2", "TLSv1.2"}, {"tlsv1.3", "TLSv1.3"}}};
    if (is_same_word(text, "secure") || is_same_word(text, "default")) {
        return "TLSv1.2";
    }
    if (is_same_word(text, "all") || is_same_word(text, "legacy")) {
        return "TLSv1";
    }
    std::string separated = text;
    std::replace(separated.begin(), separated.end(), ':', ',');
    const std::vector<std::string> items = split_ini_list(separated);
    for (const auto& [word, version] : names) {
        if (std::any_of(items.begin(), items.end(), [&name = word](const std::string& item) { return is_same_word(item, name); })) {
            return std::string(version);
        }
    }
    return {};
}

void migrate_client_versions(Draft& draft) {
    const std::string oldest = oldest_version(draft.setting("client_tls_protocols"));
    if (oldest == "TLSv1.3") {
        draft.root.under("listen.tls.min_version").set(oldest);
    } else if (oldest != "TLSv1.2") {
        draft.losses.add(draft.origin_of("client_tls_protocols"), "client_tls_protocols",
                         "pgweir takes TLS 1.2 and 1.3 only", "renew the clients that know neither");
    }
}

}  // namespace

void migrate_listen(Draft& draft) {
    migrate_addresses(draft);
    migrate_client_tls(draft);
    migrate_client_versions(draft);
}

void add_server_tls(const Draft& draft, std::string& dsn, std::string_view host) {
    if (host.starts_with('/') || host.starts_with('@')) {
        return;   // unix sockets have no TLS
    }
    std::string mode = draft.setting("server_tls_sslmode");
    std::transform(mode.begin(), mode.end(), mode.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (mode == "prefer" || mode == "allow") {
        mode = "require";   // migrate.cpp has said so
    }
    const bool is_known = mode == "require" || mode == "verify-ca" || mode == "verify-full";
    add_dsn_pair(dsn, "sslmode", is_known ? mode : "disable");
    if (!is_known) {
        return;
    }
    for (const auto& [key, name] : {std::pair("server_tls_ca_file", "sslrootcert"), std::pair("server_tls_cert_file", "sslcert"),
                                    std::pair("server_tls_key_file", "sslkey")}) {
        const std::string file = draft.setting(key);
        if (!file.empty()) {
            add_dsn_pair(dsn, name, file);
        }
    }
    const std::string oldest = oldest_version(draft.setting("server_tls_protocols"));
    if (!oldest.empty() && oldest != "TLSv1.2") {
        add_dsn_pair(dsn, "ssl_min_protocol_version", oldest);
    }
}

}  // namespace pgweir::config
