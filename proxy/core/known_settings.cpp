#include "proxy/core/known_settings.hpp"

#include "protocol/sqlstate.hpp"
#include "proxy/core/setting_values.hpp"
#include "proxy/core/sql_characters.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace pgweir::proxy {
namespace {

namespace sqlstate = protocol::sqlstate;

// PostgreSQL: guc.c. What pg_settings shows to nobody.
constexpr std::array<std::string_view, 5> unlisted = {"role", "session_authorization", "seed", "ssl_renegotiation_limit",
                                                      "default_with_oids"};
// What it does not show to everybody: GUC_SUPERUSER_ONLY, up to version 18. Nobody to whom they are
// hidden may set them, so an attempt fails at the first statement.
constexpr std::array<std::string_view, 26> hidden = {
    "config_file",        "data_directory",        "dynamic_library_path",      "extension_control_path",
    "extension_destdir",  "external_pid_file",     "hba_file",                  "ident_file",
    "jit_provider",       "krb_server_keyfile",    "log_directory",             "log_filename",
    "output_plugin_libraries", "primary_conninfo", "session_preload_libraries", "shared_preload_libraries",
    "ssl_ciphers",        "ssl_dh_params_file",    "ssl_ecdh_curve",            "ssl_groups",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "ssl_passphrase_command", "ssl_tls13_ciphers",
    "stats_temp_directory", "unix_socket_directories"};
// Former names, still taken. PostgreSQL: map_old_guc_names.
constexpr std::array<std::string_view, 3> former = {"sort_mem", "vacuum_mem", "force_parallel_mode"};
// Values that an enum may take without listing them: of those that have an "on", and of message levels.
constexpr std::array<std::string_view, 6> hidden_switches = {"true", "false", "yes", "no", "1", "0"};
constexpr std::array<std::string_view, 4> hidden_levels = {"debug", "info", "fatal", "panic"};

constexpr std::string_view cant_change_runtime_param = "55P02";
constexpr std::string_view invalid_name = "42602";

template <typename Names>
bool holds(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

SettingsError unchangeable(const std::string& name, std::string_view how) {
    return {cant_change_runtime_param, "parameter \"" + name + "\" cannot be " + std::string(how)};
}

SettingsError invalid_value(const std::string& name, const std::string& value, std::string_view hint = {}) {
    return {sqlstate::invalid_parameter_value, "invalid value for parameter \"" + name + "\": \"" + value + "\"", {}, std::string(hint)};
}

SettingsError invalid_number(const KnownSetting& known, const std::string& name, const std::string& value, NumberProblem problem) {
    switch (problem) {
    case NumberProblem::no_number: break;
    case NumberProblem::unknown_unit: return invalid_value(name, value, units_hint(known.unit));
    case NumberProblem::too_large: return invalid_value(name, value, "Value exceeds integer range.");
    }
    return invalid_value(name, value);
}

// A setting can be given to a pooled server only after it has logged in, hence the last check: to PostgreSQL
// itself one may give such a parameter in the startup packet.
std::optional<SettingsError> check_context(const KnownSetting& known, const std::string& name) {
    if (known.context == "internal") return unchangeable(name, "changed");
    if (known.context == "postmaster") return unchangeable(name, "changed without restarting the server");
    if (known.context == "sighup") return unchangeable(name, "changed now");
    if (!known.is_permitted) return SettingsError{sqlstate::insufficient_privilege, "permission denied to set parameter \"" + name + "\""};
    if (known.context == "backend" || known.context == "superuser-backend") return unchangeable(name, "set after connection start");
    return std::nullopt;
}

const std::string* find_value(const KnownSetting& known, const std::string& value) {
    const auto found = std::find_if(known.values.begin(), known.values.end(),
                                    [lower = lower_case(value)](const std::string& each) { return lower_case(each) == lower; });
    return found == known.values.end() ? nullptr : &*found;
}

bool is_hidden_value(const KnownSetting& known, const std::string& value) {
    const std::string lower = lower_case(value);
    return (holds(known.values, "on") && holds(hidden_switches, lower)) || (holds(known.values, "debug1") && holds(hidden_levels, lower));
}

std::string available_values(const KnownSetting& known) {
    std::string text = "Available values: ";
    for (const std::string& value : known.values) text += value + ", ";
    text.resize(text.size() - 2);
    return text + ".";
}

std::string spelled_enum(const KnownSetting& known, const std::string& value) {
    if (const std::string* listed = find_value(known, value)) return *listed;
    const std::string lower = lower_case(value);
    if (holds(known.values, "on") && holds(hidden_switches, lower)) return parse_bool(lower).value_or(false) ? "on" : "off";
    return lower == "debug" ? "debug2" : lower;
}

std::string spelled_value(const KnownSetting& known, const std::string& value, int server_version) {
    if (known.vartype == "bool") return parse_bool(value).value_or(false) ? "on" : "off";
    if (known.vartype == "enum") return spelled_enum(known, value);
    if (known.vartype == "integer") {
        const auto number = parse_integer(value, known.unit);
        return std::holds_alternative<int>(number) ? std::to_string(std::get<int>(number)) : value;
    }
    if (known.vartype == "real") {
        const auto number = parse_real(value, known.unit);
        return std::holds_alternative<double>(number) ? real_text(std::get<double>(number)) : value;
    }
    if (known.name == "DateStyle") return spell_date_style(value, known.standing).value_or(value);
    if (known.name == "application_name") return spell_application_name(value, server_version);
    return value;
}

}  // namespace

KnownSettings::KnownSettings(std::vector<KnownSetting> settings, int server_version) : server_version_(server_version) {
    for (KnownSetting& setting : settings) {
        std::string name = lower_case(setting.name);
        settings_.emplace(std::move(name), std::move(setting));
    }
}

const KnownSetting* KnownSettings::find(const std::string& name) const {
    const auto found = settings_.find(lower_case(name));
    return found == settings_.end() ? nullptr : &found->second;
}

std::optional<SettingsError> KnownSettings::check(const SessionSettings& settings) const {
    for (const auto& [name, value] : settings) {
        const KnownSetting* known = find(name);
        std::optional<SettingsError> error = known != nullptr ? check_context(*known, name) : check_unknown(name);
        if (!error && known != nullptr) error = check_value(*known, name, value);
        if (error) return error;
    }
    return std::nullopt;
}

std::optional<SettingsError> KnownSettings::check_unknown(const std::string& name) const {
    if (name.find('.') != std::string::npos) {
        if (is_custom_name(name) || server_version_ < 140000) return std::nullopt;
        return SettingsError{invalid_name, "invalid configuration parameter name \"" + name + "\"",
                             "Custom parameter names must be two or more simple identifiers separated by dots."};
    }
    if (name == "is_superuser") return unchangeable(name, "changed");
    if (holds(unlisted, name) || holds(hidden, name) || holds(former, name)) return std::nullopt;
    return SettingsError{sqlstate::undefined_object, "unrecognized configuration parameter \"" + name + "\""};
}

std::optional<SettingsError> KnownSettings::check_value(const KnownSetting& known, const std::string& name,
                                                        const std::string& value) const {
    if (known.vartype == "bool") {
        if (parse_bool(value)) return std::nullopt;
        return SettingsError{sqlstate::invalid_parameter_value, "parameter \"" + name + "\" requires a Boolean value"};
    }
    if (known.vartype == "enum") {
        if (known.values.empty() || find_value(known, value) != nullptr || is_hidden_value(known, value)) return std::nullopt;
        return invalid_value(name, value, available_values(known));
    }
    if (known.vartype == "integer") return check_integer(known, name, value);
    if (known.vartype == "real") return check_real(known, name, value);
    return std::nullopt;
}

std::optional<SettingsError> KnownSettings::check_integer(const KnownSetting& known, const std::string& name,
                                                          const std::string& value) const {
    const auto number = parse_integer(value, known.unit);
    if (const auto* problem = std::get_if<NumberProblem>(&number)) return invalid_number(known, name, value, *problem);
    const long integer = std::get<int>(number);
    const bool fits = (known.least.empty() || integer >= std::atol(known.least.c_str())) &&
                      (known.most.empty() || integer <= std::atol(known.most.c_str()));
    if (fits) return std::nullopt;
    return out_of_range(known, name, std::to_string(integer));
}

std::optional<SettingsError> KnownSettings::check_real(const KnownSetting& known, const std::string& name,
                                                       const std::string& value) const {
    const auto number = parse_real(value, known.unit);
    if (const auto* problem = std::get_if<NumberProblem>(&number)) return invalid_number(known, name, value, *problem);
    const double real = std::get<double>(number);
    const bool fits = (known.least.empty() || real >= std::atof(known.least.c_str())) &&
                      (known.most.empty() || real <= std::atof(known.most.c_str()));
    if (fits) return std::nullopt;
    return out_of_range(known, name, real_text(real));
}

SettingsError KnownSettings::out_of_range(const KnownSetting& known, const std::string& name, const std::string& number) const {
    const std::string unit = known.unit.empty() ? "" : " " + known.unit;
    const std::string unit_of_bounds = server_version_ >= 170000 ? unit : "";
    return {sqlstate::invalid_parameter_value, number + unit + " is outside the valid range for parameter \"" + name + "\" (" + known.least +
                                                   unit_of_bounds + " .. " + known.most + unit_of_bounds + ")"};
}

SessionSettings KnownSettings::spelled(SessionSettings settings) const {
    for (auto& [name, value] : settings)
        if (const KnownSetting* known = find(name)) value = spelled_value(*known, value, server_version_);
    return settings;
}

}  // namespace pgweir::proxy
