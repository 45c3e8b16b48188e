#include "config/read_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

namespace pgweir::config {

std::optional<std::string> read_up_to(const std::string& path, std::size_t limit) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return std::nullopt;
    }
    std::string content;
    std::array<char, 16384> piece{};
    while (stream && content.size() < limit) {
        stream.read(piece.data(), static_cast<std::streamsize>(std::min(piece.size(), limit - content.size())));
        content.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
    }
    if (stream.bad() || errno == EISDIR) {
        return std::nullopt;
    }
    return content;
}

}  // namespace pgweir::config
