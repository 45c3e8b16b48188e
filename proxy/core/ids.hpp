// Names for things that are spoken of across threads and in actions. Values.
#pragma once

#include <chrono>
#include <cstdint>

namespace pgweir::proxy {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

// A place for one server connection in its pool; from 0, reused when the place is vacant.
enum class ServerId : std::uint32_t {};

// A relay thread; from 0.
enum class ThreadIndex : std::uint32_t {};

// Which client on which relay thread. `round` counts how often the slot was used, so
// that a message for a client that has left finds nobody.
struct ClientId {
    ThreadIndex thread{};
    std::uint32_t slot = 0;
    std::uint32_t round = 0;

    friend bool operator==(const ClientId&, const ClientId&) = default;
};

constexpr std::size_t index_of(ServerId id) { return static_cast<std::size_t>(id); }
constexpr std::size_t index_of(ThreadIndex thread) { return static_cast<std::size_t>(thread); }

}  // namespace pgweir::proxy
