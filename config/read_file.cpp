#include "config/read_file.hpp"

#include <cerrno>
#include <fstream>

namespace pgweir::config {

std::optional<std::string> read_up_to(const std::string& path, std::size_t limit) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return std::nullopt;
    }
    std::string content(limit, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(limit));
    if (stream.bad() || errno == EISDIR) {
        return std::nullopt;
    }
    content.resize(static_cast<std::size_t>(stream.gcount()));
    return content;
}

}  // namespace pgweir::config
