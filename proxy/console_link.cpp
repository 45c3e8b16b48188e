#include "proxy/console_link.hpp"

#include <libpq-fe.h>

#include <iterator>
#include <utility>

namespace pgweir::proxy {
namespace {

// Chosen: for a login, and for all answers together.
constexpr std::chrono::seconds patience{10};

std::string first_line(const char* text) {
    const std::string_view all = text == nullptr ? "" : text;
    return std::string(all.substr(0, all.find('\n')));
}

// libpq would print notices, the console's goodbye among them, into the screen.
void ignore_notice(void*, const PGresult*) {}

}  // namespace

void ConsoleLink::Closer::operator()(pg_conn* connection) const { PQfinish(connection); }

void ConsoleLink::lose(std::string error) {
    error_ = error.empty() ? "the connection was closed" : std::move(error);
    connection_.reset();
    state_ = State::lost;
    deadline_ = TimePoint::max();
}

void ConsoleLink::connect(TimePoint now) {
    connection_.reset(PQconnectStart(dsn_.c_str()));
    if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) {
        lose(connection_ ? first_line(PQerrorMessage(connection_.get())) : "out of memory");
        return;
    }
    PQsetNoticeReceiver(connection_.get(), ignore_notice, nullptr);
    state_ = State::connecting;
    wants_write_ = true;   // libpq: poll for writing before the first PQconnectPoll
    deadline_ = now + patience;
}

void ConsoleLink::go_on_connecting() {
    switch (PQconnectPoll(connection_.get())) {
    case PGRES_POLLING_OK:
        state_ = State::ready;
        deadline_ = TimePoint::max();
        error_.clear();
        return;
    case PGRES_POLLING_FAILED:
        lose(first_line(PQerrorMessage(connection_.get())));
        return;
    case PGRES_POLLING_WRITING:
        wants_write_ = true;
        return;
    default:
        wants_write_ = false;
    }
}

void ConsoleLink::ask(TimePoint now) {
    state_ = State::asking;
    question_ = 0;
    is_refused_ = false;
    gathering_ = Sample{};
    deadline_ = now + patience;
    send_question();
}

void ConsoleLink::send_question() {
    if (PQsendQuery(connection_.get(), questions[question_].sql) != 1) lose(first_line(PQerrorMessage(connection_.get())));
}

void ConsoleLink::keep(const pg_result* result) {
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        is_refused_ = true;
        error_ = first_line(PQresultErrorMessage(result));
        return;
    }
    ShowTable& table = gathering_.*questions[question_].table;
    const int columns = PQnfields(result);
    for (int column = 0; column < columns; ++column) table.columns.emplace_back(PQfname(result, column));
    for (int row = 0; row < PQntuples(result); ++row) {
        std::vector<std::string>& cells = table.rows.emplace_back();
        for (int column = 0; column < columns; ++column) cells.emplace_back(PQgetvalue(result, row, column));
    }
}

void ConsoleLink::go_on_asking(TimePoint now) {
    while (state_ == State::asking && PQisBusy(connection_.get()) == 0) {
        if (PGresult* result = PQgetResult(connection_.get())) {
            keep(result);
            PQclear(result);
            continue;
        }
        if (PQstatus(connection_.get()) == CONNECTION_BAD) {
            lose(first_line(PQerrorMessage(connection_.get())));
        } else if (++question_ < std::size(questions)) {
            send_question();
        } else {
            state_ = State::ready;
            deadline_ = TimePoint::max();
            gathering_.at = now;
            if (!is_refused_) {
                error_.clear();
                complete_ = std::move(gathering_);
            }
        }
    }
}

void ConsoleLink::go_on(TimePoint now) {
    if (state_ == State::lost) return;
    if (now >= deadline_) {
        lose("no answer within 10 s");
        return;
    }
    pollfd ready = wanted();
    if (::poll(&ready, 1, 0) != 1) return;
    if (state_ == State::connecting) {
        go_on_connecting();
        return;
    }
    // Also while nothing is asked: that is how the console's end is noticed.
    if (PQconsumeInput(connection_.get()) != 1) lose(first_line(PQerrorMessage(connection_.get())));
    else if (state_ == State::asking) go_on_asking(now);
    else PQisBusy(connection_.get());   // reads what has come unasked
}

pollfd ConsoleLink::wanted() const {
    if (state_ == State::lost) return {-1, 0, 0};
    const bool is_writing = state_ == State::connecting && wants_write_;
    return {PQsocket(connection_.get()), static_cast<short>(is_writing ? POLLOUT : POLLIN), 0};
}

ConsoleLink::TimePoint ConsoleLink::deadline() const { return deadline_; }

std::optional<Sample> ConsoleLink::take() { return std::exchange(complete_, std::nullopt); }

}  // namespace pgweir::proxy
