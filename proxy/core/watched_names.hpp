// Names of functions, tables and views of one database that may change session state
// where no statement's text shows it: functions whose source speaks of it, tables with
// such triggers, views over such functions. Immutable once made; shared by threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pgweir::proxy {

class WatchedNames {
public:
    // As the catalog has them, without schema.
    explicit WatchedNames(std::vector<std::string> names);
    bool empty() const { return names_.empty(); }
    // `word`: an identifier in whatever case, without quotes; compared without regard to it.
    // Beyond ASCII there is no comparing, for encodings differ: such a word is held to be any
    // such name. One that the server would cut (64 bytes and more) is held to be a name too.
    bool holds(std::string_view word) const;

private:
    // So that a std::string_view can be looked up.
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
    };

    std::unordered_set<std::string, Hash, std::equal_to<>> names_;   // in lower case
    std::array<std::uint64_t, 4> first_and_length_{};   // a filter that says no to most words at once
    bool has_beyond_ascii_ = false;
};

}  // namespace pgweir::proxy
