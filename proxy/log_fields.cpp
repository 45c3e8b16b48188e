#include "proxy/log_fields.hpp"

#include "config/text_check.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstddef>

namespace pgweir::proxy {
namespace {

constexpr std::string_view event_key = "event=";

bool is_key(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// The length of a quoted value at the front, its quotes included; of all of it when the closing quote is not there.
std::size_t quoted_size(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '\\') ++at;
        else if (text[at] == '"') return at + 1;
    }
    return text.size();
}

// Without its quotes. Of the escapes those for quotes and backslashes are undone: what stands for control characters
// and bytes that are no text is better read than obeyed.
std::string unquoted(std::string_view quoted) {
    quoted.remove_prefix(1);
    if (quoted.ends_with('"')) quoted.remove_suffix(1);
    std::string text;
    text.reserve(quoted.size());
    for (std::size_t at = 0; at < quoted.size(); ++at) {
        const bool is_escape = quoted[at] == '\\' && at + 1 < quoted.size() && (quoted[at + 1] == '"' || quoted[at + 1] == '\\');
        text += quoted[is_escape ? ++at : at];
    }
    return text;
}

class Members {
public:
    void add(std::string_view key, std::string_view value) {
        if (!text_.empty()) text_ += ',';
        text_ += quoted(key);
        text_ += ':';
        text_ += quoted(value);
    }
    std::string take() { return std::move(text_); }

private:
    static std::string quoted(std::string_view text) {
        const std::string clean = config::printable(text);
        return boost::json::serialize(boost::json::string_view(clean.data(), clean.size()));
    }

    std::string text_;
};

}  // namespace

std::string_view event_of(std::string_view line) {
    if (!line.starts_with(event_key)) return {};
    line.remove_prefix(event_key.size());
    return line.substr(0, line.find(' '));
}

std::string json_members(std::string_view line) {
    Members members;
    std::string rest;
    while (!line.empty()) {
        const std::size_t equals = line.find('=');
        const std::size_t blank = std::min(line.find(' '), line.size());
        if (equals >= blank || !is_key(line.substr(0, equals))) {
            if (!rest.empty()) rest += ' ';
            rest += line.substr(0, blank);
            line.remove_prefix(std::min(blank + 1, line.size()));
            continue;
        }
        const std::string_view key = line.substr(0, equals);
        line.remove_prefix(equals + 1);
        const bool is_quoted = line.starts_with('"');
        const std::size_t size = is_quoted ? quoted_size(line) : std::min(line.find(' '), line.size());
        members.add(key, is_quoted ? unquoted(line.substr(0, size)) : std::string(line.substr(0, size)));
        line.remove_prefix(size);
        if (line.starts_with(' ')) line.remove_prefix(1);
    }
    if (!rest.empty()) members.add("text", rest);
    return members.take();
}

}  // namespace pgweir::proxy
