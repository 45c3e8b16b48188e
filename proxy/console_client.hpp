// `pgweir show`: asks a running daemon's console, by libpq, and prints the table.
#pragma once

#include <string>

namespace pgweir::proxy {

// `what`: the words behind SHOW. `dsn`: where the console is, empty for what the configuration file says: its
// unix socket, or else its first address with the first user who may enter and whose password is plain text there.
// Returns the exit code: 0 shown, 1 not reached or refused, 78 the configuration is bad or does not say how.
int show_console(const std::string& config_file, const std::string& dsn, const std::string& what);

}  // namespace pgweir::proxy
