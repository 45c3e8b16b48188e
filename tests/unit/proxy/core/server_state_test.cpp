#include "proxy/core/server_state.hpp"

#include "tests/support/print.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string_view>

namespace pgweir::test {

using proxy::next;
using proxy::server_event_count;
using proxy::server_state_count;
using proxy::server_transitions;
using proxy::ServerEvent;
using proxy::ServerState;

namespace {

ServerState state_at(std::size_t index) { return static_cast<ServerState>(index); }
ServerEvent event_at(std::size_t index) { return static_cast<ServerEvent>(index); }

// Rows are states, columns events in the order of the enum: dial log_in fail lease release
// abandon recover inspect reassure close vanish. First letter of the state it leads to.
constexpr std::string_view expected[server_state_count] = {
    "C..........",   // vacant -> Connecting
    ".IV........",   // connecting -> Idle, Vacant
    "...L...N.X.",   // idle -> Leased, iNspecting, closing (X)
    "....IR...X.",   // leased
    "......I..X.",   // recovering
    "........IX.",   // inspecting
    "..........V",   // closing
};

char letter(ServerState state) { return std::string_view("VCILRNX")[static_cast<std::size_t>(state)]; }

}  // namespace

TEST_CASE("server state: every event in every state leads where it should or nowhere", "[proxy]") {
    for (std::size_t state = 0; state < server_state_count; ++state) {
        for (std::size_t event = 0; event < server_event_count; ++event) {
            INFO(state_at(state) << ", event " << event);
            const auto to = next(state_at(state), event_at(event));
            CHECK((to ? letter(*to) : '.') == expected[state][event]);
        }
    }
}

TEST_CASE("server state: no pair stands in the table twice", "[proxy]") {
    std::set<std::pair<ServerState, ServerEvent>> seen;
    for (const auto& transition : server_transitions) {
        CHECK(seen.emplace(transition.from, transition.event).second);
    }
}

TEST_CASE("server state: every state can be reached and left", "[proxy]") {
    std::set<ServerState> entered;
    std::set<ServerState> left;
    for (const auto& transition : server_transitions) {
        entered.insert(transition.to);
        left.insert(transition.from);
    }
    CHECK(entered.size() == server_state_count);
    CHECK(left.size() == server_state_count);
}

}  // namespace pgweir::test
