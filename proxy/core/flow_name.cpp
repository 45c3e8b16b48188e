#include "proxy/core/flow_name.hpp"

#include "proxy/core/sql_characters.hpp"

namespace pgweir::proxy {
namespace {

std::string_view value_of(FlowPart part, const FlowIdentity& identity) {
    switch (part) {
    case FlowPart::user: return identity.user;
    case FlowPart::application_name: return identity.application_name;
    case FlowPart::address: return identity.address;
    }
    return {};
}

}  // namespace

std::string flow_name(const FlowParts& parts, const FlowIdentity& identity) {
    std::string name;
    for (const FlowPart& part : parts) {
        if (&part != &parts.front()) name += '/';
        name += value_of(part, identity).substr(0, max_identifier);
    }
    return name;
}

}  // namespace pgweir::proxy
