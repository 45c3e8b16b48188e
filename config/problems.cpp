#include "config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace pgweir::config {

namespace {

// The longest piece of the file that a message repeats, in bytes. Chosen: one line of a terminal.
constexpr std::size_t max_shown_size = 60;

bool is_utf8_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string_view shortened(std::string_view text) {
    if (text.size() <= max_shown_size) {
        return text;
    }
    std::size_t size = max_shown_size;
    while (size > 0 && is_utf8_continuation(text[size])) {
        --size;
    }
    return text.substr(0, size);
}

}  // namespace

std::string Diagnostic::text() const {
    std::string out = file;
    if (line > 0) {
        out += fmt::format(":{}:{}", line, column);
    }
    if (!key.empty()) {
        out += fmt::format(": {}", key);
    }
    return out + ": " + message;
}

void Problems::add(Place place, std::string key, std::string message) {
    Diagnostic diagnostic;
    diagnostic.file = file_;
    diagnostic.line = place.line;
    diagnostic.column = place.column;
    diagnostic.key = std::move(key);
    diagnostic.message = std::move(message);
    diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Problems::in_file_order() const {
    std::vector<Diagnostic> sorted = diagnostics_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return sorted;
}

std::string shown(std::string_view key) {
    const std::string_view head = shortened(key);
    std::string out;
    for (const char c : head) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return head.size() < key.size() ? out + "..." : out;
}

std::string quoted(std::string_view text) {
    return '"' + shown(text) + '"';
}

std::string join_path(std::string_view parent, std::string_view key) {
    return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

}  // namespace pgweir::config
