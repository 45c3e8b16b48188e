#include "config/diff.hpp"

#include "config/problems.hpp"
#include "config/values.hpp"
#include "config/words.hpp"

#include <fmt/format.h>

#include <map>

namespace pgweir::config {

namespace {

// Requires: both are the options of the same kind of object.
void compare(const std::vector<NamedOption>& before, const std::vector<NamedOption>& after,
             std::vector<Change>& changes) {
    for (std::size_t at = 0; at < before.size(); ++at) {
        const Option& old_option = before[at].option;
        const Option& new_option = after[at].option;
        if (!is_same(old_option, new_option)) {
            changes.push_back(Change{.key = before[at].path,
                                     .before = print(old_option),
                                     .after = print(new_option),
                                     .reload = old_option.facts->reload});
        }
    }
}

// Entries that came, went or changed. Works on copies: options point at what can be written.
template <class Entry, class SectionOf>
void compare_entries(const std::string& key, const std::map<std::string, Entry>& before,
                     const std::map<std::string, Entry>& after, Reload entry_reload, SectionOf section_of,
                     std::vector<Change>& changes) {
    for (const auto& [name, old_entry] : before) {
        const std::string path = join_path(key, shown(name));
        const auto found = after.find(name);
        if (found == after.end()) {
            changes.push_back(Change{.key = path, .before = "present", .after = "absent", .reload = entry_reload});
            continue;
        }
        Entry old_copy = old_entry;
        Entry new_copy = found->second;
        compare(flatten(section_of(old_copy), path), flatten(section_of(new_copy), path), changes);
    }
    for (const auto& [name, new_entry] : after) {
        if (!before.contains(name)) {
            changes.push_back(Change{.key = join_path(key, shown(name)),
                                     .before = "absent",
                                     .after = "present",
                                     .reload = entry_reload});
        }
    }
}

}  // namespace

std::string Change::text() const {
    return fmt::format("{}: {} -> {} ({})", key, before, after, reload == Reload::restart ? "needs a restart" : text_of(reload));
}

std::vector<Change> diff(const Config& before, const Config& after) {
    std::vector<Change> changes;
    Config old_copy = before;
    Config new_copy = after;
    compare(flatten(daemon_section(old_copy), ""), flatten(daemon_section(new_copy), ""), changes);
    compare_entries("databases", before.databases, after.databases, database_entry_reload, database_section, changes);
    compare_entries("users", before.users, after.users, user_entry_reload, user_section, changes);
    return changes;
}

}  // namespace pgweir::config
