// How many servers the upstream lets a pool have, learned from what it refuses: never more
// is asked for than was once had, but for one login at a time that tries for one more.
// No clock, no lock: its pool calls it under the pool's mutex with `now`.
#pragma once

#include "proxy/core/ids.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace pgweir::proxy {

class UpstreamCeiling {
public:
    // Places worth having, of those that are configured.
    int effective(int configured) const { return ceiling_ ? std::min(*ceiling_, configured) : configured; }

    // Whether a login may try for one place above the ceiling. Ask only when somebody needs it.
    bool may_probe(TimePoint now) const { return ceiling_.has_value() && now >= next_probe_at_; }

    // A login was refused for lack of capacity while `held` connections of ours had a slot, closing ones
    // included. `limit`: the upstream's own figure, when it gave one.
    void refused(int held, std::optional<int> limit, bool was_probe, TimePoint now);

    // A login has succeeded, and so there are `held`.
    void succeeded(int held, bool was_probe, TimePoint now);

    // A connection of ours has ended: a moment ago there were `held`.
    void ended(int held, TimePoint now);

    // The configuration has changed.
    void forget();

private:
    int held_recently(int held, TimePoint now);

    struct Peak {
        TimePoint until;
        int held;
    };

    std::optional<int> ceiling_;
    TimePoint next_probe_at_{};
    Duration hold_off_{};         // after the last refused probe; zero before the first
    std::deque<Peak> peaks_;      // falling, oldest first: the front is the most there were within late_slot
};

}  // namespace pgweir::proxy
