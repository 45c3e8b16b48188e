// What a client is told about the server's parameters when it logs in, learned from
// the last server login so that no server is needed for it. Immutable once made.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {

struct Welcome {
    // ParameterStatus pairs as the server reported them, in its order.
    std::vector<std::pair<std::string, std::string>> parameters;

    friend bool operator==(const Welcome&, const Welcome&) = default;
};

}  // namespace pgweir::proxy
