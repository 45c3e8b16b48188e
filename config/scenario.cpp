#include "config/scenario.hpp"

#include "config/document.hpp"
#include "config/problems.hpp"
#include "config/read_file.hpp"
#include "config/reader.hpp"
#include "config/scenario_schema.hpp"
#include "config/text_check.hpp"
#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace pgweir::config {

namespace {

// Chosen: a table stays readable, and nobody tells more of them apart.
constexpr std::size_t max_flows = 50;
constexpr std::size_t max_flow_name_size = 16;

constexpr std::string_view needs_flows = "needs at least one flow";

bool is_flow_name(std::string_view name) {
    constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return !name.empty() && name.size() <= max_flow_name_size &&
           name.find_first_not_of(characters) == std::string_view::npos;
}

const Entry* find(const Node& mapping, std::string_view key) {
    const auto found = std::find_if(mapping.entries.begin(), mapping.entries.end(),
                                    [&](const Entry& entry) { return entry.key == key; });
    return found == mapping.entries.end() ? nullptr : &*found;
}

class ScenarioReader {
public:
    ScenarioReader(const Surroundings& surroundings, Problems& problems)
        : problems_(problems), reader_(surroundings, problems, written_) {}

    void read(const Node& root) {
        reader_.read(scenario_section(scenario_, daemon_), root, "", {"upstream", "flows"});
        scenario_.limits = daemon_.limits;
        read_upstream(root);
        read_flows(root);
        if (!reader_.is_exhausted()) {
            validate_pool(scenario_.pool, written_, problems_);
        }
    }

    Scenario take() { return std::move(scenario_); }

private:
    void read_upstream(const Node& root) {
        const Entry* entry = find(root, "upstream");
        if (entry == nullptr || !reader_.check_mapping(*entry, "upstream")) {
            return;
        }
        UpstreamOptions& upstream = scenario_.upstream;
        reader_.read(upstream_section(upstream), *entry->value, "upstream", {"ceiling_changes", "outages"});
        read_list(*entry->value, "ceiling_changes", upstream.ceiling_changes, ceiling_change_section, {"at", "to"});
        read_list(*entry->value, "outages", upstream.outages, outage_section, {"from", "for"});
        check_order(upstream);
    }

    template <class T>
    void read_list(const Node& upstream, const std::string& key, std::vector<T>& items, Section (*section_of)(T&),
                   std::initializer_list<std::string> needed) {
        const Entry* entry = find(upstream, key);
        if (entry == nullptr) {
            return;
        }
        for (const Entry& item : reader_.listed_entries(*entry, "upstream." + key)) {
            reader_.read(section_of(items.emplace_back()), *item.value, item.key);
            for (const std::string& option : needed) {
                if (!written_.contains(join_path(item.key, option))) {
                    problems_.add(item.value_place, item.key, fmt::format("needs `{}`", option));
                }
            }
        }
    }

    void check_order(const UpstreamOptions& upstream) {
        if (!problems_.empty()) {
            return;
        }
        for (std::size_t at = 1; at < upstream.ceiling_changes.size(); ++at) {
            if (upstream.ceiling_changes[at].at <= upstream.ceiling_changes[at - 1].at) {
                complain(fmt::format("upstream.ceiling_changes[{}].at", at), "must be later than the change before it");
            }
        }
        for (std::size_t at = 1; at < upstream.outages.size(); ++at) {
            const Outage& before = upstream.outages[at - 1];
            if (upstream.outages[at].from < before.from + before.duration) {
                complain(fmt::format("upstream.outages[{}].from", at), "must be later than the end of the outage before it");
            }
        }
    }

    void read_flows(const Node& root) {
        const Entry* entry = find(root, "flows");
        if (entry == nullptr) {
            problems_.add(Place(), "flows", std::string(needs_flows));
            return;
        }
        const std::vector<Entry> entries = reader_.named_entries(*entry, "flows");
        if (entries.empty() && written_["flows"].is_usable) {
            complain("flows", std::string(needs_flows));
        }
        if (entries.size() > max_flows) {
            complain("flows", fmt::format("holds more than {} flows", max_flows));
            return;
        }
        for (const Entry& flow : entries) {
            if (!reader_.is_exhausted()) {
                read_flow(flow);
            }
        }
    }

    void read_flow(const Entry& entry) {
        FlowOptions& flow = scenario_.flows.emplace_back();
        flow.name = entry.key;
        flow.application_name = entry.key;
        const std::string path = join_path("flows", shown(entry.key));
        if (!is_flow_name(flow.name)) {
            complain(path, fmt::format("the name must be of letters, digits, _, . and -, at most {}", max_flow_name_size));
        }
        if (entry.value->is_mapping()) {
            reader_.read(flow_section(flow), *entry.value, path);
        }
        const std::string until = path + ".until";
        if (written_.contains(until) && written_[until].is_usable && flow.until.count() != 0 && flow.until <= flow.from) {
            complain(until, "must be later than `from`");
        }
    }

    void complain(const std::string& path, std::string message) {
        problems_.add(written_[path].place, path, std::move(message));
    }

    Problems& problems_;
    WrittenKeys written_;
    Reader reader_;
    Scenario scenario_;
    Config daemon_;
};

}  // namespace

ScenarioResult load_scenario_text(std::string_view text, const std::string& file_name, const Surroundings& surroundings) {
    Problems problems(file_name);
    const Document document = parse_document(text, problems);
    ScenarioReader reader(surroundings, problems);
    if (document.root != nullptr) {
        if (document.root->is_mapping()) {
            reader.read(*document.root);
        } else {
            problems.add(document.root->place, "", "the scenario must be a mapping with at least `flows`");
        }
    } else if (problems.empty()) {
        problems.add(Place(), "", "the scenario is empty; it needs at least `flows`");
    }
    ScenarioResult result;
    if (problems.empty()) {
        result.scenario = std::make_shared<const Scenario>(reader.take());
    }
    result.problems = problems.in_file_order();
    return result;
}

ScenarioResult load_scenario(const std::string& path, const Surroundings& surroundings) {
    const std::optional<std::string> text = read_up_to(path, max_file_size + 1);
    if (text) {
        return load_scenario_text(*text, path, surroundings);
    }
    Problems problems(path);
    problems.add(Place(), "", std::string("cannot be read: ") + std::strerror(errno));
    ScenarioResult result;
    result.problems = problems.in_file_order();
    return result;
}

}  // namespace pgweir::config
