// Where things stand in the configuration file, and the list of what is wrong with
// them. Collects in any order; hands out in the order of the file.
#pragma once

#include "config/load.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// A position in the file, counted from 1; line 0 means the file as a whole.
struct Place {
    int line = 0;
    int column = 0;
};

struct WrittenKey {
    Place place;              // of the value; of the key when the value is a mapping or absent
    int line = 0;             // of the key
    std::string text = {};    // a single value as it is written, unless it is a secret
    bool is_usable = true;    // false: already complained about, so rules that need it say nothing
};

// Every key that the file holds, by full key path (`databases.app.limits.pool_size`,
// `users.lambda.databases[0]`).
using WrittenKeys = std::map<std::string, WrittenKey>;

class Problems {
public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    void add(Place place, std::string key, std::string message);
    bool empty() const { return diagnostics_.empty(); }
    std::vector<Diagnostic> in_file_order() const;

private:
    std::string file_;
    std::vector<Diagnostic> diagnostics_;
};

// Text of the file made fit for a message: in quotes, shortened, control bytes escaped.
std::string quoted(std::string_view text);

// The same without quotes, for a key inside a key path.
std::string shown(std::string_view key);

// `parent.key`, or `key` when there is no parent.
std::string join_path(std::string_view parent, std::string_view key);

}  // namespace pgweir::config
