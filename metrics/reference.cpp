#include "metrics/reference.hpp"

#include "metrics/catalog.hpp"
#include "metrics/daemon_catalog.hpp"
#include "metrics/pgbouncer_catalog.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::metrics {
namespace {

struct Label {
    std::string name;
    std::span<const char* const> words;   // empty: any text
};

struct Family {
    std::string name;
    MetricType type;
    std::string help;
    std::vector<Label> labels;
};
using Families = std::vector<Family>;

constexpr const char* type_word(MetricType type) {
    switch (type) {
        case MetricType::counter: return "counter";
        case MetricType::gauge: return "gauge";
        case MetricType::histogram: return "histogram";
    }
    return "";
}

Family& find_or_add(Families& families, Family family) {
    const auto known = std::find_if(families.begin(), families.end(),
                                    [&family](const Family& other) { return other.name == family.name; });
    return known == families.end() ? families.emplace_back(std::move(family)) : *known;
}

void add_label(Family& family, Label label) {
    const bool is_known = std::any_of(family.labels.begin(), family.labels.end(),
                                      [&label](const Label& other) { return other.name == label.name; });
    if (!is_known) {
        family.labels.push_back(std::move(label));
    }
}

// The label of a row whose member has a cell for each of several words.
template <class Member>
void add_own_label(Family& family, const Row<Member>& row) {
    if (row.label != nullptr) {
        add_label(family, {row.label, row.words});
    }
}

template <class Subject>
void add_own_label(Family&, const PgbouncerRow<Subject>&) {}

template <class Rows>
void add_rows(Families& families, const Rows& rows, const std::string& prefix, const std::vector<Label>& labels) {
    for (const auto& row : rows) {
        const char* suffix = row.type == MetricType::counter ? "_total" : "";
        Family& family = find_or_add(families, {prefix + row.name + suffix, row.type, row.help, {}});
        for (const Label& label : labels) {
            add_label(family, label);
        }
        add_own_label(family, row);
    }
}

// The name, and what it may be when that is a list.
std::string text_of(const Label& label) {
    std::string text = "`" + label.name + "`";
    for (const char* value : label.words) {
        text += value == label.words.front() ? ": " : ", ";
        text += value;
    }
    return text;
}

std::string cell_of(const std::vector<Label>& labels) {
    std::string cell;
    for (const Label& label : labels) {
        cell += (cell.empty() ? "" : "; ") + text_of(label);
    }
    return cell;
}

}   // namespace

std::string reference_markdown() {
    const std::vector<Label> database = {{"database", {}}};
    const std::vector<Label> version = {{"version", {}}};
    Families families = {{"pgweir_build_info", MetricType::gauge, version_help, version}};
    add_rows(families, daemon_rows, "pgweir_", {});
    add_rows(families, login_rows, "pgweir_", {});
    add_rows(families, pool_rows, "pgweir_", database);
    add_rows(families, relay_rows, "pgweir_", database);
    add_rows(families, process_rows, "process_", {});
    families.push_back({"pgbouncer_version_info", MetricType::gauge, version_help, version});
    add_rows(families, pgbouncer_daemon_rows, "pgbouncer_", {});
    add_rows(families, pgbouncer_pool_rows, "pgbouncer_pools_", {{"database", {}}, {"user", {}}});
    add_rows(families, pgbouncer_stats_rows, "pgbouncer_stats_", database);
    add_rows(families, pgbouncer_database_rows, "pgbouncer_databases_",
             {{"name", {}}, {"host", {}}, {"port", {}}, {"database", {}}, {"force_user", {}}, {"pool_mode", {}}});

    std::string out = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
    for (const Family& family : families) {
        out += "| `" + family.name + "` | " + type_word(family.type) + " | " + cell_of(family.labels) + " | " + family.help +
               " |\n";
    }
    return out;
}

}   // namespace pgweir::metrics
