// The configuration with everything that it was made of. Reads files, so it blocks.
#pragma once

#include "config/load.hpp"
#include "proxy/core/file_watch.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pgweir::proxy {

struct ConfigReading {
    std::shared_ptr<const config::Config> config;   // null when there are problems
    std::vector<config::Diagnostic> problems;
    // The file, the secrets that it names, and the certificates when there is a Config: also those that
    // could not be read. Prints of what was used, but for certificates: those are taken just before they are.
    FilePrints files;
};

// Pipes and devices are read at start only: what they held has been taken then, and a second reading may wait for ever.
enum class Occasion { start, reload };

ConfigReading read_config(const std::string& path, Occasion occasion);

// What the files hold now.
FilePrints look_at(const std::vector<std::string>& paths);

}  // namespace pgweir::proxy
