// URIs: the chosen reading, decoded, as libpq's parameters.
#include "config/dsn_parts.hpp"
#include "config/dsn_reading.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pgweir::config {

namespace {

// Decodes `%40`. A `%` that begins no escape shows that nobody encoded this text: then
// all stay as they are. Nullopt when both kinds are there, or a NUL.
std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    std::size_t escapes = 0;
    std::size_t bare = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2])) {
            unsigned char byte = 0;
            std::from_chars(text.data() + at + 1, text.data() + at + 3, byte, 16);
            if (byte == 0) {
                return std::nullopt;
            }
            out += static_cast<char>(byte);
            at += 2;
            ++escapes;
        } else {
            bare += text[at] == '%' ? 1U : 0U;
            out += plus_is_blank && text[at] == '+' ? ' ' : text[at];
        }
    }
    return escapes > 0 && bare > 0 ? std::nullopt : std::optional<std::string>(std::move(out));
}

// The escape at the very end ("%4", "%") is caught by decode as a bare one.
std::optional<std::string> decode_password(std::string_view text) {
    std::optional<std::string> out = decode(text, false);
    // libpq would have ended the password at these, so whoever wrote them did not encode;
    // an escape beside them may be one or may be meant as it stands.
    if (out && has_any(text, "@/") && *out != text) {
        return std::nullopt;
    }
    return out;
}

class UriSplitter {
public:
    explicit UriSplitter(bool plus_is_blank) : plus_is_blank_(plus_is_blank) {}

    DsnParts split(std::string_view body) {
        const Choice choice = choose_reading(body);
        if (!choice.reading) {
            parts_.problem = std::string(choice.problem);
            return std::move(parts_);
        }
        take_query(choice.reading->query);
        take_hosts(choice.reading->hosts);
        take_decoded("dbname", choice.reading->database);
        take_decoded("user", choice.reading->user);
        take_password(choice.reading->password.value_or(std::string_view()));
        return std::move(parts_);
    }

private:
    void add(std::string name, std::optional<std::string> value) {
        if (!value) {
            parts_.problem =
                "mixes percent-encoded characters with plain ones: write every % that is meant as such as %25, "
                "@ as %40 and / as %2F";
        } else if (!value->empty() && find_parameter(parts_.parameters, name) == nullptr) {
            parts_.parameters.push_back(DsnParameter{std::move(name), std::move(*value)});
        }
    }

    void take_decoded(const char* name, std::string_view text) { add(name, decode(text, false)); }

    // Parameters come first: where both name a host, a user or a password, libpq takes theirs.
    void take_query(std::string_view query) {
        bool is_unprintable = has_any(query, "@");
        every_piece(query, '&', [&](std::string_view piece) {
            if (piece.empty()) {
                return true;
            }
            const std::size_t equals = piece.find('=');
            DsnParameter parameter;
            parameter.name = piece.substr(0, equals);
            parameter.is_unprintable = is_unprintable;
            std::optional<std::string> value = decode(piece.substr(equals + 1), plus_is_blank_);
            // An unencoded & in a password makes parameters of its pieces.
            is_unprintable = is_unprintable || parameter.name == "password";
            if (!value) {
                add("", std::nullopt);
                return false;
            }
            parameter.value = std::move(*value);
            parts_.parameters.push_back(std::move(parameter));
            return true;
        });
    }

    void take_hosts(std::string_view hosts) {
        std::string names;
        std::string ports;
        bool has_port = false;
        bool is_first = true;
        every_piece(hosts, ',', [&](std::string_view piece) {
            const HostPort host = split_host(piece).value_or(HostPort());
            names += is_first ? "" : ",";
            ports += is_first ? "" : ",";
            names += decode(host.host, false).value_or("");
            ports += host.port;
            has_port = has_port || !host.port.empty();
            is_first = false;
            return true;
        });
        add("host", std::move(names));
        add("port", has_port ? std::move(ports) : std::string());
    }

    void take_password(std::string_view text) {
        if (text == "[YOUR-PASSWORD]") {
            parts_.problem = "still has the placeholder [YOUR-PASSWORD] where the password belongs";
        } else if (text.size() > 1 && text.starts_with('[') && text.ends_with(']')) {
            parts_.problem = "has brackets around the password: remove them, or write them as %5B and %5D "
                             "when they belong to it";
        } else {
            add("password", decode_password(text));
        }
    }

    bool plus_is_blank_;
    DsnParts parts_;
};

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

}  // namespace

DsnParts split_uri(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    std::string scheme = lowered(text.substr(0, scheme_end));
    // java.net.URLDecoder, which JDBC uses, reads + as a blank; nobody else does.
    const bool is_java = scheme.starts_with("jdbc:") || scheme.starts_with("r2dbc:");
    scheme.erase(0, is_java ? scheme.find(':') + 1 : 0);
    scheme.erase(std::min(scheme.find('+'), scheme.size()));   // SQLAlchemy's driver
    constexpr std::array<std::string_view, 6> schemes = {"postgresql", "postgres", "pgsql", "psql", "postgis", "ecto"};
    if (std::find(schemes.begin(), schemes.end(), scheme) == schemes.end()) {
        DsnParts parts;
        parts.problem =
            "does not begin with a scheme of PostgreSQL: write postgresql://user:password@host:port/database";
        return parts;
    }
    return UriSplitter(is_java).split(text.substr(scheme_end + 3));
}

}  // namespace pgweir::config
