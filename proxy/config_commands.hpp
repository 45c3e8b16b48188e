// The subcommands that look at configurations and serve nobody; each returns the process's exit code.
#pragma once

#include <string>

namespace pgweir::proxy {

// Of `migrate`. sysexits.h: EX_DATAERR, EX_NOINPUT.
constexpr int exit_not_all_carried = 3;
constexpr int exit_not_an_ini = 65;
constexpr int exit_unreadable = 66;

// Of `check --diff`, as diff(1) has them; 78 when either file is bad.
constexpr int exit_changes = 1;
constexpr int exit_changes_need_restart = 2;

// Prints the YAML that does what PgBouncer does with this file, and on standard error what has no place in it.
int migrate(const std::string& ini_file);

// Prints what a reload would change that finds `new_file` where `old_file` was.
int print_diff(const std::string& old_file, const std::string& new_file);

}  // namespace pgweir::proxy
