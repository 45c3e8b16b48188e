#include "proxy/server/learning.hpp"

#include "proxy/core/setting_values.hpp"
#include "proxy/server/function_source.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace pgweir::proxy {
namespace {

std::string settings_sql(int server_version) {
    const std::string may_set = server_version >= 150000 ? "has_parameter_privilege(session_user, name, 'SET')"
                                                         : "(SELECT rolsuper FROM pg_roles WHERE rolname = session_user)";
    return "SELECT name, vartype, context, unit, min_val, max_val, array_to_string(enumvals, ','), setting,"
           " CASE WHEN context IN ('superuser', 'superuser-backend') THEN " + may_set + " ELSE true END FROM pg_settings";
}

// Values of enums hold no commas.
std::vector<std::string> split_values(std::string_view list) {
    std::vector<std::string> values;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        values.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return values;
}

// Words that stand in many statements without meaning a function or table of that name (pgTAP has an "is").
constexpr std::string_view no_keyword = " NOT IN (SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T'))";

// Functions of others than PostgreSQL itself with a source that can be read, or of which it is known
// that they change the session: pg_trgm's and dblink's. Longest source: chosen.
std::string functions_sql(int server_version) {
    const std::string source =
        server_version >= 140000 ? "CASE WHEN prosqlbody IS NULL THEN prosrc ELSE pg_get_function_sqlbody(p.oid) END" : "prosrc";
    return "SELECT p.oid, proname, lanname, " + source +
           " FROM pg_proc p JOIN pg_language l ON l.oid = prolang"
           " WHERE pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema'))"
           " AND (lanname NOT IN ('c', 'internal') OR"
           " proname IN ('set_limit', 'dblink_connect', 'dblink_connect_u', 'dblink_disconnect'))"
           " AND octet_length(prosrc) <= 262144 AND proname" + std::string(no_keyword) + " LIMIT " + std::to_string(most_functions);
}

// Tables and views whose rules, triggers, defaults, constraints or policies depend on one of the
// functions $1; and what is a view over one of those, or the parent of one. The numbers are the
// catalogs' own, which never change: 1255 pg_proc, 1259 pg_class, 2604 pg_attrdef, 2606 pg_constraint,
// 2618 pg_rewrite, 2620 pg_trigger, 3256 pg_policy.
std::string relations_sql() {
    return "WITH RECURSIVE caller AS (SELECT classid, objid FROM pg_depend WHERE refclassid = 1255 AND refobjid = ANY ($1::oid[])),"
           " watched (id) AS (SELECT id FROM ("
           "SELECT ev_class AS id FROM caller JOIN pg_rewrite r ON classid = 2618 AND r.oid = objid"
           " UNION ALL SELECT adrelid FROM caller JOIN pg_attrdef a ON classid = 2604 AND a.oid = objid"
           " UNION ALL SELECT conrelid FROM caller JOIN pg_constraint c ON classid = 2606 AND c.oid = objid"
           " UNION ALL SELECT tgrelid FROM caller JOIN pg_trigger t ON classid = 2620 AND t.oid = objid"
           " UNION ALL SELECT polrelid FROM caller JOIN pg_policy p ON classid = 3256 AND p.oid = objid) direct"
           " UNION SELECT above.id FROM watched w CROSS JOIN LATERAL ("
           "SELECT ev_class AS id FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid"
           " WHERE d.refclassid = 1259 AND d.refobjid = w.id AND d.classid = 2618"
           " UNION ALL SELECT inhparent FROM pg_inherits WHERE inhrelid = w.id) above)"
           " SELECT DISTINCT relname FROM watched JOIN pg_class ON pg_class.oid = id WHERE relname" + std::string(no_keyword) + " LIMIT " + std::to_string(most_watched_names);
}

struct Function {
    std::string oid;
    std::string name;
    std::string language;
    std::string source;
    bool is_watched = false;
};

SourceLanguage language_of(const Function& function) {
    return function.language == "sql" || function.language == "plpgsql" ? SourceLanguage::sql : SourceLanguage::other;
}

bool is_watched_by_itself(const Function& function) {
    return function.language == "c" || may_change_session(function.source, language_of(function));
}

// One search for everything that can be reached from the functions that are watched by themselves.
class Closure {
public:
    Closure(const Ask& ask, std::vector<Function> functions) : ask_(ask), functions_(std::move(functions)) {}

