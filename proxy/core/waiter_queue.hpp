// Clients that wait for a server, first come first served. Those that will pin theirs
// have a line of their own, so that they can be passed over while no pin is allowed;
// between the two lines whoever came first goes first. Every operation is O(1); places
// are recycled, so a queue that has been full once allocates no more.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/pins.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgweir::proxy {

struct Waiter {
    ClientId client;
    TimePoint since;
    Wish wish = Wish::server;
};

// The place of one waiter, for leaving early. Valid until that waiter has left the queue.
enum class WaiterId : std::uint32_t {};

// Who is asked for: all who wait, or those only that will not pin their server.
enum class Waiters { all, without_pins };

class WaiterQueue {
public:
    WaiterId push(const Waiter& waiter);
    // Takes out whoever came first.
    std::optional<Waiter> pop(Waiters among = Waiters::all);
    // Requires: `id` is in the queue.
    void remove(WaiterId id);
    // Whoever came first; null when there is nobody. Lifetime: until the next change.
    const Waiter* front(Waiters among = Waiters::all) const;
    // Whether the place still belongs to that client.
    bool holds(WaiterId id, const ClientId& client) const;

    bool empty() const { return size() == 0; }
    std::size_t size() const { return size(Wish::server) + size(Wish::pin); }
    std::size_t size(Wish wish) const { return lines_[static_cast<std::size_t>(wish)].size; }

private:
    static constexpr std::uint32_t none = 0xffffffff;

    struct Place {
        Waiter waiter;
        std::uint64_t number = 0;   // in the order of arrival, over both lines
        std::uint32_t before = none;
        std::uint32_t after = none;
        bool taken = false;
    };
    struct Line {
        std::uint32_t first = none;
        std::uint32_t last = none;
        std::size_t size = 0;
    };

    Line& line_of(Wish wish) { return lines_[static_cast<std::size_t>(wish)]; }
    std::uint32_t first_of(Waiters among) const;

    std::vector<Place> places_;
    std::array<Line, 2> lines_{};   // by Wish
    std::uint64_t arrivals_ = 0;
    std::uint32_t vacant_ = none;   // chained through `after`
};

}  // namespace pgweir::proxy
