// What the subcommands do; each returns the process's exit code.
#pragma once

#include <string>

namespace pgweir::proxy {

// sysexits.h: EX_CONFIG.
constexpr int exit_bad_config = 78;

const char* version();

// ./pgweir.yaml if it is there, else /etc/pgweir/pgweir.yaml.
std::string default_config_file();

int run_daemon(const std::string& config_file);
int check_config(const std::string& config_file);
// `form`: markdown, schema or sample of the options; or metrics.
int print_reference(const std::string& form);
int hash_password();
// Plays a scenario and prints its tables, or with `as_csv` its intervals.
int simulate_scenario(const std::string& scenario_file, bool as_csv);

}  // namespace pgweir::proxy
