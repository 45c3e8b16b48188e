// Where the pieces of a URI begin and end. The hard part is a password whose special
// characters were not percent-encoded: every `@` may be the one before the host. All
// readings are tried; a URI that is right by the standard is taken as it is, another
// one only when a single reading is possible.
#pragma once

#include <optional>
#include <string_view>

namespace pgweir::config {

// The pieces of a URI, still encoded. Lifetime: the URI's.
struct Reading {
    std::string_view user;
    std::optional<std::string_view> password;
    std::string_view hosts;
    std::string_view database;
    std::string_view query;
    bool is_standard = false;
};

// Either of the two.
struct Choice {
    std::optional<Reading> reading;
    std::string_view problem;
};

// `body` is what stands behind `://`.
Choice choose_reading(std::string_view body);

// One of the comma-separated hosts.
struct HostPort {
    std::string_view host;   // without brackets
    std::string_view port;
};

std::optional<HostPort> split_host(std::string_view text);

bool is_hex(char c);
bool has_any(std::string_view text, std::string_view characters);

// Calls `take` with each piece of `text` between separators; stops at the first false.
template <class Take>
bool every_piece(std::string_view text, char separator, Take take) {
    while (true) {
        const std::size_t end = text.find(separator);
        if (!take(text.substr(0, end))) {
            return false;
        }
        if (end == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(end + 1);
    }
}

}  // namespace pgweir::config
