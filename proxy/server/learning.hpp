// What a pool learns of its database at a server login: which run-time parameters there
// are, which functions, tables and views may change a session where no statement's text
// shows it, and which arrays. Decides what to ask and what the answers mean; who asks is login_learning.
#pragma once

#include "proxy/core/known_settings.hpp"
#include "proxy/core/types_question.hpp"
#include "proxy/core/watched_names.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {

// Each null while it is not known.
struct Knowledge {
    std::shared_ptr<const KnownSettings> settings = {};
    std::optional<NamesToWatch> watched = {};
    std::shared_ptr<const ArrayTypes> array_types = {};
};

using Rows = std::vector<std::vector<std::string>>;   // NULL comes as an empty text
// Runs one statement with text parameters; nullopt when it failed.
using Ask = std::function<std::optional<Rows>(const std::string& sql, const std::vector<std::string>& values)>;

// Null when the server did not answer. `server_version`: as server_version_num.
// Requires: search_path holds nothing but pg_catalog.
std::shared_ptr<const KnownSettings> learn_settings(const Ask& ask, int server_version);
std::optional<NamesToWatch> learn_names(const Ask& ask, int server_version);
std::shared_ptr<const ArrayTypes> learn_array_types(const Ask& ask);

// What a pool knows by now, and when it is to learn again. Any thread may call anything.
class KnowledgeShelf {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    std::shared_ptr<const KnownSettings> settings() const;
    std::shared_ptr<const WatchedNames> names() const;
    std::shared_ptr<const ArrayTypes> array_types() const;

    // Names of what a client is about to make: watched at once, and until a login that begins later
    // has learned better. The next login is to learn.
    void watch(const NamesToWatch& made, TimePoint now);

    // Whether a login that begins now is to learn: true once, and again when that was long ago.
    bool claim(TimePoint now);
    // What a login that was to learn has learned. What it could not have stays as it was known.
    void store(Knowledge knowledge);
    // The next login is to learn: that one came to nothing, or servers are others from now on.
    void release();

    // Chosen: functions and tables change seldom, and learning costs some milliseconds.
    static constexpr std::chrono::minutes interval{1};

private:
    void publish();   // Requires: mutex_ held

    mutable std::mutex mutex_;
    std::shared_ptr<const KnownSettings> settings_;
    std::shared_ptr<const ArrayTypes> array_types_;
    NamesToWatch learned_;
    NamesToWatch made_;                               // at most max_watched_names
    std::optional<TimePoint> made_at_;           // the last of them
    std::shared_ptr<const WatchedNames> watched_;   // both; null while nothing was learned
    std::optional<TimePoint> claimed_at_;
    std::optional<TimePoint> learning_since_;    // the last login that was to learn
};

// Chosen: far above what databases have that were written by hand.
constexpr std::size_t max_functions = 10'000;
constexpr std::size_t max_watched_names = 2'000;
constexpr std::size_t max_custom_settings = 100;
// Where there are more, none are known.
constexpr std::size_t max_array_types = 20'000;
// How many steps from a function that changes the session to one that calls it are followed.
constexpr int max_rounds = 4;

}  // namespace pgweir::proxy
