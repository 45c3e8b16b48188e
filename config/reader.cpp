#include "config/reader.hpp"

#include "config/nearest.hpp"
#include "config/secrets.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgweir::config {

namespace {

// Aliases can make a small file as large as one likes. Chosen: twice what a file
// without aliases can hold.
constexpr std::size_t max_steps = 100'000;

// Bytes of text that cost as much as a value.
constexpr std::size_t text_per_step = 64;

// Every database holds a copy of what it inherits. Chosen: a quarter of what PostgreSQL has.
constexpr std::size_t max_settings = 100;

constexpr std::string_view no_value = "has no value";
constexpr std::string_view no_secret = "has no value (put one that begins with #, &, ! or * in quotes)";

const Option* find_option(const Section& section, std::string_view key) {
    const auto found = std::find_if(section.options.begin(), section.options.end(),
                                    [&](const Option& option) { return option.facts->key == key; });
    return found == section.options.end() ? nullptr : &*found;
}

const Section* find_section(const Section& section, std::string_view key) {
    const auto found = std::find_if(section.sections.begin(), section.sections.end(),
                                    [&](const Section& inner) { return inner.key == key; });
    return found == section.sections.end() ? nullptr : &*found;
}

std::string_view name_of(NodeKind kind) {
    switch (kind) {
        case NodeKind::null: return "nothing";
        case NodeKind::scalar: return "a single value";
        case NodeKind::sequence: return "a list";
        case NodeKind::mapping: return "a mapping";
    }
    return "?";
}

// PostgreSQL's rule for names of run-time parameters (guc.c, valid_custom_variable_name), one part or more.
bool is_setting_name(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view others = "abcdefghijklmnopqrstuvwxyz_0123456789$.";
    return !name.empty() && name.size() <= 128 && letters.find(name.front()) != std::string_view::npos &&
           name.find_first_not_of(others) == std::string_view::npos;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

}  // namespace

void Reader::fail(Place place, const std::string& path, std::string message) {
    problems_.add(place, path, std::move(message));
    written_[path].is_usable = false;
}

bool Reader::begin(const Entry& entry, const std::string& path) {
    const bool was_exhausted = is_exhausted();
    steps_ += 1 + (entry.key.size() + entry.value->text.size()) / text_per_step;
    if (is_exhausted()) {
        if (!was_exhausted) {
            problems_.add(entry.key_place, path, "the file's aliases make too many values; write fewer");
        }
        return false;
    }
    const Place place = entry.value->is_mapping() ? entry.key_place : entry.value_place;
    const auto [key, is_new] = written_.try_emplace(path, WrittenKey{.place = place, .line = entry.key_place.line});
    if (!is_new) {
        problems_.add(entry.key_place, path,
                      fmt::format("is written twice; the first is in line {}", key->second.line));
    }
    return is_new;
}

bool Reader::is_exhausted() const {
    return steps_ > max_steps;
}

bool Reader::check_mapping(const Entry& entry, const std::string& path) {
    const NodeKind kind = entry.value->kind;
    // A section whose lines are all commented out is as good as absent.
    if (kind != NodeKind::mapping && kind != NodeKind::null) {
        fail(entry.value_place, path, fmt::format("must be a mapping (lines of key: value), not {}", name_of(kind)));
    }
    return kind == NodeKind::mapping;
}

void Reader::read(const Section& section, const Node& mapping, const std::string& path,
                  const std::vector<std::string_view>& others) {
    for (const Entry& entry : mapping.entries) {
        const std::string key_path = join_path(path, shown(entry.key));
        if (std::find(others.begin(), others.end(), entry.key) != others.end()) {
            begin(entry, key_path);
        } else if (const Option* option = find_option(section, entry.key)) {
            if (begin(entry, key_path)) {
                read_option(*option, entry, key_path);
            }
        } else if (const Section* inner = find_section(section, entry.key)) {
            if (begin(entry, key_path) && check_mapping(entry, key_path)) {
                read(*inner, *entry.value, key_path);
            }
        } else if (begin(entry, key_path)) {
            refuse_unknown(section, entry, key_path, others);
        }
    }
}

void Reader::refuse_unknown(const Section& section, const Entry& entry, const std::string& path,
                            const std::vector<std::string_view>& others) {
    if (entry.key == "<<") {
        fail(entry.key_place, path, "merge keys are not supported; `limits`, `timeouts`, `breaker` and "
                                    "`server_settings` at the top are every database's defaults");
        return;
    }
    std::vector<std::string> known(others.begin(), others.end());
    for (const Option& option : section.options) {
        known.emplace_back(option.facts->key);
    }
    for (const Section& inner : section.sections) {
        known.emplace_back(inner.key);
        for (const NamedOption& option : flatten(inner, inner.key)) {
            known.push_back(option.path);
        }
    }
    fail(entry.key_place, path, "unknown key" + did_you_mean(entry.key, known));
}

std::vector<Entry> Reader::named_entries(const Entry& value, const std::string& path) {
    std::vector<Entry> entries;
    if (check_mapping(value, path)) {
        for (const Entry& entry : value.value->entries) {
            const std::string key_path = join_path(path, shown(entry.key));
            if (begin(entry, key_path)) {
                check_mapping(entry, key_path);   // complains; rules still want the entry's name
                entries.push_back(entry);
            }
        }
    }
    return entries;
}

std::vector<Entry> Reader::listed_entries(const Entry& value, const std::string& path) {
    std::vector<Entry> entries;
    const NodeKind kind = value.value->kind;
    if (kind != NodeKind::sequence && kind != NodeKind::null) {
        fail(value.value_place, path, fmt::format("must be a list of mappings, not {}", name_of(kind)));
    }
    for (std::size_t at = 0; at < value.value->items.size(); ++at) {
        const Node& node = *value.value->items[at];
        const std::string item_path = fmt::format("{}[{}]", path, at);
        const Entry entry{.key = item_path, .key_place = node.place, .value = &node, .value_place = node.place};
        if (begin(entry, item_path) && check_mapping(entry, item_path)) {
            entries.push_back(entry);
        }
    }
    return entries;
}

void Reader::read_option(const Option& option, const Entry& entry, const std::string& path) {
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(option.slot) ||
                         std::holds_alternative<std::optional<std::vector<std::string>>*>(option.slot);
    if (Settings* const* settings = std::get_if<Settings*>(&option.slot)) {
        if (check_mapping(entry, path)) {
            read_settings(**settings, entry, path);
        }
    } else if (Weights* const* weights = std::get_if<Weights*>(&option.slot)) {
        if (check_mapping(entry, path)) {
            read_weights(**weights, *option.facts, entry, path);
        }
    } else if (is_list && entry.value->kind == NodeKind::sequence) {
        read_list(option, entry, path);
    } else {
        read_scalar(option, *entry.value, entry.value_place, path);
    }
}

void Reader::read_scalar(const Option& option, const Node& node, Place place, const std::string& path) {
    if (node.kind == NodeKind::null) {
        fail(place, path, std::string(option.is_secret() ? no_secret : no_value));
        return;
    }
    if (!node.is_scalar()) {
        fail(place, path, fmt::format("must be a single value, not {}", name_of(node.kind)));
        return;
    }
    if (!option.is_secret()) {
        written_[path].text = node.text;
    }
    const Resolved resolved =
        option.is_secret() ? resolve_secret(node.text, surroundings_) : expand(node.text, surroundings_);
    if (resolved.problem) {
        fail(place, path, *resolved.problem);
        return;
    }
    const std::optional<std::string> complaint = assign(option, resolved.text);
    if (!complaint) {
        return;
    }
    // What a variable stands for may be a secret that was put into the wrong place.
    const bool is_as_written = resolved.text == node.text;
    fail(place, path, is_as_written ? fmt::format("{} {}", quoted(node.text), *complaint)
                                    : fmt::format("{} does not stand for a value that fits here: {}",
                                                  quoted(node.text), allowed_text(option)));
}

void Reader::read_list(const Option& option, const Entry& entry, const std::string& path) {
    std::vector<std::string> items;
    for (std::size_t at = 0; at < entry.value->items.size(); ++at) {
        const Node& node = *entry.value->items[at];
        const Entry item{.key = {}, .key_place = entry.key_place, .value = &node, .value_place = node.place};
        const std::string item_path = fmt::format("{}[{}]", path, at);
        if (!begin(item, item_path)) {
            return;
        }
        std::string text;
        const Option single{option.facts, &text};
        read_scalar(single, node, node.place, item_path);
        written_[path].is_usable = written_[path].is_usable && written_[item_path].is_usable;
        items.push_back(std::move(text));
    }
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&option.slot)) {
        **list = std::move(items);
    } else if (auto* const* choice = std::get_if<std::optional<std::vector<std::string>>*>(&option.slot)) {
        **choice = std::move(items);
    }
}

