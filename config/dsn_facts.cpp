#include "config/dsn_facts.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace pgweir::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Takes `key=value` off the front: libpq's rules for quotes and backslashes. Nullopt at the end, or for what is no pair.
std::optional<std::pair<std::string, std::string>> take_pair(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string key(text.substr(0, equals));
    while (!key.empty() && is_blank(key.back())) key.pop_back();
    text.remove_prefix(equals + 1);
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    const bool is_quoted = !text.empty() && text.front() == '\'';
    if (is_quoted) text.remove_prefix(1);
    std::string value;
    while (!text.empty() && (is_quoted ? text.front() != '\'' : !is_blank(text.front()))) {
        if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
        value += text.front();
        text.remove_prefix(1);
    }
    if (is_quoted && !text.empty()) text.remove_prefix(1);
    return std::pair(std::move(key), std::move(value));
}

}  // namespace

DsnFacts facts_of(const Secret& dsn) {
    DsnFacts facts;
    std::string hostaddr;
    std::string_view text = dsn.reveal();
    while (auto pair = take_pair(text)) {
        if (pair->first == "host") facts.host = std::move(pair->second);
        else if (pair->first == "hostaddr") hostaddr = std::move(pair->second);
        else if (pair->first == "port") facts.port = std::move(pair->second);
        else if (pair->first == "dbname") facts.database = std::move(pair->second);
        else if (pair->first == "user") facts.user = std::move(pair->second);
    }
    if (facts.host.empty()) facts.host = std::move(hostaddr);
    return facts;
}

}  // namespace pgweir::config
