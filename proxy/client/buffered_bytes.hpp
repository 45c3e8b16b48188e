// The memory that all clients' unread output takes together, and how much it may be. Any
// thread may use it.
#pragma once

#include <atomic>
#include <cstddef>

namespace pgweir::proxy {

class BufferedBytes {
public:
    explicit BufferedBytes(std::size_t limit) : limit_(limit) {}

    void set_limit(std::size_t limit) { limit_.store(limit, std::memory_order_relaxed); }
    // One client's output has taken `before` and takes `after`.
    void change(std::size_t before, std::size_t after) { used_.fetch_add(after - before, std::memory_order_relaxed); }

    std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    std::size_t limit() const { return limit_.load(std::memory_order_relaxed); }
    // An eighth is left for those who come when the rest is taken: a read's worth for each.
    bool is_full() const { return used() >= limit() - limit() / 8; }

private:
    std::atomic<std::size_t> used_{0};   // a difference below zero wraps around, as it should
    std::atomic<std::size_t> limit_;
};

}  // namespace pgweir::proxy
