// From a YAML file to an immutable Config, or to the list of everything that is
// wrong with it. Reads files and the environment; knows no socket, thread or clock.
#pragma once

#include "config/options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// One thing that is wrong. Printed as `file:line:column: key.path: message`.
struct Diagnostic {
    std::string file;
    int line = 0;     // from 1; 0 when the file as a whole is meant
    int column = 0;   // from 1
    std::string key;
    std::string message;

    std::string text() const;
};

struct LoadResult {
    std::shared_ptr<const Config> config;   // null when there are problems
    std::vector<Diagnostic> problems;       // in the order of the file
};

// What loading asks of its surroundings; tests give their own.
struct Surroundings {
    // The value of an environment variable, or nullopt when it is not set.
    std::function<std::optional<std::string>(const std::string& name)> environment;
    // The content of the file itself or of a secret's (`file:/path`), or nullopt when it cannot be read; errno then says why.
    std::function<std::optional<std::string>(const std::string& path)> read_file;
    // What libpq says is wrong with a DSN, or nullopt when it accepts it. May be empty: no such check.
    std::function<std::optional<std::string>(const std::string& dsn)> check_dsn;
};

// The process environment and the file system; no DSN check.
Surroundings real_surroundings();

LoadResult load_text(std::string_view text, const std::string& file_name, const Surroundings& surroundings);
// Requires: `surroundings` can read files.
LoadResult load_file(const std::string& path, const Surroundings& surroundings);

}  // namespace pgweir::config
