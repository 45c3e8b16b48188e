#include "proxy/client/startup_settings.hpp"

#include "protocol/sqlstate.hpp"
#include "proxy/core/setting_values.hpp"
#include "proxy/core/sql_characters.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

namespace {

namespace sqlstate = protocol::sqlstate;

// They say whose connection to what this is; no session settings.
constexpr std::array<std::string_view, 4> connection_parameters = {"user", "database", "replication", "options"};

// PostgreSQL: isspace in the C locale.
bool is_space(char letter) {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

// Splits `options` at white space; a backslash makes the next character an ordinary one.
// PostgreSQL: pg_split_opts.
std::vector<std::string> split_options(std::string_view text) {
    std::vector<std::string> words;
    std::optional<std::string> word;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_space(text[at])) {
            if (word) words.push_back(*std::move(word));
            word.reset();
            continue;
        }
        const bool is_escape = text[at] == '\\';
        if (is_escape) ++at;
        if (!word) word.emplace();
        if (at < text.size()) word->push_back(text[at]);
    }
    if (word) words.push_back(*std::move(word));
    return words;
}

// Sets a value in place, so that the last one wins and the order stays.
void store(ClientSettings& settings, std::string name, std::string_view value) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&name](const auto& setting) { return setting.first == name; });
    if (found == settings.end())
        settings.emplace_back(std::move(name), value);
    else
        found->second = value;
}

// Takes `name=value` of `-c` or `--`. In such names a hyphen stands for an underscore.
// PostgreSQL: ParseLongOption.
std::optional<SettingsError> store_option(ClientSettings& settings, std::string_view flag, std::string_view option) {
    const std::size_t sign = option.find('=');
    if (sign == std::string_view::npos) {
        const std::string written(flag == "-c" ? "-c " : "--");
        return SettingsError{sqlstate::syntax_error, written + std::string(option) + " requires a value"};
    }
    std::string name = lower_case(option.substr(0, sign));
    std::replace(name.begin(), name.end(), '-', '_');
    if (name.empty()) return SettingsError{sqlstate::undefined_object, "unrecognized configuration parameter \"\""};
    store(settings, std::move(name), option.substr(sign + 1));
    return std::nullopt;
}

SettingsError invalid_argument(std::string_view word) {
    return SettingsError{sqlstate::syntax_error,
                         "invalid command-line argument for server process: " + std::string(word), {},
                         "Try \"postgres --help\" for more information."};
}

std::optional<SettingsError> store_options(ClientSettings& settings, std::string_view text) {
    const std::vector<std::string> words = split_options(text);
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at];
        const std::string_view flag = word.substr(0, 2);
        if (flag != "-c" && flag != "--") return invalid_argument(word);
        std::string_view option = word.substr(2);
        if (option.empty()) {
            if (flag == "--" || at + 1 == words.size()) return invalid_argument(word);
            option = words[++at];
        }
        if (auto error = store_option(settings, flag, option)) return error;
    }
    return std::nullopt;
}

// Drivers spell encodings freely (asyncpg sends 'utf-8' with the quotes); what they are
// told, and what is compared with a server's value, is PostgreSQL's spelling.
std::optional<SettingsError> spell_encoding(ClientSettings& settings) {
    for (auto& [name, value] : settings) {
        if (name != "client_encoding") continue;
        const std::string_view canonical = canonical_encoding(value);
        if (canonical.empty()) {
            return SettingsError{sqlstate::invalid_parameter_value,
                                 "invalid value for parameter \"client_encoding\": \"" + value + "\""};
        }
        value = canonical;
    }
    return std::nullopt;
}

}  // namespace

std::variant<ClientSettings, SettingsError> startup_settings(const protocol::StartupMessage& message) {
    ClientSettings settings;
    if (auto error = store_options(settings, message.find("options"))) return *error;
    for (const auto& [name, value] : message.parameters) {
        const bool is_about_connection = std::find(connection_parameters.begin(), connection_parameters.end(), name) !=
                                         connection_parameters.end();
        if (!is_about_connection) store(settings, lower_case(name), value);
    }
    if (auto error = spell_encoding(settings)) return *error;
    return settings;
}

}  // namespace pgweir::proxy
