#include "config/change.hpp"

#include "config/nearest.hpp"
#include "config/problems.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pgweir::config {
namespace {

using Outcome = ChangedConfig::Outcome;

constexpr std::array<std::string_view, 4> changeable_sections = {"limits", "timeouts", "breaker", "log"};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

bool names(std::string_view key, std::string_view path) { return key == path || key == last_part(path); }

bool is_changeable(std::string_view path, const Option& option) {
    const std::string_view section = path.substr(0, path.find('.'));
    const bool is_there = std::find(changeable_sections.begin(), changeable_sections.end(), section) != changeable_sections.end();
    return is_there && option.facts->reload == Reload::live && !option.is_secret();
}

// Where a key leads: the options, and their paths without the database's name in front.
struct Target {
    std::string path;    // as in the file
    std::string plain;   // `limits.pool_size`
    Option option;
};

std::vector<Target> targets_of(Config& config, std::string_view key, std::vector<std::string>& known) {
    std::vector<Target> targets;
    for (const NamedOption& one : flatten(daemon_section(config), "")) {
        known.push_back(one.path);
        if (names(key, one.path)) targets.push_back({one.path, one.path, one.option});
    }
    for (auto& [name, database] : config.databases) {
        const std::string prefix = join_path("databases", shown(name));
        for (const NamedOption& one : flatten(database_section(database), "")) {
            const std::string path = join_path(prefix, one.path);
            known.push_back(one.path);
            if (names(key, one.path) || key == path) targets.push_back({path, one.path, one.option});
        }
    }
    return targets;
}

ChangedConfig failed(Outcome outcome, std::string problem) { return {outcome, nullptr, std::move(problem)}; }

// The rules over several options: those that the new value breaks.
std::string broken_rule(const Config& config, const std::vector<Target>& targets) {
    WrittenKeys written;
    for (const Target& target : targets) written[target.path] = WrittenKey{};
    // What the file must hold is there.
    for (const auto& [name, database] : config.databases) written[join_path(join_path("databases", shown(name)), "dsn")] = WrittenKey{};
    for (const auto& [name, user] : config.users) written[join_path(join_path("users", shown(name)), "password")] = WrittenKey{};
    Problems problems("");
    validate(config, DatabaseOptions(), written, problems);
    const std::vector<Diagnostic> all = problems.in_file_order();
    return all.empty() ? std::string() : fmt::format("{}: {}", all.front().key, all.front().message);
}

// Users inherit it.
void pass_on(const Config& before, Config& after) {
    for (auto& [name, user] : after.users) {
        if (user.max_user_client_connections == before.limits.max_user_client_connections)
            user.max_user_client_connections = after.limits.max_user_client_connections;
    }
}

}  // namespace

ChangedConfig with_setting(const Config& config, std::string_view key, std::string_view value) {
    if (key == "default_pool_size") key = "limits.pool_size";
    auto copy = std::make_shared<Config>(config);
    std::vector<std::string> known;
    const std::vector<Target> targets = targets_of(*copy, key, known);
    if (targets.empty())
        return failed(Outcome::unknown_key, fmt::format("unrecognized configuration parameter {}{}", quoted(key), did_you_mean(key, known)));
    for (const Target& target : targets) {
        if (is_changeable(target.plain, target.option)) continue;
        const bool needs_restart = target.option.facts->reload == Reload::restart;
        return failed(Outcome::not_changeable,
                      fmt::format("{} cannot be changed {}", target.path,
                                  needs_restart ? "without a restart" : "by SET: change the file and RELOAD"));
    }
    for (const Target& target : targets) {
        if (const std::optional<std::string> complaint = assign(target.option, value))
            return failed(Outcome::bad_value, fmt::format("{}: {} {}", target.path, quoted(value), *complaint));
    }
    if (std::string problem = broken_rule(*copy, targets); !problem.empty()) return failed(Outcome::bad_value, std::move(problem));
    pass_on(config, *copy);
    return {Outcome::changed, std::move(copy), {}};
}

}  // namespace pgweir::config
