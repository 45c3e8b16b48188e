#include "proxy/server/login_failure.hpp"

#include "proxy/core/upstream_refusal.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_sqlstate(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

// How libpq ends the severity (whose word is in the server's language) in front of a server's words.
constexpr std::string_view severity_end = ":  ";
constexpr std::size_t sqlstate_size = 5;

// Where `:  XXXXX: ` stands, which is how libpq puts a SQLSTATE behind the severity; npos when nowhere.
std::size_t find_sqlstate(std::string_view text) {
    constexpr std::size_t mark_size = 10;
    for (std::size_t at = text.find(severity_end); at != std::string_view::npos; at = text.find(severity_end, at + 1)) {
        const std::string_view mark = text.substr(at, mark_size);
        const bool has_shape = mark.size() == mark_size && mark.ends_with(": ");
        if (has_shape && is_sqlstate(mark.substr(severity_end.size(), sqlstate_size))) {
            return at;
        }
    }
    return std::string_view::npos;
}

// The words that decide: those of the first host that answered with a SQLSTATE, of a server that
// sends none (some of Supavisor's paths), or else of libpq about the first host. Views of the text.
struct Words {
    RefusalSpeaker speaker;
    std::string_view sqlstate;
    std::string_view message;   // to the end of its line
};

std::string_view line_from(std::string_view text, std::size_t at) {
    text.remove_prefix(at);
    return text.substr(0, text.find('\n'));
}

Words find_words(std::string_view text) {
    if (const std::size_t at = find_sqlstate(text); at != std::string_view::npos) {
        const std::string_view sqlstate = text.substr(at + severity_end.size(), sqlstate_size);
        return {RefusalSpeaker::server, sqlstate, line_from(text, at + severity_end.size() + sqlstate_size + 2)};
    }
    if (const std::size_t at = text.find(severity_end); at != std::string_view::npos) {
        return {RefusalSpeaker::server, {}, line_from(text, at + severity_end.size())};
    }
    constexpr std::string_view address_end = " failed: ";   // of `connection to server at "...", port ... failed: `
    const std::size_t at = text.find(address_end);
    return {RefusalSpeaker::libpq, {}, line_from(text, at == std::string_view::npos ? 0 : at + address_end.size())};
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

LoginFailure describe_login_failure(std::string_view libpq_message) {
    LoginFailure failure{DialOutcome::transient, {}, {}, std::nullopt};
    const Words words = find_words(libpq_message);
    failure.sqlstate = words.sqlstate;
    const UpstreamRefusal refusal = classify_refusal(words.speaker, words.sqlstate, words.message);
    failure.kind = refusal.outcome;
    failure.upstream_limit = refusal.upstream_limit;
    failure.is_known = refusal.is_known;

    std::string message(libpq_message);
    for (std::size_t at = find_sqlstate(message); at != std::string::npos; at = find_sqlstate(message)) {
        message.erase(at + 1, severity_end.size() - 1 + sqlstate_size + 1);   // leaves `: `
    }
    failure.text = one_line(message);
    return failure;
}

}   // namespace pgweir::proxy
