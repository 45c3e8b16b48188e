#include "proxy/core/preparation.hpp"

#include "proxy/core/sql_scanner.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

// Whether a BEGIN may be refused, as on a standby: then nothing may be sent behind it unseen.
bool may_be_refused(const std::string& begin) {
    SqlScanner scanner(begin);
    for (SqlToken token = scanner.next(); token.kind != SqlTokenKind::end; token = scanner.next())
        if (token.is("serializable") || token.is("write")) return true;
    return false;
}

bool holds(const PreparedSql& statements, const std::pair<std::string, std::string>& one) {
    return std::find(statements.begin(), statements.end(), one) != statements.end();
}

void prepare_statements(const PreparedSql& from, const PreparedSql& to, std::string_view executes, std::vector<PreparingQuery>& queries) {
    for (const auto& one : from)
        if (!holds(to, one)) queries.push_back({"DEALLOCATE " + quote_name(one.first), false});
    // A table it speaks of may be gone: then its EXECUTE fails, and nothing else.
    for (const auto& one : to)
        if (!holds(from, one)) queries.push_back({one.second, one.first == executes, one.first});
}

}  // namespace

Preparation prepare(const ClientSession& session, const ServerStanding& standing, const BaselineSettings& baseline,
                    PreparationWishes wishes) {
    Preparation preparation;
    std::vector<PreparingQuery>& queries = preparation.queries;
    if (!is_same(standing.settings, session.settings)) {
        std::string sql = switch_settings_sql(standing.settings->settings, session.settings->settings, baseline);
        preparation.switches_settings = !sql.empty();
        if (!sql.empty()) queries.push_back({std::move(sql)});
    }
    if (!standing.prepared.empty() || !session.prepared.empty())
        prepare_statements(standing.prepared, session.prepared, wishes.executes, queries);
    if (wishes.listens && !session.channels.empty()) {
        std::string sql;
        for (const std::string& channel : session.channels) sql += "LISTEN " + quote_name(channel) + "; ";
        queries.push_back({std::move(sql), false});
    }
    if (wishes.discards_sequences) queries.push_back({"DISCARD SEQUENCES", false});
    const bool must_wait = session.deferred == Deferred::begun && may_be_refused(session.begin);
    if (must_wait) queries.push_back({session.begin});
    preparation.begins = must_wait;
    if (queries.empty() && wishes.needs_check) queries.push_back({check_sql});
    return preparation;
}

}  // namespace pgweir::proxy
