// A pool's limits on leases, for relay threads that look at them often while a reload may change
// them. A reader may see some of the old ones beside new ones.
#pragma once

#include "proxy/core/lease_limits.hpp"

#include <atomic>

namespace pgweir::proxy {

class SharedLeaseLimits {
public:
    explicit SharedLeaseLimits(const LeaseLimits& limits) { store(limits); }

    void store(const LeaseLimits& limits) {
        query_timeout_.store(limits.query_timeout, std::memory_order_relaxed);
        transaction_timeout_.store(limits.transaction_timeout, std::memory_order_relaxed);
        idle_transaction_timeout_.store(limits.idle_transaction_timeout, std::memory_order_relaxed);
        idle_transaction_soft_timeout_.store(limits.idle_transaction_soft_timeout, std::memory_order_relaxed);
        slow_reader_timeout_.store(limits.slow_reader_timeout, std::memory_order_relaxed);
    }

    LeaseLimits load() const {
        return {.query_timeout = query_timeout_.load(std::memory_order_relaxed),
                .transaction_timeout = transaction_timeout_.load(std::memory_order_relaxed),
                .idle_transaction_timeout = idle_transaction_timeout_.load(std::memory_order_relaxed),
                .idle_transaction_soft_timeout = idle_transaction_soft_timeout_.load(std::memory_order_relaxed),
                .slow_reader_timeout = slow_reader_timeout_.load(std::memory_order_relaxed)};
    }

    bool has_query_timeout() const { return query_timeout_.load(std::memory_order_relaxed) > Duration::zero(); }

private:
    std::atomic<Duration> query_timeout_{};
    std::atomic<Duration> transaction_timeout_{};
    std::atomic<Duration> idle_transaction_timeout_{};
    std::atomic<Duration> idle_transaction_soft_timeout_{};
    std::atomic<Duration> slow_reader_timeout_{};
};

}  // namespace pgweir::proxy
