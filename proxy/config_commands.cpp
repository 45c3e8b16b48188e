#include "proxy/config_commands.hpp"

#include "config/diff.hpp"
#include "config/load.hpp"
#include "config/migrate.hpp"
#include "config/read_file.hpp"
#include "proxy/commands.hpp"
#include "proxy/server/login.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>

namespace pgweir::proxy {
namespace {

config::FileText read_text(const std::string& path) {
    config::FileText text;
    text.content = config::read_up_to(path, config::max_ini_size + 1);
    if (!text.content) text.error = std::string("cannot be read: ") + std::strerror(errno);
    return text;
}

int exit_code(const config::Migration& migration) {
    if (migration.is_incomplete) return exit_unreadable;
    for (const config::IniProblem& problem : migration.problems)
        if (problem.is_unreadable) return exit_unreadable;
    if (!migration.problems.empty()) return exit_not_an_ini;
    return migration.losses.empty() ? 0 : exit_not_all_carried;
}

std::shared_ptr<const config::Config> load_or_complain(const std::string& file) {
    config::Surroundings surroundings = config::real_surroundings();
    surroundings.check_dsn = check_dsn;
    const config::LoadResult loaded = config::load_file(file, surroundings);
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    return loaded.config;
}

}  // namespace

int migrate(const std::string& ini_file) {
    const config::Migration migration = config::migrate_pgbouncer(ini_file, read_text);
    for (const config::IniProblem& problem : migration.problems)
        std::cerr << problem.origin.text() << ": " << problem.message << '\n';
    for (const config::Loss& loss : migration.losses) std::cerr << loss.text() << '\n';
    if (migration.further_losses > 0) std::cerr << "and " << migration.further_losses << " more\n";
    std::cout << migration.yaml << std::flush;
    return exit_code(migration);
}

int print_diff(const std::string& old_file, const std::string& new_file) {
    const auto before = load_or_complain(old_file);
    const auto after = load_or_complain(new_file);
    if (!before || !after) return exit_bad_config;
    int code = 0;
    for (const config::Change& change : config::diff(*before, *after)) {
        std::cout << change.text() << '\n';
        if (change.reload == config::Reload::restart) code = exit_changes_need_restart;
        else if (code == 0) code = exit_changes;
    }
    if (code == 0) std::cout << "no changes\n";
    return code;
}

}  // namespace pgweir::proxy
