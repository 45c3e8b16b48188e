// Clients that wait for a server, and whose turn it is. Flows take turns, each as many in a row as
// its weight says; within a flow it is first come, first served. A flow or user that holds its most
// servers is passed over while others wait who do not. Those that will pin their server, and those
// of high priority, have lines of their own: pins can be passed over while none is allowed, and
// high priority goes first, but for every fifth turn.
//
// Every operation is O(1), but that `next` walks over flows that are passed over and `displaced_by`
// over those with a short line. Places are recycled, so a queue that has been full once allocates no more.
#pragma once

#include "proxy/core/ids.hpp"
#include "proxy/core/pins.hpp"
#include "proxy/core/share_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace pgweir::proxy {

enum class Priority : std::uint8_t { normal, high };

// Where a client's servers and turns are counted.
struct Membership {
    ShareId flow = ShareTable::nobody;
    ShareId user = ShareTable::nobody;
    Priority priority = Priority::normal;
};

struct Waiter {
    ClientId client;
    TimePoint since;
    Wish wish = Wish::server;
    Membership membership{};
};

// The place of one waiter, for leaving early. Valid until that waiter has left the queue.
enum class WaiterId : std::uint32_t {};

// Who may be given a server just now.
struct Eligible {
    bool pins = true;     // those that will pin it
    bool normal = true;   // those without high priority
};

// What a user or a flow may hold while others wait.
struct ShareLimits {
    int max_user_servers = std::numeric_limits<int>::max();
    int max_flow_servers = std::numeric_limits<int>::max();
    Weights weights{};
};

class WaiterQueue {
public:
    void set_limits(const ShareLimits& limits);

    // A client that will wait now and then belongs to a flow and a user until it leaves them.
    Membership join(std::string_view flow, std::string_view user, Priority priority);
    void leave(const Membership& membership);
    void took_server(const Membership& membership);
    void returned_server(const Membership& membership);

    WaiterId push(const Waiter& waiter);
    // Whose turn it is.
    std::optional<WaiterId> next(Eligible eligible) const;
    // Takes out a waiter whose turn it is; the turn counts.
    Waiter take(WaiterId id);
    // Takes out a waiter who leaves. Requires: `id` is in the queue.
    Waiter remove(WaiterId id);
    // Whoever came first; null when there is nobody. Lifetime: until the next change.
    const Waiter* oldest() const { return oldest_ == none ? nullptr : &places_[oldest_].waiter; }
    std::optional<Waiter> remove_oldest();
    // In a queue that is full, the waiter who must go for one of this membership: the last of a flow that has more
    // than its share of the places, when that flow is not the newcomer's own. Nullopt: the newcomer must.
    std::optional<WaiterId> displaced_by(const Membership& newcomer) const;

    const Waiter& operator[](WaiterId id) const { return places_[static_cast<std::size_t>(id)].waiter; }
    // Whether the place still belongs to that client.
    bool holds(WaiterId id, const ClientId& client) const;

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    std::size_t size(Priority priority, Wish wish) const { return rings_[ring_of(priority, wish)].waiters; }
    const ShareTable& flows() const { return flows_; }
    std::size_t waiting(ShareId flow) const { return index_of(flow) < waiting_.size() ? waiting_[index_of(flow)] : 0; }

private:
    static constexpr std::uint32_t none = 0xffffffff;

    struct Place {
        Waiter waiter;
        std::uint64_t number = 0;   // in the order of arrival
        std::uint32_t before = none;
        std::uint32_t after = none;
        std::uint32_t older = none;
        std::uint32_t newer = none;
        bool is_taken = false;
    };
    // The waiters of one flow in one ring.
    struct Line {
        std::uint32_t first = none;
        std::uint32_t last = none;
        std::uint32_t previous = none;   // flows in the ring; none: the line is empty
        std::uint32_t next = none;
        int turns = 0;                   // left before the others'
    };
    // The flows that have waiters of one priority and wish, the next one first.
    struct Ring {
        std::uint32_t head = none;
        std::size_t waiters = 0;
        std::vector<Line> lines;   // by flow
    };
    enum class Caps { kept, waived };

    static constexpr std::size_t ring_of(Priority priority, Wish wish) {
        return static_cast<std::size_t>(priority) * 2 + static_cast<std::size_t>(wish);
    }
    static std::size_t ring_of(const Waiter& waiter) { return ring_of(waiter.membership.priority, waiter.wish); }

    std::uint32_t vacant_place();
    void append(std::uint32_t index);
    void link(Ring& ring, std::uint32_t flow);
    static void unlink(Ring& ring, std::uint32_t flow);
    bool is_capped(const Waiter& waiter) const;
    std::uint32_t first_of(const Ring& ring, Caps caps) const;
    std::uint32_t first_of(Priority priority, bool pins, Caps caps) const;
    std::uint32_t choose(Eligible eligible, Caps caps) const;
    std::uint32_t last_of_long_flow(const Ring& ring, std::size_t share) const;

    ShareLimits limits_;
    ShareTable flows_;
    ShareTable users_;
    std::vector<Place> places_;
    std::array<Ring, 4> rings_;            // by ring_of
    std::vector<std::uint32_t> waiting_;   // by flow, over all rings
    std::size_t waiting_flows_ = 0;
    std::size_t size_ = 0;
    std::uint32_t oldest_ = none;
    std::uint32_t newest_ = none;
    std::uint32_t vacant_ = none;          // chained through `after`
    std::uint64_t arrivals_ = 0;
    int high_in_a_row_ = 0;
};

}  // namespace pgweir::proxy
