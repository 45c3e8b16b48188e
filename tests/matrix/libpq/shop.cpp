// The shop on libpq's pipeline mode: each transaction goes out as one pipeline or as several at once,
// with statements that were prepared by name long before. Half of the sessions get their settings by
// startup options, the others by SET. See python/shop.py for what a session does.
#include "connection.hpp"

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace shop {
namespace {

struct Zone {
    const char* name;
    const char* noon;   // how noon UTC of 1 July 2024 reads there
    int ahead;          // seconds ahead of UTC on that day
};

constexpr Zone zones[] = {{"UTC", "2024-07-01 12:00:00+00", 0},
                          {"Europe/Berlin", "2024-07-01 14:00:00+02", 7200},
                          {"America/New_York", "2024-07-01 08:00:00-04", -14400},
                          {"Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19800},
                          {"Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45900}};
constexpr int tenants = 4;
constexpr int noon = 1719835200;

// The literal without a zone is read when the statement is parsed.
constexpr const char* settings_text =
    "SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text,"
    " extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)";

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(std::string("no environment variable ") + name);
    }
    return value;
}

std::string migration() {
    std::ifstream file(variable("MATRIX_MIGRATION"));
    return {std::istreambuf_iterator<char>(file), {}};
}

// Cancels now and again until it goes: a cancel before the statement has begun is of no effect.
class Canceller {
public:
    explicit Canceller(const Connection& connection) : thread_([this, &connection] { run(connection); }) {}

    ~Canceller() {
        {
            const std::lock_guard lock(mutex_);
            is_done_ = true;
        }
        done_.notify_all();
        thread_.join();
    }

    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

private:
    void run(const Connection& connection) {
        std::unique_lock lock(mutex_);
        while (!done_.wait_for(lock, std::chrono::milliseconds(100), [this] { return is_done_; })) {
            lock.unlock();
            connection.cancel();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable done_;
    bool is_done_ = false;
    std::thread thread_;   // last: it uses the others
};

class Session {
public:
    explicit Session(int number)
        : number_(number), tenant_(number % tenants), zone_(&zones[number % std::size(zones)]) {}

    void run(int rounds, std::barrier<>& barrier) {
        const bool by_options = number_ % 2 == 0;
        const Connection connection(variable("MATRIX_DSN"), by_options ? options() : "");
        if (!by_options) {
            place(connection);
        }
        barrier.arrive_and_wait();
        migrate(connection);
        barrier.arrive_and_wait();
        std::optional<Pipeline> pipeline(connection);
        prepare(*pipeline);
        for (int turn = 0; turn < rounds; ++turn) {
            if (turn == rounds / 2) {
                if (number_ % 10 == 3) {
                    cancel(connection, *pipeline);
                }
                pipeline->leave();
                move(connection);
                pipeline.emplace(connection);
            }
            play(*pipeline, turn);
        }
        unprepare(*pipeline);
    }

    const std::vector<std::string>& pids() const { return pids_; }
    int checks() const { return checks_; }

private:
    std::string schema() const { return "tenant_" + std::to_string(tenant_); }
    std::string number() const { return std::to_string(number_); }
    std::string options() const { return std::string("-c TimeZone=") + zone_->name + " -c search_path=" + schema(); }

    void expect(const Texts& actual, const Texts& expected, const std::string& what) {
        if (actual != expected) {
            std::string text = "session " + number() + ": " + what + ":";
            for (const std::string& value : actual) {
                text += " [" + value + "]";
            }
            text += " instead of";
            for (const std::string& value : expected) {
                text += " [" + value + "]";
            }
            throw std::runtime_error(text);
        }
        ++checks_;
    }

    void expect_row(const Answer& answer, const Texts& expected, const std::string& what) {
        expect({answer.sqlstate, std::to_string(answer.rows.size())}, {"", "1"}, what);
        expect(answer.rows[0], expected, what);
    }

    void expect_done(const Answer& answer, const std::string& what) {
        expect({answer.sqlstate, PQresStatus(answer.status)},
               {"", PQresStatus(answer.rows.empty() ? PGRES_COMMAND_OK : PGRES_TUPLES_OK)}, what);
    }

    void expect_error(const Answer& answer, const std::string& sqlstate, const std::string& what) {
        expect({answer.sqlstate, PQresStatus(answer.status)}, {sqlstate, PQresStatus(PGRES_FATAL_ERROR)}, what);
    }

    void expect_status(const Answer& answer, ExecStatusType status, const std::string& what) {
        expect({answer.sqlstate, PQresStatus(answer.status)}, {"", PQresStatus(status)}, what);
    }

    // Once for each pipeline: transactions that are sent in one go travel together.
    void note_server(const Answer& answer) {
        expect({answer.sqlstate, std::to_string(answer.rows.size())}, {"", "1"}, "pg_backend_pid()");
        pids_.push_back(answer.rows[0][0]);
    }

    void expect_settings(const Answer& answer) {
        // A plan made before the session moved keeps its literal as it was read.
        const bool has_row = !answer.rows.empty() && answer.rows[0].size() == 5;
        const std::string literal = is_moved_ && has_row ? answer.rows[0][3] : std::to_string(noon - zone_->ahead);
        expect_row(answer, {zone_->name, schema(), zone_->noon, literal, "shop " + std::to_string(tenant_)},
                   "settings");
    }

    void place(const Connection& connection) {
        connection.execute("BEGIN");
        note_server(connection.execute("SELECT pg_backend_pid()"));
        connection.execute(std::string("SET TIME ZONE '") + zone_->name + "'");
        connection.execute("SET search_path TO " + schema());
        connection.execute("COMMIT");
    }

    void move(const Connection& connection) {
        is_moved_ = true;
        kept_ = 0;
        tenant_ = (number_ + 1) % tenants;
        zone_ = &zones[(number_ + 2) % std::size(zones)];
        place(connection);
    }

    void migrate(const Connection& connection) {
        connection.execute("SELECT pg_advisory_lock(4711)");
        connection.execute("BEGIN");
        note_server(connection.execute("SELECT pg_backend_pid()"));
        if (connection.execute("SELECT to_regclass('public.migrations') IS NULL").rows[0][0] == "t") {
            connection.execute(migration());
            connection.execute("INSERT INTO public.migrations (session) VALUES (" + number() + ")");
        }
        connection.execute("COMMIT");
        expect_row(connection.execute("SELECT pg_advisory_unlock(4711)"), {"t"}, "the lock was held");
        expect_row(connection.execute("SELECT count(*) FROM public.migrations"), {"1"}, "migrations");
    }

    void prepare(Pipeline& pipeline) {
        pipeline.prepare("settings", settings_text)
            .prepare("insert_order",
                     "INSERT INTO orders (session, item, amount, placed) VALUES ($1, $2, $3, $4) RETURNING id")
            .prepare("read_order", "SELECT item, amount, placed FROM orders WHERE item = $1")
            .prepare("raise_order", "UPDATE orders SET amount = amount + $1 WHERE item = $2")
            .prepare("delete_order", "DELETE FROM orders WHERE item = $1")
            .prepare("count_orders", "SELECT count(*) FROM orders WHERE session = $1")
            .prepare("pid", "SELECT pg_backend_pid()")
            .sync()
            .prepare("pid", "SELECT 'a name cannot be taken twice'")
            .sync();
        const std::vector<Answer> answers = pipeline.run();
        for (int at = 0; at < 7; ++at) {
            expect_done(answers[at], "prepare");
        }
        expect_status(answers[7], PGRES_PIPELINE_SYNC, "sync");
        expect_error(answers[8], "42P05", "a name taken twice");
    }

    void unprepare(Pipeline& pipeline) {
        pipeline.query("DEALLOCATE count_orders").sync().execute("count_orders", {number()}).sync();
        pipeline.execute("pid").sync();
        const std::vector<Answer> answers = pipeline.run();
        expect_done(answers[0], "DEALLOCATE");
        expect_error(answers[2], "26000", "a statement that is gone");
        note_server(answers[4]);
    }

    void play(Pipeline& pipeline, int turn) {
        const std::string item = number() + "-" + std::to_string(turn);
        switch (turn % 4) {
            case 0:
                create_read_update_delete(pipeline, item, turn);
                break;
            case 1:
                use_savepoints(pipeline, item);
                break;
            case 2:
                use_unnamed(pipeline);
                break;
            default:
                fail(pipeline, item);
        }
    }

    void create_read_update_delete(Pipeline& pipeline, const std::string& item, int turn) {
        const std::string amount = std::to_string(turn);
        pipeline.query("BEGIN").execute("pid").execute("insert_order", {number(), item, amount, zones[0].noon});
        pipeline.execute("raise_order", {"100", item}).query("COMMIT").sync();
        // Two more transactions, sent before the first was answered.
        pipeline.execute("pid").execute("read_order", {item}).sync();
        pipeline.execute("pid").execute("delete_order", {turn % 8 == 0 ? item : "none"}).execute("settings").sync();
        const std::vector<Answer> answers = pipeline.run();
        note_server(answers[1]);
        expect({answers[2].sqlstate, answers[3].changed}, {"", "1"}, "insert and update");
        expect_done(answers[4], "COMMIT");
        expect_row(answers[7], {item, std::to_string(turn + 100), zone_->noon}, "order");
        expect({answers[10].changed}, {turn % 8 == 0 ? "1" : "0"}, "deleted");
        expect_settings(answers[11]);
        kept_ += turn % 8 != 0;
    }

    void use_savepoints(Pipeline& pipeline, const std::string& item) {
        pipeline.query("BEGIN").execute("pid").execute("insert_order", {number(), item, "1", zones[0].noon});
        pipeline.query("SAVEPOINT here").query("SET TIME ZONE 'Asia/Tokyo'");
        pipeline.execute("insert_order", {number(), item, "2", zones[0].noon}).execute("pid").sync();
        pipeline.query("ROLLBACK TO here").query("SHOW timezone");
        pipeline.execute("insert_order", {number(), item + "-again", "3", zones[0].noon});
        pipeline.query("RELEASE here").query("COMMIT").sync();
        pipeline.execute("pid").execute("count_orders", {number()}).execute("settings").sync();
        const std::vector<Answer> answers = pipeline.run();
        note_server(answers[1]);
        expect_error(answers[5], "23505", "the same item twice");
        expect_status(answers[6], PGRES_PIPELINE_ABORTED, "after the error");
        expect_row(answers[9], {zone_->name}, "zone after ROLLBACK TO");
        expect_done(answers[12], "COMMIT");
        kept_ += 2;
        expect_row(answers[15], {std::to_string(kept_)}, "orders after savepoints");
        expect_settings(answers[16]);
    }

    // The unnamed statement outlives its Sync, and so the lease it was parsed in; SET LOCAL does not.
    void use_unnamed(Pipeline& pipeline) {
        for (const char* const tag : {"first", "second"}) {
            pipeline.query("BEGIN").query("SET LOCAL TIME ZONE 'Asia/Tokyo'").execute("pid").query("COMMIT").sync();
            pipeline.describe("read_order").sync();
            note_server(pipeline.run()[2]);
            pipeline.prepare("", "SELECT pg_backend_pid(), current_setting('TimeZone'), $1::text").sync();
            expect_done(pipeline.run()[0], "unnamed statement");
            const Answer answer = pipeline.execute("", {tag}).sync().run()[0];
            note_server(answer);
            expect_row(answer, {pids_.back(), zone_->name, tag}, "unnamed statement after its Sync");
        }
    }

    void fail(Pipeline& pipeline, const std::string& item) {
        // Without BEGIN, everything up to the Sync is one transaction.
        pipeline.execute("insert_order", {number(), item, "1", zones[0].noon});
        pipeline.query("SET search_path TO public").query("SELECT 1 / $1::int", {"0"});
        pipeline.prepare("never", "SELECT 1").sync();
        pipeline.execute("never").sync();
        pipeline.execute("pid").execute("count_orders", {number()}).execute("settings").sync();
        const std::vector<Answer> answers = pipeline.run();
        expect_done(answers[0], "insert before an error");
        expect_error(answers[2], "22012", "division by zero");
        expect_status(answers[3], PGRES_PIPELINE_ABORTED, "a Parse that was skipped");
        expect_error(answers[5], "26000", "a statement whose Parse was skipped");
        note_server(answers[7]);
        expect_row(answers[8], {std::to_string(kept_)}, "orders after a failure");
        expect_settings(answers[9]);
    }

    void cancel(const Connection& connection, Pipeline& pipeline) {
        // A server is had first: a statement that still waits for one would be cancelled as well.
        note_server(pipeline.query("BEGIN").execute("pid").sync().run()[1]);
        pipeline.query("SELECT pg_sleep(60)").execute("pid").sync();
        {
            const Canceller canceller(connection);
            const std::vector<Answer> answers = pipeline.run();
            expect_error(answers[0], "57014", "cancelled");
            expect_status(answers[1], PGRES_PIPELINE_ABORTED, "after the cancelled statement");
        }
        pipeline.query("ROLLBACK").sync().run();
        pipeline.query("BEGIN").query("SET LOCAL statement_timeout = '50ms'").execute("pid");
        pipeline.query("SELECT pg_sleep(60)").sync().query("ROLLBACK").sync();
        const std::vector<Answer> answers = pipeline.execute("pid").execute("settings").sync().run();
        note_server(answers[2]);
        expect_error(answers[3], "57014", "timed out");
        expect_settings(answers[8]);
    }

    int number_;
    int tenant_;
    const Zone* zone_;
    bool is_moved_ = false;
    int kept_ = 0;   // rows this session left in its tenant's orders
    int checks_ = 0;
    std::vector<std::string> pids_;
};

void report(const std::vector<Session>& sessions) {
    int checks = 0;
    std::string text = "{\"pids\": [";
    for (const Session& session : sessions) {
        checks += session.checks();
        text += &session == &sessions.front() ? "[" : ", [";
        for (const std::string& pid : session.pids()) {
            text += (&pid == &session.pids().front() ? "" : ", ") + pid;
        }
        text += "]";
    }
    std::printf("%s], \"checks\": %d}\n", text.c_str(), checks);
}

void run() {
    const int count = std::stoi(variable("MATRIX_SESSIONS"));
    const int rounds = std::stoi(variable("MATRIX_ROUNDS"));
    std::vector<Session> sessions;
    for (int number = 0; number < count; ++number) {
        sessions.emplace_back(number);
    }
    std::barrier<> barrier(count);
    std::vector<std::thread> threads;
    for (Session& session : sessions) {
        threads.emplace_back([&session, &barrier, rounds] {
            try {
                session.run(rounds, barrier);
            } catch (const std::exception& problem) {
                std::fprintf(stderr, "%s\n", problem.what());
                std::_Exit(1);   // the others wait for this session at the barrier
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    report(sessions);
}

}   // namespace
}   // namespace shop

int main() {
    shop::run();
    return 0;
}
