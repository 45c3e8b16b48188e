#include "proxy/console_client.hpp"

#include "config/load.hpp"
#include "protocol/scram.hpp"
#include "proxy/commands.hpp"
#include "proxy/server/login.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
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

std::string in_quotes(std::string_view value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

// The first user who may enter and whose password stands in the file as such.
std::optional<std::pair<std::string, std::string>> known_user(const config::Config& config) {
    for (const auto& [name, user] : config.users) {
        if ((user.admin || user.stats) && !protocol::parse_verifier(user.password.reveal())) return std::pair(name, user.password.reveal());
    }
    return std::nullopt;
}

std::string reachable(std::string address) {
    if (address == "0.0.0.0") return "127.0.0.1";
    return address == "::" ? "::1" : address;
}

// Empty: the file does not say how.
std::string dsn_of(const config::Config& config) {
    const std::string common = " dbname=pgweir connect_timeout=10 application_name=pgweir_show port=" + std::to_string(config.listen.port);
    if (!config.listen.unix_socket_dir.empty()) return "user=pgweir host=" + in_quotes(config.listen.unix_socket_dir) + common;
    const auto user = known_user(config);
    if (!user || config.listen.address.empty()) return {};
    return "host=" + in_quotes(reachable(config.listen.address.front())) + " user=" + in_quotes(user->first) +
           " password=" + in_quotes(user->second) + common;
}

std::optional<std::string> dsn_from_file(const std::string& file) {
    config::Surroundings surroundings = config::real_surroundings();
    surroundings.check_dsn = check_dsn;
    const config::LoadResult loaded = config::load_file(file, surroundings);
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    if (!loaded.config) return std::nullopt;
    std::string dsn = dsn_of(*loaded.config);
    if (!dsn.empty()) return dsn;
    std::cerr << file << ": no way to the console: set listen.unix_socket_dir, or give a user admin: true or stats: true and a "
                         "plain password, or use --dsn\n";
    return std::nullopt;
}

// Characters as they are counted on a terminal, more or less: bytes that do not go on with another one.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void print(const PGresult* result) {
    const int columns = PQnfields(result);
    const int rows = PQntuples(result);
    const auto line = [&](int row) {
        std::vector<std::string> cells;
        for (int column = 0; column < columns; ++column) cells.emplace_back(row < 0 ? PQfname(result, column) : PQgetvalue(result, row, column));
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
    const std::optional<std::string> target = dsn.empty() ? dsn_from_file(config_file) : std::optional(dsn);
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
