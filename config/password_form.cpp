#include "config/password_form.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace pgweir::config {

namespace {

constexpr std::string_view scram_name = "SCRAM-SHA-256";

// A SHA-256 in Base64: 32 bytes make 43 characters and one `=`.
constexpr std::size_t key_size = 44;

bool is_base64_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

bool is_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) {
        return false;
    }
    const std::size_t content = std::min(text.find('='), text.size());
    return text.size() - content <= 2 && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(content),
                                                     is_base64_character) &&
           text.find_first_not_of('=', content) == std::string_view::npos;
}

bool is_key(std::string_view text) {
    return text.size() == key_size && text.ends_with('=') && !text.ends_with("==") && is_base64(text);
}

// The part of `text` before `separator`, which is removed with it; everything when there is none.
std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

// PostgreSQL, parse_scram_secret: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>
bool is_verifier(std::string_view text) {
    const std::string_view name = take_until(text, '$');
    const std::string_view iterations = take_until(text, ':');
    const std::string_view salt = take_until(text, '$');
    const std::string_view stored_key = take_until(text, ':');
    int count = 0;
    const auto [end, ec] = std::from_chars(iterations.data(), iterations.data() + iterations.size(), count);
    const bool is_count = ec == std::errc() && end == iterations.data() + iterations.size() && count > 0;
    return name == scram_name && is_count && is_base64(salt) && is_key(stored_key) && is_key(text);
}

}  // namespace

bool is_md5_hash(std::string_view text) {
    return text.size() == 35 && text.starts_with("md5") &&
           text.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

std::optional<std::string> password_problem(std::string_view password) {
    if (password.empty()) {
        return "is empty";
    }
    if (password.find('\0') != std::string_view::npos) {
        return "has a NUL character in it";
    }
    if (password.starts_with(scram_name) && !is_verifier(password)) {
        return "is a damaged SCRAM-SHA-256 verifier (has a shell taken its $ signs?): make a new one with "
               "pgweir hash-password";
    }
    if (is_md5_hash(password)) {
        return "is an md5 hash, with which SCRAM is not possible: use the password or a SCRAM verifier: "
               "pgweir hash-password";
    }
    return std::nullopt;
}

}  // namespace pgweir::config
