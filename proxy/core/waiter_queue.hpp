// Clients that wait for a server, first come first served. Every operation is O(1);
// places are recycled, so a queue that has been full once allocates no more.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pgweir::proxy {

struct Waiter {
    ClientId client;
    TimePoint since;
};

// The place of one waiter, for leaving early. Valid until that waiter has left the queue.
enum class WaiterId : std::uint32_t {};

class WaiterQueue {
public:
    WaiterId push(const Waiter& waiter);
    std::optional<Waiter> pop();
    // Requires: `id` is in the queue.
    void remove(WaiterId id);
    // Requires: not empty.
    const Waiter& front() const { return places_[first_].waiter; }
    WaiterId front_id() const { return WaiterId{first_}; }
    // Whether the place still belongs to that client.
    bool holds(WaiterId id, const ClientId& client) const;

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

private:
    static constexpr std::uint32_t none = 0xffffffff;

    struct Place {
        Waiter waiter;
        std::uint32_t before = none;
        std::uint32_t after = none;
        bool taken = false;
    };

    std::vector<Place> places_;
    std::uint32_t first_ = none;
    std::uint32_t last_ = none;
    std::uint32_t vacant_ = none;   // chained through `after`
    std::size_t size_ = 0;
};

}  // namespace pgweir::proxy
