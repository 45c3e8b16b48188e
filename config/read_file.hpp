// The only reader of files in this folder.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace pgweir::config {

// At most `limit` bytes of a file. Nullopt when it cannot be read; errno then says why.
std::optional<std::string> read_up_to(const std::string& path, std::size_t limit);

}  // namespace pgweir::config
