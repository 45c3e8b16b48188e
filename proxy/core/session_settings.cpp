#include "proxy/core/session_settings.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// set_config takes a value as its text stands in a startup packet; SET would read a
// search_path list as one quoted name.
void append_set_config(std::string& calls, std::string_view name, std::string_view value) {
    calls += calls.empty() ? "SELECT " : ", ";
    calls += "pg_catalog.set_config(" + quote_literal(name) + ", " + quote_literal(value) + ", false)";
}

std::string quote_name(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

const std::string* value_of(const SessionSettings& settings, const std::string& name) {
    const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& pair) { return pair.first == name; });
    return found == settings.end() ? nullptr : &found->second;
}

}  // namespace

std::string quote_literal(std::string_view text) {
    std::string quoted = text.find('\\') == std::string_view::npos ? "'" : " E'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + '\'';
}

std::string switch_settings_sql(const SessionSettings& from, const SessionSettings& to, const BaselineSettings& baseline) {
    std::string resets;
    std::string calls;
    for (const auto& [name, value] : from) {
        if (value_of(to, name)) continue;
        if (const auto base = baseline.find(name); base != baseline.end())
            append_set_config(calls, name, base->second);
        else
            resets += "RESET " + quote_name(name) + "; ";
    }
    for (const auto& [name, value] : to) {
        const std::string* standing = value_of(from, name);
        if (!standing || *standing != value) append_set_config(calls, name, value);
    }
    return resets + calls;
}

std::vector<std::string> reset_sql(const BaselineSettings& baseline) {
    std::vector<std::string> statements = {"DISCARD ALL"};
    std::string calls;
    for (const auto& [name, value] : baseline) append_set_config(calls, name, value);
    if (!calls.empty()) statements.push_back(std::move(calls));
    return statements;
}

}  // namespace pgweir::proxy
