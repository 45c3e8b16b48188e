#include "proxy/server/learning.hpp"

#include "proxy/core/sql_characters.hpp"
#include "proxy/core/function_source.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>
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
           " AND octet_length(prosrc) <= 262144 AND proname" + std::string(no_keyword) + " LIMIT " + std::to_string(max_functions);
}

// Tables and views whose rules, triggers, defaults, constraints or policies depend on one of the
// functions $1; what is a view over one of those, the parent of one, or referred to by one in a way that
// changes it; aggregates over the functions, domains that check by them, types that are cast by them. The numbers
// are the catalogs' own, which never change: 1255 pg_proc, 1259 pg_class, 2604 pg_attrdef, 2605 pg_cast,
// 2606 pg_constraint, 2618 pg_rewrite, 2620 pg_trigger, 3256 pg_policy.
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
           " UNION ALL SELECT inhparent FROM pg_inherits WHERE inhrelid = w.id"
           " UNION ALL SELECT confrelid FROM pg_constraint WHERE conrelid = w.id AND contype = 'f'"
           " AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))) above),"
           " named (name) AS (SELECT relname FROM watched JOIN pg_class ON pg_class.oid = id"
           " UNION SELECT proname FROM caller JOIN pg_proc p ON classid = 1255 AND p.oid = objid"
           " UNION SELECT typname FROM caller JOIN pg_constraint c ON classid = 2606 AND c.oid = objid JOIN pg_type t ON t.oid = contypid"
           " UNION SELECT typname FROM caller JOIN pg_cast c ON classid = 2605 AND c.oid = objid JOIN pg_type t ON t.oid IN (castsource, casttarget))"
           " SELECT name FROM named WHERE name" + std::string(no_keyword) + " LIMIT " + std::to_string(max_watched_names);
}

struct Function {
    std::string oid;
    std::string name;
    std::string language;
    std::string source;
    SessionTrace trace = SessionTrace::none;
};

SourceLanguage language_of(const Function& function) {
    return function.language == "sql" || function.language == "plpgsql" ? SourceLanguage::sql : SourceLanguage::other;
}

SourceReading read(const Function& function) {
    if (function.language != "c") return read_source(function.source, language_of(function));
    return {function.name == "set_limit" ? SessionTrace::visible : SessionTrace::lasting};
}

// An upstream may answer anything.
bool have_columns(const std::optional<Rows>& rows, std::size_t count) {
    return rows && std::all_of(rows->begin(), rows->end(), [count](const auto& row) { return row.size() == count; });
}

// One search for everything that can be reached from the functions that are watched by themselves.
class Closure {
public:
    Closure(const Ask& ask, std::vector<Function> functions) : ask_(ask), functions_(std::move(functions)) {}

    // Nullopt when the server did not answer.
    std::optional<NamesToWatch> find() {
        for (Function& function : functions_) {
            SourceReading reading = read(function);
            raise(function, reading.trace);
            if (custom_settings_.size() < max_custom_settings) add_settings(std::move(reading.custom_settings));
        }
        for (int round = 0; round < max_rounds && has_fresh() && names_.size() < max_watched_names; ++round) {
            if (!watch_relations()) return std::nullopt;
            raise_callers();
        }
        if (has_fresh() && !watch_relations()) return std::nullopt;
        NamesToWatch watched{.custom_settings = {custom_settings_.begin(), custom_settings_.end()}};
        for (const auto& [name, trace] : names_) watched.names.push_back({name, trace});
        return watched;
    }

private:
    // By SessionTrace: oids with commas between them, of functions found to leave as much since relations were asked for.
    using Fresh = std::array<std::string, static_cast<std::size_t>(SessionTrace::lasting) + 1>;

    bool has_fresh() const {
        return std::any_of(fresh_.begin(), fresh_.end(), [](const std::string& oids) { return !oids.empty(); });
    }

    void add_settings(std::vector<std::string> names) {
        for (std::string& name : names) custom_settings_.insert(std::move(name));
    }

    void watch(const std::string& name, SessionTrace trace) {
        SessionTrace& known = names_[lower_case(name)];
        known = std::max(known, trace);
    }

