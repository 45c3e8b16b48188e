#include "config/text_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::config {

namespace {

// The size of the well-formed UTF-8 character that begins `text`, or 0 (Unicode, table 3-7).
std::size_t utf8_size(std::string_view text) {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : static_cast<unsigned char>(0);
    };
    const auto continues = [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            if ((byte(at) & 0xC0U) != 0x80U) {
                return false;
            }
        }
        return true;
    };
    const unsigned char first = byte(0);
    const unsigned char second = byte(1);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return continues(1, 2) ? 2 : 0;
    }
    if ((first & 0xF0U) == 0xE0U) {
        const bool is_short = first == 0xE0 && second < 0xA0;
        const bool is_surrogate = first == 0xED && second > 0x9F;
        return continues(1, 3) && !is_short && !is_surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool is_short = first == 0xF0 && second < 0x90;
        const bool is_beyond = first == 0xF4 && second > 0x8F;
        return continues(1, 4) && !is_short && !is_beyond ? 4 : 0;
    }
    return 0;
}

bool is_forbidden_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

Place place_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;   // npos + 1 is 0: the first line
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    return Place{.line = static_cast<int>(line), .column = static_cast<int>(offset - line_start) + 1};
}

}  // namespace

bool is_acceptable_text(std::string_view text, Problems& problems) {
    if (text.size() > max_file_size) {
        problems.add(Place(), "", fmt::format("the file is larger than {} bytes", max_file_size));
        return false;
    }
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t size = utf8_size(text.substr(at));
        if (size == 0) {
            problems.add(place_at(text, at), "",
                         fmt::format("the file is not UTF-8 text (byte 0x{:02x})",
                                     static_cast<unsigned int>(static_cast<unsigned char>(text[at]))));
            return false;
        }
        if (is_forbidden_control(text[at])) {
            problems.add(place_at(text, at), "",
                         fmt::format("a control character (byte 0x{:02x})",
                                     static_cast<unsigned int>(static_cast<unsigned char>(text[at]))));
            return false;
        }
        at += size;
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        const bool is_control = size == 1 && (is_forbidden_control(text.front()) || text.front() < ' ');
        if (size == 0 || is_control) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned int>(static_cast<unsigned char>(text.front())));
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

Lines::Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
        starts_.push_back(at + 1);
    }
}

std::string_view Lines::from(Place place) const {
    const auto line = static_cast<std::size_t>(std::max(place.line - 1, 0));
    const auto column = static_cast<std::size_t>(std::max(place.column - 1, 0));
    const std::size_t start = line < starts_.size() ? starts_[line] : text_.size();
    return text_.substr(std::min(start + column, text_.size()));
}

bool is_indented_by_tab(std::string_view line) {
    return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

bool is_closed_quote(std::string_view value) {
    while (value.starts_with('&') || value.starts_with('!')) {   // an anchor or a tag before it
        value.remove_prefix(std::min(value.find_first_of(" \t\r\n"), value.size()));
        value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    }
    if (!value.starts_with('"') && !value.starts_with('\'')) {
        return true;
    }
    const char quote = value.front();
    for (std::size_t at = 1; at < value.size(); ++at) {
        const bool is_escape = quote == '"' && value[at] == '\\';
        const bool is_doubled = quote == '\'' && value.substr(at).starts_with("''");
        if (is_escape || is_doubled) {
            ++at;
        } else if (value[at] == quote) {
            return true;
        }
    }
    return false;
}

}  // namespace pgweir::config
