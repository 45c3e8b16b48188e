// `pgweir completion`: scripts for shells, made from the command line's own description.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace pgweir::proxy {

// `shell` is bash or zsh.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace pgweir::proxy
