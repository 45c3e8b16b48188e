// Every option of the file, once: where it stands, the member it fills, its range,
// what a reload does with it, and its sentence. Reading, range messages, suggestions,
// the reference and the reload diff are all made from these rows. Defaults stand in
// options.hpp and are read from a default-constructed struct.
#pragma once

#include "config/options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgweir::config {

// The choices of a scenario (scenario.hpp).
enum class Distribution;
enum class Backoff;
enum class ConnectionUse;

// What it takes until a changed value is in force.
enum class Reload {
    live,          // the reload itself
    new_logins,    // clients that log in after it; those inside keep what they have
    new_servers,   // servers opened after the reload; those open now are replaced as they become idle
    restart,       // the daemon must be started again
};

struct Facts {
    std::string_view key;   // the last part of the key path
    // Both ends are allowed. Counts as they are, durations in milliseconds, memory in bytes, shares
    // in percent; of portions the plain counts, percentages being any.
    std::int64_t min = 0;
    std::int64_t max = 0;
    Reload reload = Reload::live;
    std::string_view meaning = {};
    std::string_view word = {};   // what may be written instead of a number: `auto` (then 0), `off` (then nothing)
    bool is_required = false;
};

using Slot = std::variant<int*, std::uint16_t*, std::chrono::milliseconds*, double*, std::optional<double>*,
                          Portion*, ByteSize*, std::string*, Secret*, std::vector<std::string>*,
                          std::optional<std::vector<std::string>>*, Settings*, Weights*, TlsMode*, TlsVersion*, PoolMode*,
                          std::optional<PoolMode>*, Priority*, LogFormat*, LogLevel*, bool*, Distribution*, Backoff*,
                          ConnectionUse*>;

// One option of one object. Lifetime: the object's.
struct Option {
    const Facts* facts = nullptr;
    Slot slot;

    bool is_secret() const { return std::holds_alternative<Secret*>(slot); }
};

// A mapping of the file.
struct Section {
    std::string_view key;   // empty for the mapping that this tree begins with
    std::vector<Option> options;
    std::vector<Section> sections;
};

// The top of the file without `databases` and `users`; `defaults` takes what every database inherits.
Section file_section(Config& config, DatabaseOptions& defaults);

// The same without what databases inherit.
Section daemon_section(Config& config);

// One entry of `databases`, one of `users`.
Section database_section(DatabaseOptions& database);
Section user_section(UserOptions& user);

// An option with its full key path.
struct NamedOption {
    std::string path;
    Option option;
};

// All options of a tree, in the order of the rows.
std::vector<NamedOption> flatten(const Section& section, std::string_view path);

// What a reload does with an entry that came or went.
inline constexpr Reload database_entry_reload = Reload::new_logins;
inline constexpr Reload user_entry_reload = Reload::new_logins;

}  // namespace pgweir::config
