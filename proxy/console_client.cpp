#include "proxy/console_client.hpp"

#include "proxy/commands.hpp"
#include "proxy/console_dsn.hpp"
#include "proxy/top/screen_text.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::proxy {
namespace {

constexpr int exit_failed = 1;

struct ConnectionDeleter {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ResultDeleter {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, ConnectionDeleter>;
using Result = std::unique_ptr<PGresult, ResultDeleter>;

// Clients choose names: on a terminal nothing of them may move the cursor.
std::string shown(const char* cell) { return ::isatty(STDOUT_FILENO) == 1 ? clean(cell) : cell; }

void print(const PGresult* result) {
    const int columns = PQnfields(result);
    const int rows = PQntuples(result);
    const auto line = [&](int row) {
        std::vector<std::string> cells;
        for (int column = 0; column < columns; ++column) cells.push_back(shown(row < 0 ? PQfname(result, column) : PQgetvalue(result, row, column)));
        return cells;
    };
    std::vector<std::size_t> widths(static_cast<std::size_t>(columns), 0);
    for (int row = -1; row < rows; ++row) {
        const std::vector<std::string> cells = line(row);
        for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
    }
    for (int row = -1; row < rows; ++row) {
        const std::vector<std::string> cells = line(row);
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const bool is_last = i + 1 == cells.size();
            std::cout << cells[i] << (is_last ? "\n" : std::string(widths[i] - width_of(cells[i]) + 2, ' '));
        }
    }
}

// SHOW HELP is a notice.
void print_notice(void*, const PGresult* notice) {
    const char* detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);
    std::cout << PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY) << '\n' << (detail == nullptr ? "" : detail) << '\n';
}

}  // namespace

int show_console(const std::string& config_file, const std::string& dsn, const std::string& what) {
    const std::optional<std::string> target = console_dsn(config_file, dsn, "pgweir_show");
    if (!target) return exit_bad_config;
    const Connection connection(PQconnectdb(target->c_str()));
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        std::cerr << PQerrorMessage(connection.get());
        return exit_failed;
    }
    PQsetNoticeReceiver(connection.get(), print_notice, nullptr);
    const Result result(PQexec(connection.get(), ("SHOW " + what).c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK) print(result.get());
    else if (status != PGRES_COMMAND_OK) std::cerr << PQerrorMessage(connection.get());
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? 0 : exit_failed;
}

}  // namespace pgweir::proxy