void Reader::read_weights(Weights& weights, const Facts& facts, const Entry& entry, const std::string& path) {
    if (entry.value->entries.size() > max_settings) {
        fail(entry.value_place, path, fmt::format("holds more than {} weights", max_settings));
        return;
    }
    for (const Entry& flow : entry.value->entries) {
        const std::string flow_path = join_path(path, shown(flow.key));
        if (!begin(flow, flow_path)) {
            continue;
        }
        int weight = 1;
        read_scalar(Option{&facts, &weight}, *flow.value, flow.value_place, flow_path);
        weights[flow.key] = weight;
    }
}

void Reader::read_settings(Settings& settings, const Entry& entry, const std::string& path) {
    static constexpr Facts value_facts{.key = "value"};
    if (entry.value->entries.size() > max_settings) {
        fail(entry.value_place, path, fmt::format("holds more than {} settings", max_settings));
        return;
    }
    for (const Entry& setting : entry.value->entries) {
        // PostgreSQL takes names in any case, so TimeZone and timezone are the same one.
        const std::string name = lowered(setting.key);
        const std::string setting_path = join_path(path, shown(name));
        if (!begin(setting, setting_path)) {
            continue;
        }
        if (!is_setting_name(name)) {
            fail(setting.key_place, setting_path, "is not the name of a run-time parameter");
            continue;
        }
        std::string value;
        read_scalar(Option{&value_facts, &value}, *setting.value, setting.value_place, setting_path);
        settings[name] = std::move(value);
    }
}

}  // namespace pgweir::config