    void raise(Function& function, SessionTrace trace) {
        if (trace <= function.trace) return;
        function.trace = trace;
        watch(function.name, trace);
        std::string& oids = fresh_[static_cast<std::size_t>(trace)];
        oids += (oids.empty() ? "" : ",") + function.oid;
    }

    // By one step.
    void raise_callers() {
        std::vector<SessionTrace> traces;
        traces.reserve(functions_.size());
        for (const Function& function : functions_) traces.push_back(trace_of_calls(function));
        for (std::size_t i = 0; i < functions_.size(); ++i) raise(functions_[i], traces[i]);
    }

    SessionTrace trace_of_calls(const Function& function) const {
        SessionTrace trace = SessionTrace::none;
        mentions(function.source, [&](std::string_view word) {
            const auto found = names_.find(std::string(word));
            if (found != names_.end()) trace = std::max(trace, found->second);
            return false;
        });
        return trace;
    }

    // Of the functions found since the last call.
    bool watch_relations() {
        Fresh fresh;
        fresh.swap(fresh_);
        for (std::size_t trace = 0; trace < fresh.size(); ++trace) {
            if (fresh[trace].empty()) continue;
            const std::optional<Rows> rows = ask_(relations_sql(), {"{" + fresh[trace] + "}"});
            if (!have_columns(rows, 1)) return false;
            for (const auto& row : *rows) watch(row[0], static_cast<SessionTrace>(trace));
        }
        return true;
    }

    const Ask& ask_;
    std::vector<Function> functions_;
    std::unordered_map<std::string, SessionTrace> names_;   // in lower case
    std::set<std::string> custom_settings_;
    Fresh fresh_;
};

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

std::optional<NamesToWatch> learn_names(const Ask& ask, int server_version) {
    std::optional<Rows> rows = ask(functions_sql(server_version), {});
    if (!have_columns(rows, 4)) return std::nullopt;
    std::vector<Function> functions;
    functions.reserve(rows->size());
    for (auto& row : *rows) functions.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2]), std::move(row[3])});
    return Closure(ask, std::move(functions)).find();
}

std::shared_ptr<const ArrayTypes> learn_array_types(const Ask& ask) {
    std::optional<Rows> rows = ask(std::string(types_question) + " LIMIT " + std::to_string(max_array_types + 1), {});
    if (!have_columns(rows, 2) || rows->size() > max_array_types) return nullptr;
    auto types = std::make_shared<ArrayTypes>();
    types->reserve(rows->size());
    for (auto& row : *rows) types->emplace_back(std::move(row[0]), std::move(row[1]));
    return types;
}

std::shared_ptr<const KnownSettings> KnowledgeShelf::settings() const {
    const std::lock_guard lock(mutex_);
    return settings_;
}

std::shared_ptr<const WatchedNames> KnowledgeShelf::names() const {
    const std::lock_guard lock(mutex_);
    return watched_;
}

void KnowledgeShelf::watch(const NamesToWatch& made, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (made_.names.size() < max_watched_names) made_.add(made);
    made_at_ = now;
    claimed_at_.reset();
    if (watched_) publish();
}

std::shared_ptr<const ArrayTypes> KnowledgeShelf::array_types() const {
    const std::lock_guard lock(mutex_);
    return array_types_;
}

bool KnowledgeShelf::claim(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (claimed_at_ && now - *claimed_at_ < interval) return false;
    claimed_at_ = learning_since_ = now;
    return true;
}

void KnowledgeShelf::store(Knowledge knowledge) {
    const std::lock_guard lock(mutex_);
    if (knowledge.settings) settings_ = std::move(knowledge.settings);
    if (knowledge.array_types) array_types_ = std::move(knowledge.array_types);
    if (!knowledge.watched) return;
    // What was made shortly before that login began may not have been committed yet.
    if (made_at_ && learning_since_ && *made_at_ + interval < *learning_since_) made_ = {};
    learned_ = *std::move(knowledge.watched);
    publish();
}

void KnowledgeShelf::publish() {
    NamesToWatch all = learned_;
    all.add(made_);
    watched_ = std::make_shared<const WatchedNames>(all);
}

void KnowledgeShelf::release() {
    const std::lock_guard lock(mutex_);
    claimed_at_.reset();
}

}  // namespace pgweir::proxy
