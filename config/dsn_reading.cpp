#include "config/dsn_reading.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace pgweir::config {

namespace {

constexpr std::string_view unreadable =
    "is not a URI that can be read: write postgresql://user:password@host:port/database, "
    "with the special characters of the password percent-encoded (@ as %40, / as %2F, ? as %3F, # as %23, % as %25)";
// More @ than this are not looked through: each is a reading of the whole text.
constexpr std::ptrdiff_t max_readings = 32;

constexpr std::string_view ambiguous =
    "can be read in two ways: percent-encode the special characters of the password "
    "(@ as %40, / as %2F, ? as %3F, # as %23, % as %25)";

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    return text.empty() || (ec == std::errc() && end == text.data() + text.size() && port > 0);
}

bool is_host(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_escape = text[at] == '%' && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
        const bool is_name =
            is_alphanumeric(text[at]) || std::string_view("._-").find(text[at]) != std::string_view::npos;
        if (!is_escape && !is_name) {
            return false;
        }
    }
    return true;
}

bool is_parameter_name(std::string_view name) {
    return !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
    });
}

bool is_query(std::string_view text) {
    return text.empty() || every_piece(text, '&', [](std::string_view piece) {
        const std::size_t equals = piece.find('=');
        return piece.empty() || (equals != std::string_view::npos && is_parameter_name(piece.substr(0, equals)));
    });
}

// `at` is the `@` that ends the user's part, or npos when there is none.
std::optional<Reading> read_at(std::string_view body, std::size_t at) {
    Reading reading;
    std::string_view rest = body;
    bool is_plain_userinfo = true;
    if (at != std::string_view::npos) {
        const std::string_view userinfo = body.substr(0, at);
        const std::size_t colon = userinfo.find(':');
        reading.user = userinfo.substr(0, colon);
        if (colon != std::string_view::npos) {
            reading.password = userinfo.substr(colon + 1);
        }
        if (has_any(reading.user, "/?# \t\n")) {
            return std::nullopt;
        }
        is_plain_userinfo = !has_any(userinfo, "@/");
        rest = body.substr(at + 1);
    }
    reading.hosts = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(reading.hosts.size());
    if (rest.starts_with('/')) {
        reading.database = rest.substr(1, rest.find('?') == std::string_view::npos ? rest.npos : rest.find('?') - 1);
        rest.remove_prefix(1 + reading.database.size());
    }
    reading.query = rest.empty() ? rest : rest.substr(1);
    const bool has_hosts =
        every_piece(reading.hosts, ',', [](std::string_view host) { return split_host(host).has_value(); });
    if (!has_hosts || !is_query(reading.query) || has_any(reading.database, "/ \t\n")) {
        return std::nullopt;
    }
    reading.is_standard = is_plain_userinfo && !has_any(reading.database, "@");
    return reading;
}

}  // namespace

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool has_any(std::string_view text, std::string_view characters) {
    return text.find_first_of(characters) != std::string_view::npos;
}

std::optional<HostPort> split_host(std::string_view text) {
    HostPort out;
    std::string_view after = text;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end == 1 ||
            !std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end),
                         [](char c) { return is_alphanumeric(c) || c == ':' || c == '.' || c == '%'; })) {
            return std::nullopt;
        }
        out.host = text.substr(1, end - 1);
        after = text.substr(end + 1);
        if (!after.empty() && after.front() != ':') {
            return std::nullopt;
        }
    } else {
        out.host = text.substr(0, text.find(':'));
        after = text.substr(out.host.size());
        if (!is_host(out.host)) {
            return std::nullopt;
        }
    }
    out.port = after.empty() ? after : after.substr(1);
    return is_port(out.port) ? std::optional<HostPort>(out) : std::nullopt;
}

Choice choose_reading(std::string_view body) {
    std::vector<Reading> readings;
    if (std::count(body.begin(), body.end(), '@') > max_readings) {
        return Choice{std::nullopt, ambiguous};
    }
    std::size_t at = std::string_view::npos;
    do {
        if (std::optional<Reading> reading = read_at(body, at)) {
            if (reading->is_standard) {
                return Choice{reading, {}};
            }
            readings.push_back(*reading);
        }
        at = body.find('@', at == std::string_view::npos ? 0 : at + 1);
    } while (at != std::string_view::npos && readings.size() < 2);
    if (readings.size() == 1) {
        return Choice{readings.front(), {}};
    }
    return Choice{std::nullopt, readings.empty() ? unreadable : ambiguous};
}

}  // namespace pgweir::config
