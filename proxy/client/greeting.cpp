#include "proxy/client/greeting.hpp"

#include "protocol/backend.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgweir::proxy {

namespace {

// Reported by PostgreSQL, but beyond what a client may set: an attempt fails at its first statement.
constexpr std::array<std::string_view, 7> facts = {"in_hot_standby",   "integer_datetimes",     "is_superuser",
                                                   "scram_iterations", "server_encoding",       "server_version",
                                                   "session_authorization"};

// Names of settings are in lower case; PostgreSQL reports some with capitals.
bool is_same_name(std::string_view reported, std::string_view setting) {
    return std::equal(reported.begin(), reported.end(), setting.begin(), setting.end(), [](char left, char right) {
        return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
    });
}

std::string_view value_for(std::string_view name, std::string_view of_server, const ClientSettings& settings) {
    if (std::find(facts.begin(), facts.end(), name) != facts.end()) return of_server;
    const auto own = std::find_if(settings.begin(), settings.end(),
                                  [name](const auto& setting) { return is_same_name(name, setting.first); });
    return own == settings.end() ? of_server : std::string_view(own->second);
}

}  // namespace

Welcome as_told(const Welcome& welcome, const ClientSettings& settings) {
    Welcome told = welcome;
    for (auto& [name, value] : told.parameters) value = value_for(name, value, settings);
    return told;
}

void write_greeting(std::vector<std::byte>& out, const Welcome& welcome, const ClientSettings& settings,
                    const CancelKey& key) {
    protocol::write_authentication_ok(out);
    for (const auto& [name, value] : welcome.parameters)
        protocol::write_parameter_status(out, name, value_for(name, value, settings));
    protocol::write_backend_key_data(out, key.pid, key.secret_bytes());
    protocol::write_ready_for_query(out, protocol::TransactionStatus::idle);
}

}  // namespace pgweir::proxy
