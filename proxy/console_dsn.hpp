// Where a daemon's console is, for the subcommands that ask it.
#pragma once

#include <optional>
#include <string>

namespace pgweir::proxy {

// `dsn` itself when it is not empty; else what the configuration file says: its unix socket, or its first address with
// the first user who may enter and whose password is plain text there. Nullopt, with the problems on standard error,
// when the file is bad or does not say how. `application_name`: of the connection that is going to be made.
std::optional<std::string> console_dsn(const std::string& config_file, const std::string& dsn, const std::string& application_name);

}  // namespace pgweir::proxy
