// A thin layer over libpq for the shop: connections, pipelines and their answers as plain values.
// Everything throws std::runtime_error with libpq's own words; a Connection belongs to one thread,
// except for cancel().
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace shop {

using Texts = std::vector<std::string>;

// What one command was answered with.
struct Answer {
    ExecStatusType status = PGRES_FATAL_ERROR;
    std::string sqlstate;   // empty without an error
    std::string changed;    // how many rows the command tag says
    std::vector<Texts> rows;
};

inline Answer read_answer(PGresult* raw) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(raw, &PQclear);
    Answer answer;
    answer.status = PQresultStatus(result.get());
    if (const char* sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)) {
        answer.sqlstate = sqlstate;
    }
    answer.changed = PQcmdTuples(result.get());
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        Texts values;
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            values.emplace_back(PQgetvalue(result.get(), row, column));
        }
        answer.rows.push_back(std::move(values));
    }
    return answer;
}

class Connection {
public:
    Connection(const std::string& conninfo, const std::string& options) {
        // The later keyword wins over the same one in the conninfo string.
        const char* const keywords[] = {"dbname", "options", nullptr};
        const char* const values[] = {conninfo.c_str(), options.c_str(), nullptr};
        connection_.reset(PQconnectdbParams(keywords, values, 1));
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            fail("connect");
        }
    }

    PGconn* get() const { return connection_.get(); }

    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error(what + ": " + PQerrorMessage(connection_.get()));
    }

    // One simple query, outside a pipeline, which must not fail.
    Answer execute(const std::string& sql) const {
        Answer answer = read_answer(PQexec(connection_.get(), sql.c_str()));
        if (!answer.sqlstate.empty() || answer.status == PGRES_FATAL_ERROR) {
            fail(sql);
        }
        return answer;
    }

    // Cancels what runs now; from any thread.
    void cancel() const {
        const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> handle(PQgetCancel(connection_.get()), &PQfreeCancel);
        char problem[256];
        if (PQcancel(handle.get(), problem, sizeof problem) != 1) {
            throw std::runtime_error(std::string("cancel: ") + problem);
        }
    }

private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
};

// Commands are sent at once and answered by run(), one Answer for each, that of sync() included.
class Pipeline {
public:
    explicit Pipeline(const Connection& connection) : connection_(connection) {
        check(PQenterPipelineMode(connection_.get()), "enter pipeline mode");
    }

    Pipeline& query(const std::string& sql, const Texts& values = {}) {
        const std::vector<const char*> pointers = pointers_to(values);
        return sent(PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                      pointers.data(), nullptr, nullptr, 0),
                    sql);
    }

    Pipeline& prepare(const std::string& name, const std::string& sql) {
        return sent(PQsendPrepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr), sql);
    }

    Pipeline& execute(const std::string& name, const Texts& values = {}) {
        const std::vector<const char*> pointers = pointers_to(values);
        return sent(PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()),
                                        pointers.data(), nullptr, nullptr, 0),
                    name);
    }

    Pipeline& describe(const std::string& name) {
        return sent(PQsendDescribePrepared(connection_.get(), name.c_str()), name);
    }

    Pipeline& sync() {
        check(PQpipelineSync(connection_.get()), "sync");
        syncs_.push_back(true);
        return *this;
    }

    std::vector<Answer> run() {
        std::vector<Answer> answers;
        for (const bool is_sync : syncs_) {
            PGresult* const result = PQgetResult(connection_.get());
            if (result == nullptr) {
                connection_.fail("no answer");
            }
            answers.push_back(read_answer(result));
            // The answers of a command end with a null pointer, a sync is one answer alone.
            if (!is_sync && PQgetResult(connection_.get()) != nullptr) {
                connection_.fail("more than one answer");
            }
        }
        syncs_.clear();
        return answers;
    }

    // Back to simple queries: everything has been answered.
    void leave() { check(PQexitPipelineMode(connection_.get()), "leave pipeline mode"); }

private:
    static std::vector<const char*> pointers_to(const Texts& values) {
        std::vector<const char*> pointers;
        for (const std::string& value : values) {
            pointers.push_back(value.c_str());
        }
        return pointers;
    }

    void check(int ok, const std::string& what) const {
        if (ok != 1) {
            connection_.fail(what);
        }
    }

    Pipeline& sent(int ok, const std::string& what) {
        check(ok, what);
        syncs_.push_back(false);
        return *this;
    }

    const Connection& connection_;
    std::vector<bool> syncs_;
};

}   // namespace shop
