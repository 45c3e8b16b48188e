// `pgweir top`: asks a running daemon's console again and again, and shows the answers on the terminal.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace pgweir::proxy {

enum class Frames { one, many };

// Seconds as a person writes them, "2" or "0.5". Nullopt: no number, or not within 0.1 and 3600.
std::optional<std::chrono::milliseconds> read_interval(const std::string& text);

// `dsn`: where the console is, empty for what the configuration file says. One frame also when standard output is no
// terminal. Returns the exit code: 0 shown, or left with a key or SIGINT; 1 not reached at the start, refused, or the
// terminal has gone; 78 the configuration is bad or does not say how; 128 and a signal's number when it ended this.
int show_top(const std::string& config_file, const std::string& dsn, std::chrono::milliseconds interval, Frames frames);

}  // namespace pgweir::proxy
