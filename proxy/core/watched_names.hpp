// Names of functions, tables and views of one database that may change session state
// where no statement's text shows it: functions whose source speaks of it, tables with
// such triggers, views over such functions. Immutable once made; shared by threads.
#pragma once

#include "proxy/core/session_trace.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

struct WatchedName {
    std::string name;     // as the catalog has it, without schema
    SessionTrace trace;   // of a call, or of using the table
};

// What is watched, in parts.
struct NamesToWatch {
    std::vector<WatchedName> names = {};
    std::vector<std::string> custom_settings = {};   // names with a dot that the functions set

    void add(const NamesToWatch& more);
};

class WatchedNames {
public:
    explicit WatchedNames(const NamesToWatch& watched);
    bool empty() const { return names_.empty(); }
    // `word`: an identifier in whatever case, without quotes; compared without regard to it.
    // Beyond ASCII there is no comparing, for encodings differ: such a word is held to be any
    // such name. One that the server would cut (64 bytes and more) is held to be a name too.
    SessionTrace trace_of(std::string_view word) const;
    bool holds(std::string_view word) const { return trace_of(word) != SessionTrace::none; }
    const std::vector<std::string>& custom_settings() const { return custom_settings_; }

private:
    void add(std::string name, SessionTrace trace);

    // So that a std::string_view can be looked up.
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
    };

    std::unordered_map<std::string, SessionTrace, Hash, std::equal_to<>> names_;   // in lower case
    std::array<std::uint64_t, 4> first_and_length_{};   // a filter that says no to most words at once
    SessionTrace beyond_ascii_ = SessionTrace::none;    // the most that such a name leaves
    SessionTrace most_ = SessionTrace::none;            // of all
    std::vector<std::string> custom_settings_;
};

}  // namespace pgweir::proxy
