// The pools of `pgweir top`: each in one line, and all together. Pure.
#pragma once

#include "proxy/top/frame.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

struct PoolLine {
    std::string database;
    std::string breaker;                        // closed, half_open, open; with a star when it was told so
    std::int64_t in_use = 0;
    std::int64_t effective_size = 0;
    std::int64_t usage = 0;                     // in percent, as the breaker sees it
    std::optional<std::int64_t> threshold;      // in percent; nullopt: none
    std::int64_t waiting = 0;
    std::chrono::milliseconds longest_wait{};
    double queries_per_second = 0;
    std::int64_t refused = 0;
    std::int64_t newly_refused = 0;             // since the sample before
};

// The worst first: by breaker, then usage, then waiting clients.
std::vector<PoolLine> read_pools(const Sample& now, const Sample* before);

// How bad: 0 closed, 1 half open, 2 open.
int badness(const PoolLine& pool);

// The title, and one line for each pool.
std::vector<Line> lay_out_pools(const std::vector<PoolLine>& pools, std::size_t width);

}  // namespace pgweir::proxy