    // Nullopt when the server did not answer.
    std::optional<std::vector<std::string>> find() {
        watch_if(is_watched_by_itself);
        const auto calls_watched = [this](const Function& function) {
            return mentions(function.source, [this](std::string_view word) { return names_.contains(std::string(word)); });
        };
        for (int round = 0; round < most_rounds && !fresh_.empty() && names_.size() < most_watched_names; ++round) {
            if (!watch_relations()) return std::nullopt;
            watch_if(calls_watched);
        }
        if (!fresh_.empty() && !watch_relations()) return std::nullopt;
        return std::vector<std::string>(names_.begin(), names_.end());
    }

private:
    template <typename Judge>
    void watch_if(const Judge& judge) {
        std::vector<Function*> found;
        for (Function& function : functions_)
            if (!function.is_watched && judge(function)) found.push_back(&function);
        for (Function* function : found) {
            function->is_watched = true;
            names_.insert(lower_case(function->name));
            fresh_ += (fresh_.empty() ? "" : ",") + function->oid;
        }
    }

    // Those of the functions found since the last call.
    bool watch_relations() {
        const std::optional<Rows> rows = ask_(relations_sql(), {"{" + std::exchange(fresh_, {}) + "}"});
        if (!rows) return false;
        for (const auto& row : *rows) names_.insert(lower_case(row.at(0)));
        return true;
    }

    const Ask& ask_;
    std::vector<Function> functions_;
    std::unordered_set<std::string> names_;   // in lower case
    std::string fresh_;                       // oids with commas between them
};

bool have_columns(const std::optional<Rows>& rows, std::size_t count) {
    return rows && std::all_of(rows->begin(), rows->end(), [count](const auto& row) { return row.size() == count; });
}

}  // namespace

std::shared_ptr<const KnownSettings> learn_settings(const Ask& ask, int server_version) {
    std::optional<Rows> rows = ask(settings_sql(server_version), {});
    if (!have_columns(rows, 9) || rows->empty()) return nullptr;
    std::vector<KnownSetting> settings;
    settings.reserve(rows->size());
    for (auto& row : *rows) {
        settings.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2]), std::move(row[3]), std::move(row[4]), std::move(row[5]),
                            split_values(row[6]), std::move(row[7]), row[8] == "t"});
    }
    return std::make_shared<const KnownSettings>(std::move(settings), server_version);
}

std::shared_ptr<const WatchedNames> learn_names(const Ask& ask, int server_version) {
    std::optional<Rows> rows = ask(functions_sql(server_version), {});
    if (!have_columns(rows, 4)) return nullptr;
    std::vector<Function> functions;
    functions.reserve(rows->size());
    for (auto& row : *rows) functions.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2]), std::move(row[3])});
    std::optional<std::vector<std::string>> names = Closure(ask, std::move(functions)).find();
    if (!names) return nullptr;
    return std::make_shared<const WatchedNames>(*std::move(names));
}

std::shared_ptr<const KnownSettings> KnowledgeShelf::settings() const {
    const std::lock_guard lock(mutex_);
    return knowledge_.settings;
}

std::shared_ptr<const WatchedNames> KnowledgeShelf::names() const {
    const std::lock_guard lock(mutex_);
    return knowledge_.names;
}

bool KnowledgeShelf::claim(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (claimed_at_ && now - *claimed_at_ < interval) return false;
    claimed_at_ = now;
    return true;
}

void KnowledgeShelf::store(Knowledge knowledge) {
    const std::lock_guard lock(mutex_);
    if (knowledge.settings) knowledge_.settings.swap(knowledge.settings);
    if (knowledge.names) knowledge_.names.swap(knowledge.names);
}

void KnowledgeShelf::release() {
    const std::lock_guard lock(mutex_);
    claimed_at_.reset();
}

}  // namespace pgweir::proxy
