#include "proxy/core/flow_name.hpp"

#include <catch2/catch.hpp>

namespace pgweir::test {

using proxy::flow_name;
using proxy::FlowPart;

TEST_CASE("flow name: the parts in the order asked for, with slashes between", "[proxy]") {
    const proxy::FlowIdentity identity{.user = "lambda", .application_name = "web", .address = "10.0.0.7"};
    CHECK(flow_name({}, identity).empty());
    CHECK(flow_name({FlowPart::user}, identity) == "lambda");
    CHECK(flow_name({FlowPart::user, FlowPart::application_name}, identity) == "lambda/web");
    CHECK(flow_name({FlowPart::address, FlowPart::user}, identity) == "10.0.0.7/lambda");
}

TEST_CASE("flow name: a part that is missing stays empty, a long one is cut", "[proxy]") {
    CHECK(flow_name({FlowPart::user, FlowPart::application_name}, {.user = "lambda", .application_name = {}, .address = {}}) == "lambda/");
    const std::string endless(100'000, 'x');
    CHECK(flow_name({FlowPart::application_name}, {.user = {}, .application_name = endless, .address = {}}).size() == 63);
}

}  // namespace pgweir::test
