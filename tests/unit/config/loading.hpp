// Loads a YAML text in surroundings made of two maps.
#pragma once

#include "config/load.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using Texts = std::map<std::string, std::string>;

inline std::optional<std::string> look_up(const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::nullopt : std::optional<std::string>(found->second);
}

inline config::Surroundings surroundings_of(Texts environment, Texts files = {}) {
    config::Surroundings surroundings;
    surroundings.environment = [environment](const std::string& name) { return look_up(environment, name); };
    surroundings.read_file = [files](const std::string& path) { return look_up(files, path); };
    return surroundings;
}

inline config::LoadResult load(std::string_view text, const config::Surroundings& surroundings = surroundings_of({})) {
    return config::load_text(text, "f.yaml", surroundings);
}

inline std::vector<std::string> texts_of(const std::vector<config::Diagnostic>& problems) {
    std::vector<std::string> out;
    for (const config::Diagnostic& problem : problems) {
        out.push_back(problem.text());
    }
    return out;
}

// What is wrong with a file, one text for each problem.
inline std::vector<std::string> problems_of(std::string_view text,
                                            const config::Surroundings& surroundings = surroundings_of({})) {
    return texts_of(load(text, surroundings).problems);
}

// The two sections without which no file loads, for tests of the others.
inline const std::string entries = "databases: { app: { dsn: 'host=/tmp' } }\nusers: { lambda: { password: x } }\n";

}  // namespace pgweir::test
