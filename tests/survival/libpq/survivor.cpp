// A program on libpq: a connection for each thread, reset when it is broken. See python/survivor.py.
#include "tests/matrix/libpq/connection.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <mutex>
#include <sstream>
#include <thread>

namespace {

constexpr int uses_of_a_connection = 5;

std::string setting(const std::string& name) {
    const char* const value = std::getenv(("SURVIVAL_" + name).c_str());
    if (value == nullptr) {
        throw std::runtime_error("no SURVIVAL_" + name);
    }
    return value;
}

// What a unit has failed with.
struct Failure {
    std::string sqlstate;
    std::string text;
};

void say(const std::string& text) {
    static std::mutex mutex;
    std::istringstream words(text);
    std::string line;
    for (std::string word; words >> word;) {
        line += (line.empty() ? "" : " ") + word;
    }
    const std::lock_guard lock(mutex);
    std::cout << line << std::endl;
}

// Pauses that the end of the program cuts short.
class Rest {
public:
    void end() {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
        changed_.notify_all();
    }

    // Whether the program goes on.
    bool take(std::chrono::duration<double> time) {
        std::unique_lock lock(mutex_);
        return !changed_.wait_for(lock, time, [this] { return is_over_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_over_ = false;
};

class Worker {
public:
    Worker(int number, Rest& rest) : number_(number), rest_(rest) {}

    void run() {
        const std::chrono::duration<double> pause(std::stod(setting("PAUSE")));
        while (rest_.take(pause)) {
            const std::string name = setting("NAME") + "/" + std::to_string(number_) + "/" + std::to_string(++turn_);
            try {
                work(name);
                say("done " + name);
            } catch (const Failure& failure) {
                say("failed " + name + " " + (failure.sqlstate.empty() ? "-----" : failure.sqlstate) + " " + failure.text);
            }
        }
    }

private:
    void work(const std::string& name) {
        connect();
        try {
            execute("BEGIN");
            const shop::Answer pace = execute("SELECT client_seconds FROM pace, pg_sleep(server_seconds)");
            rest_.take(std::chrono::duration<double>(std::stod(pace.rows.at(0).at(0))));
            insert(name);
            execute("COMMIT");
        } catch (const Failure&) {
            if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
                execute("ROLLBACK");
            }
            throw;
        }
    }

    void connect() {
        if (!connection_) {
            connection_.reset(PQconnectdb(setting("DSN").c_str()));
        } else if (PQstatus(connection_.get()) != CONNECTION_OK || turn_ % uses_of_a_connection == 0) {
            PQreset(connection_.get());
        }
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            throw Failure{"", PQerrorMessage(connection_.get())};
        }
    }

    shop::Answer execute(const std::string& sql) { return checked(PQexec(connection_.get(), sql.c_str())); }

    void insert(const std::string& name) {
        const char* const value = name.c_str();
        checked(PQexecParams(connection_.get(), "INSERT INTO work (id) VALUES ($1)", 1, nullptr, &value, nullptr, nullptr, 0));
    }

    shop::Answer checked(PGresult* result) const {
        shop::Answer answer = shop::read_answer(result);
        if (answer.status != PGRES_COMMAND_OK && answer.status != PGRES_TUPLES_OK) {
            throw Failure{answer.sqlstate, PQerrorMessage(connection_.get())};
        }
        return answer;
    }

    int number_;
    int turn_ = 0;
    Rest& rest_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
};

}   // namespace

int main() {
    Rest rest;
    std::vector<std::thread> threads;
    for (int number = 0; number < std::stoi(setting("WORKERS")); ++number) {
        threads.emplace_back([number, &rest] { Worker(number, rest).run(); });
    }
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    rest.end();
    for (std::thread& thread : threads) {
        thread.join();
    }
}
