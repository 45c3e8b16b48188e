#include "proxy/server/login_learning.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pgweir::proxy {
namespace {

using std::chrono::milliseconds;

// How long one question may take, and with how much time left none is asked. Chosen: a login
// is worth more than what it teaches.
constexpr milliseconds longest_question{2000};
constexpr milliseconds shortest_question{100};
constexpr int max_questions = 11;

Rows rows_of(const PGresult* result) {
    Rows rows(static_cast<std::size_t>(PQntuples(result)));
    for (int row = 0; row < PQntuples(result); ++row)
        for (int column = 0; column < PQnfields(result); ++column)
            rows[static_cast<std::size_t>(row)].emplace_back(PQgetvalue(result, row, column));
    return rows;
}

// One transaction, which is rolled back.
class Questions {
public:
    Questions(PGconn* connection, libpq::TimePoint deadline) : connection_(connection), deadline_(deadline) {}

    std::optional<Rows> ask(const std::string& sql, const std::vector<std::string>& values) {
        if (is_broken_) return std::nullopt;
        std::vector<const char*> texts;
        for (const std::string& value : values) texts.push_back(value.c_str());
        const libpq::ResultPtr result = libpq::run_statement(connection_, sql, texts, deadline_);
        is_broken_ = result == nullptr;
        if (is_broken_) return std::nullopt;
        const ExecStatusType status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return std::nullopt;
        return rows_of(result.get());
    }

    bool is_broken() const { return is_broken_; }

private:
    PGconn* connection_;
    libpq::TimePoint deadline_;
    bool is_broken_ = false;
};

}  // namespace

bool learn(PGconn* connection, libpq::TimePoint deadline, Knowledge& knowledge) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - libpq::Clock::now());
    const milliseconds time = std::min(longest_question, left / max_questions);
    if (time < shortest_question) return true;
    Questions questions(connection, deadline);
    const Ask ask = [&questions](const std::string& sql, const std::vector<std::string>& values) { return questions.ask(sql, values); };
    const std::string limit = std::to_string(time.count());
    const bool is_ready = ask("BEGIN READ ONLY", {}) &&
                          ask("SELECT pg_catalog.set_config('statement_timeout', $1, true),"
                              " pg_catalog.set_config('lock_timeout', $1, true),"
                              " pg_catalog.set_config('search_path', 'pg_catalog', true)", {limit});
    if (is_ready) {
        const int version = PQserverVersion(connection);
        knowledge.settings = learn_settings(ask, version);
        knowledge.watched = learn_names(ask, version);
        knowledge.array_types = learn_array_types(ask);
    }
    ask("ROLLBACK", {});
    return !questions.is_broken();
}

}  // namespace pgweir::proxy
