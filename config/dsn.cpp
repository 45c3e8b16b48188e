#include "config/dsn.hpp"

#include "config/addresses.hpp"
#include "config/dsn_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::config {

namespace {

// Where Debian's ca-certificates puts the authorities; libpq 15 cannot be told to take
// the system's.
constexpr std::string_view system_authorities = "/etc/ssl/certs/ca-certificates.crt";

// Chosen: several hosts with long names and every parameter fit.
constexpr std::size_t max_dsn_size = 8192;

constexpr std::array<std::string_view, 4> accepted_modes = {"disable", "require", "verify-ca", "verify-full"};

using Parameters = std::vector<DsnParameter>;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string value_of(Parameters& parameters, std::string_view name) {
    const DsnParameter* found = find_parameter(parameters, name);
    return found == nullptr ? std::string() : found->value;
}

void add(Parameters& parameters, std::string name, std::string_view value) {
    parameters.push_back(DsnParameter{std::move(name), std::string(value)});
}

// True when every host is named and none can leave this machine. Without a host libpq
// takes PGHOST, which may be anything.
bool is_local(Parameters& parameters) {
    std::string hosts = value_of(parameters, "hostaddr");
    if (hosts.empty()) {
        hosts = value_of(parameters, "host");
    }
    std::size_t begin = 0;
    while (begin <= hosts.size()) {
        const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
        if (!is_local_host(hosts.substr(begin, end - begin))) {
            return false;
        }
        begin = end + 1;
    }
    return true;
}

// libpq's own default, prefer, would dial a second time after a refusal.
std::optional<std::string> settle_tls(Parameters& parameters) {
    std::string mode = value_of(parameters, "sslmode");
    if (mode == "prefer" || mode == "allow") {
        return fmt::format("sslmode={} dials a second time after a refusal, which counts against the server's limit: "
                           "write sslmode=verify-full, require or disable",
                           mode);
    }
    const bool has_service = find_parameter(parameters, "service") != nullptr;
    if (mode.empty() && has_service) {
        return std::string("with service also write sslmode: verify-full, verify-ca, require or disable");
    }
    if (mode.empty()) {
        mode = is_local(parameters) ? "disable" : "verify-full";
        add(parameters, "sslmode", mode);
    }
    if (std::find(accepted_modes.begin(), accepted_modes.end(), mode) == accepted_modes.end()) {
        return std::string("has an unknown sslmode: write verify-full, verify-ca, require or disable");
    }
    const bool verifies = mode == "verify-full" || mode == "verify-ca";
    if (verifies && !has_service && value_of(parameters, "sslrootcert").empty()) {
        add(parameters, "sslrootcert", system_authorities);
    }
    return std::nullopt;
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \t\r\n\f\v'\\") != std::string_view::npos;
}

std::string as_pair(const DsnParameter& parameter) {
    if (!needs_quotes(parameter.value)) {
        return fmt::format("{}={}", parameter.name, parameter.value);
    }
    std::string value;
    for (const char c : parameter.value) {
        value += c == '\'' || c == '\\' ? "\\" : "";
        value += c;
    }
    return fmt::format("{}='{}'", parameter.name, value);
}

// The order in which people look for things; the rest stays as it was written.
int rank(const DsnParameter& parameter) {
    constexpr std::array<std::string_view, 6> first = {"host", "hostaddr", "port", "dbname", "user", "password"};
    return static_cast<int>(std::find(first.begin(), first.end(), parameter.name) - first.begin());
}

std::string as_pairs(Parameters parameters) {
    std::stable_sort(parameters.begin(), parameters.end(),
                     [](const DsnParameter& a, const DsnParameter& b) { return rank(a) < rank(b); });
    std::string out;
    for (const DsnParameter& parameter : parameters) {
        out += out.empty() ? "" : " ";
        out += as_pair(parameter);
    }
    return out;
}

std::optional<std::string> unusable(std::string_view text) {
    if (text.empty()) {
        return std::string("is empty");
    }
    if (text.size() > max_dsn_size) {
        return fmt::format("is longer than {} bytes", max_dsn_size);
    }
    if (text.find('\0') != std::string_view::npos) {
        return std::string("has a NUL character in it");
    }
    if (text.front() == '"' || text.front() == '\'') {
        return std::string("begins with a quote: remove the quotes around it");
    }
    if (text.starts_with("psql ")) {
        return std::string("is a psql command: write only its postgresql://user:password@host:port/database");
    }
    const bool is_uri = text.find("://") != std::string_view::npos;
    if (!is_uri && text.find('=') == std::string_view::npos) {
        return std::string("is neither a URI (postgresql://user:password@host:port/database) nor key=value pairs");
    }
    if (!is_uri && text.find(';') < text.find(' ')) {
        return std::string("looks like an ADO.NET or ODBC string: write host=... port=... dbname=... user=... "
                           "password=... with blanks between");
    }
    return std::nullopt;
}

// A URI begins with its scheme; a pair may hold `://` in a value.
bool begins_with_scheme(std::string_view text) {
    return text.find("://") < text.find_first_of("= ");
}

}  // namespace

NormalisedDsn normalise_dsn(std::string_view text) {
    NormalisedDsn out;
    text = trimmed(text);
    out.problem = unusable(text);
    if (out.problem) {
        return out;
    }
    DsnParts parts = begins_with_scheme(text) ? split_uri(text) : split_pairs(text);
    out.problem = std::move(parts.problem);
    if (!out.problem) {
        out.problem = translate_parameters(parts.parameters);
    }
    if (!out.problem) {
        out.problem = settle_tls(parts.parameters);
    }
    if (!out.problem) {
        out.dsn = Secret(as_pairs(std::move(parts.parameters)));
    }
    return out;
}

std::string redacted(std::string complaint, const Secret& dsn) {
    // Shorter secrets would blot out the whole text.
    constexpr std::size_t shortest = 4;
    DsnParts parts = split_pairs(dsn.reveal());
    for (const char* name :
         {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}) {
        const std::string secret = value_of(parts.parameters, name);
        if (secret.empty()) {
            continue;
        }
        if (secret.size() < shortest && complaint.find(secret) != std::string::npos) {
            return "libpq does not accept it";
        }
        std::size_t at = complaint.find(secret);
        while (at != std::string::npos) {
            complaint.replace(at, secret.size(), "[secret]");
            at = complaint.find(secret, at + 8);
        }
    }
    return complaint;
}

}  // namespace pgweir::config
