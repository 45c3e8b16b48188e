// The weapon against code that only works when a message arrives in one piece.
#pragma once

#include <catch2/catch.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::test {

// The input in the order of its arrival. Lifetime: the input.
using Pieces = std::vector<std::string_view>;

// Calls `run` with `input` whole, cut in two at every position, and bytewise, and checks
// that it returns the same events each time. `run` takes Pieces, feeds them in turn to a
// fresh consumer and returns what came out, which can be compared and printed.
template <typename Run>
void at_every_split(std::string_view input, Run run) {
    const auto whole = run(Pieces{input});
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
        INFO("cut in two after " << cut << " of " << input.size() << " bytes");
        REQUIRE(run(Pieces{input.substr(0, cut), input.substr(cut)}) == whole);
    }
    Pieces single;
    for (std::size_t at = 0; at < input.size(); ++at) {
        single.push_back(input.substr(at, 1));
    }
    INFO("bytewise");
    REQUIRE(run(single) == whole);
}

}  // namespace pgweir::test
