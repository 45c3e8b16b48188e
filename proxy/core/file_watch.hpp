// Whether the configuration is to be read again because the files that it was made of have changed. Goes by their
// content alone: who touches a file, or writes the same bytes anew, has changed nothing. What has changed counts once
// it was the same in two looks, so that a file is rarely taken while somebody writes it.
#pragma once

#include "proxy/core/ids.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

// A digest of what a file holds; nullopt when it cannot be read or is no plain file.
using FilePrint = std::optional<std::array<unsigned char, 32>>;

using FilePrints = std::map<std::string, FilePrint>;   // by path

// Whether files still hold what they held: the paths of `before` decide.
bool holds(const FilePrints& before, const FilePrints& now);

class FileWatch {
public:
    // Between two looks. Chosen: a change is in force after two seconds at most.
    static constexpr Duration interval = std::chrono::seconds(1);

    bool is_due(TimePoint now) const { return now - looked_at_ >= interval; }

    // Where to look.
    std::vector<std::string> paths() const;

    // The configuration was read from these, whether or not it was good: it is not read again until one of them changes.
    void read(FilePrints files);

    // `seen`: what stands at `paths` now. A path whose change has settled, or nullopt: nothing is to be done. Says
    // so at each look until `read`.
    std::optional<std::string> look(FilePrints seen, TimePoint now);

private:
    FilePrints read_;
    FilePrints seen_;         // in the last look; empty when there was none since `read`
    TimePoint looked_at_{};
};

}  // namespace pgweir::proxy
