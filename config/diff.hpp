// What a reload changes, key by key, and what each change takes to be in force.
#pragma once

#include "config/options.hpp"
#include "config/schema.hpp"

#include <string>
#include <vector>

namespace pgweir::config {

struct Change {
    std::string key;      // `databases.app.limits.pool_size`; the entry itself when it came or went
    std::string before;   // as the file would spell it, secrets as [secret]; `absent` for an entry that came
    std::string after;    // likewise; `absent` for one that went, `present` for one that is or was there
    Reload reload = Reload::live;

    // `limits.max_client_conn: 100 -> 200 (live)`: what it takes stands behind it.
    std::string text() const;
};

// In the order of the reference: daemon, databases, users. Compares effective values, so
// a changed default appears at each database that it reaches.
std::vector<Change> diff(const Config& before, const Config& after);

}  // namespace pgweir::config
