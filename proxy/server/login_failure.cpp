#include "proxy/server/login_failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace pgweir::proxy {
namespace {

struct Sign {
    enum class Where { sqlstate, text };

    Where where;
    std::string_view pattern;   // the whole SQLSTATE, or a part of the text
    LoginFailureClass kind;
};

using enum LoginFailureClass;

// The first sign that fits decides; what fits none is transient. Supavisor sends nearly
// everything as XX000 and is told apart by its tokens, which changed between its versions.
constexpr std::array signs = {
    Sign{Sign::Where::sqlstate, "53300", capacity},
    Sign{Sign::Where::text, "MaxClientsInSessionMode", capacity},          // Supavisor 2.0.5 to 2.8
    Sign{Sign::Where::text, "EMAXCONN", capacity},                         // 2.9, EMAXCONNSESSION too
    Sign{Sign::Where::text, "Max client connections reached", capacity},   // before 2.0.5
    Sign{Sign::Where::sqlstate, "28P01", credential},
    Sign{Sign::Where::sqlstate, "28000", credential},
    Sign{Sign::Where::text, "(ENOTFOUND)", credential},
    Sign{Sign::Where::text, "(ENOIDENTIFIER)", credential},
    Sign{Sign::Where::text, "(ECIRCUITBREAKER)", credential},   // too many failures: already locked out
    Sign{Sign::Where::text, "(EBANNED)", credential},
    Sign{Sign::Where::text, "(EADDRNOTALLOWED)", credential},
    Sign{Sign::Where::text, "(ESSLREQUIRED)", credential},
    Sign{Sign::Where::text, "fe_sendauth: no password supplied", credential},   // libpq's own
};

bool fits(const Sign& sign, std::string_view sqlstate, std::string_view text) {
    if (sign.where == Sign::Where::sqlstate) {
        return sqlstate == sign.pattern;
    }
    return text.find(sign.pattern) != std::string_view::npos;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_sqlstate(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

// Where `:  XXXXX: ` stands, which is how libpq puts a SQLSTATE behind the severity
// (whose word is in the server's language); npos when nowhere.
std::size_t find_sqlstate(std::string_view text) {
    constexpr std::size_t mark_size = 10;
    for (std::size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
        const std::string_view mark = text.substr(at, mark_size);
        if (mark.size() == mark_size && mark.ends_with(": ") && is_sqlstate(mark.substr(3, 5))) {
            return at;
        }
    }
    return std::string_view::npos;
}

// Joins lines and runs of blanks with single spaces; leaves LOCATION lines out.
std::string one_line(std::string_view text) {
    std::string line;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.starts_with("LOCATION:")) {
            continue;
        }
        line += ' ';
        for (const char c : part) {
            const bool is_blank = static_cast<unsigned char>(c) <= ' ';
            if (!is_blank) {
                line += c;
            } else if (line.back() != ' ') {
                line += ' ';
            }
        }
        while (line.ends_with(' ')) {
            line.pop_back();
        }
    }
    return line.empty() ? line : line.substr(1);
}

}   // namespace

LoginFailureClass classify_login_failure(const std::string& sqlstate, const std::string& text) {
    for (const Sign& sign : signs) {
        if (fits(sign, sqlstate, text)) {
            return sign.kind;
        }
    }
    return transient;
}

std::optional<int> find_upstream_limit(std::string_view text) {
    for (const std::string_view label : {std::string_view("pool_size: "), std::string_view("limit: ")}) {
        const std::size_t at = text.find(label);
        if (at == std::string_view::npos) {
            continue;
        }
        const std::string_view rest = text.substr(at + label.size());
        int limit = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), limit);
        if (error == std::errc() && limit > 0) {
            return limit;
        }
    }
    return std::nullopt;
}

LoginFailure describe_login_failure(std::string_view libpq_message) {
    constexpr std::size_t sqlstate_offset = 3;
    constexpr std::size_t sqlstate_size = 5;

    LoginFailure failure{transient, {}, {}, std::nullopt};
    std::string message(libpq_message);
    // With several hosts there is a refusal of each; the first one that has a SQLSTATE names the failure.
    for (std::size_t at = find_sqlstate(message); at != std::string::npos; at = find_sqlstate(message)) {
        if (failure.sqlstate.empty()) {
            failure.sqlstate = message.substr(at + sqlstate_offset, sqlstate_size);
        }
        message.erase(at + 1, sqlstate_offset - 1 + sqlstate_size + 1);
    }
    failure.text = one_line(message);
    failure.kind = classify_login_failure(failure.sqlstate, failure.text);
    if (failure.kind == capacity) {
        failure.upstream_limit = find_upstream_limit(failure.text);
    }
    return failure;
}

}   // namespace pgweir::proxy
