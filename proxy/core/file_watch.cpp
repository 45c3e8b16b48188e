#include "proxy/core/file_watch.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::proxy {

bool holds(const FilePrints& before, const FilePrints& now) {
    return std::all_of(before.begin(), before.end(), [&now](const auto& file) {
        const auto found = now.find(file.first);
        return found != now.end() && found->second == file.second;
    });
}

std::vector<std::string> FileWatch::paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, print] : read_) paths.push_back(path);
    return paths;
}

void FileWatch::read(FilePrints files) {
    read_ = std::move(files);
    seen_.clear();
}

std::optional<std::string> FileWatch::look(FilePrints seen, TimePoint now) {
    looked_at_ = now;
    const bool is_settled = seen == seen_;
    seen_ = std::move(seen);
    if (!is_settled) return std::nullopt;
    for (const auto& [path, print] : read_) {
        const auto found = seen_.find(path);
        if (found != seen_.end() && found->second != print) return path;
    }
    return std::nullopt;
}

}  // namespace pgweir::proxy
