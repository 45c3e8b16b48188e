// What a client's flow is called: the parts it is told apart by, with slashes between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

enum class FlowPart { user, application_name, address };
using FlowParts = std::vector<FlowPart>;

struct FlowIdentity {
    std::string_view user;
    std::string_view application_name;   // of the startup packet
    std::string_view address;            // without a port, or "unix"
};

// Parts are cut where PostgreSQL would cut a name, so that strangers cannot make it long. Empty when there are no parts:
// then all clients are one flow.
std::string flow_name(const FlowParts& parts, const FlowIdentity& identity);

}  // namespace pgweir::proxy
