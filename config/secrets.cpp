#include "config/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgweir::config {

namespace {

constexpr std::string_view file_prefix = "file:";

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_variable_name(std::string_view name) {
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Resolved failed(std::string problem) {
    Resolved resolved;
    resolved.problem = std::move(problem);
    return resolved;
}

}  // namespace

Resolved expand(std::string_view text, const Surroundings& surroundings) {
    Resolved resolved;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        resolved.text += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.starts_with("$$")) {
            resolved.text += '$';
            text.remove_prefix(2);
        } else if (text.starts_with("${")) {
            const std::size_t end = text.find('}');
            const std::string name(text.substr(2, end == std::string_view::npos ? 0 : end - 2));
            if (!is_variable_name(name)) {
                return failed("after ${ a variable's name and } are expected; write $${ for the characters themselves");
            }
            const std::optional<std::string> value =
                surroundings.environment ? surroundings.environment(name) : std::nullopt;
            if (!value) {
                return failed(fmt::format("the environment variable {} is not set", name));
            }
            resolved.text += *value;
            text.remove_prefix(end + 1);
        } else if (!text.empty()) {
            resolved.text += '$';
            text.remove_prefix(1);
        }
    }
    return resolved;
}

Resolved resolve_secret(std::string_view text, const Surroundings& surroundings) {
    if (!text.starts_with(file_prefix)) {
        return expand(text, surroundings);
    }
    Resolved path = expand(text.substr(file_prefix.size()), surroundings);
    if (path.problem) {
        return path;
    }
    if (!path.text.starts_with('/')) {
        return failed("file: needs an absolute path: file:/run/secrets/name");
    }
    std::optional<std::string> content = surroundings.read_file ? surroundings.read_file(path.text) : std::nullopt;
    if (!content) {
        return failed("the file that file: names cannot be read");
    }
    while (content->ends_with('\n') || content->ends_with('\r')) {
        content->pop_back();
    }
    if (content->empty()) {
        return failed("the file that file: names is empty");
    }
    Resolved resolved;
    resolved.text = std::move(*content);
    return resolved;
}

}  // namespace pgweir::config
