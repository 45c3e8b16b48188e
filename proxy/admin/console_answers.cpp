#include "proxy/admin/console_answers.hpp"

#include "proxy/admin/shows.hpp"

#include "protocol/backend.hpp"
#include "protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace pgweir::proxy {
namespace {

// A console has nothing to cancel; some drivers want a key nevertheless.
constexpr std::array<std::byte, 4> no_secret{};

// Drivers take the console for a server that is as old as this.
constexpr std::string_view spoken_version = "15.0";

bool is_constant(const AdminCommand& command) { return command.verb == Verb::ping && command.name == "?column?"; }

}  // namespace

std::string server_version(std::string_view version) { return fmt::format("{} (pgweir {})", spoken_version, version); }

void write_console_greeting(std::vector<std::byte>& out, std::string_view version) {
    protocol::write_authentication_ok(out);
    const std::string server = server_version(version);
    const std::array<std::pair<std::string_view, std::string_view>, 9> parameters = {{
        {"server_version", server},
        {"server_encoding", "UTF8"},
        {"client_encoding", "UTF8"},
        {"DateStyle", "ISO"},
        {"IntervalStyle", "postgres"},
        {"TimeZone", "UTC"},
        {"integer_datetimes", "on"},
        {"standard_conforming_strings", "on"},
        {"is_superuser", "off"},
    }};
    for (const auto& [name, value] : parameters) protocol::write_parameter_status(out, name, value);
    protocol::write_backend_key_data(out, 0, no_secret);
    protocol::write_ready_for_query(out, protocol::TransactionStatus::idle);
}

void write_error(std::vector<std::byte>& out, const CommandError& error) {
    protocol::write_error_response(out, {.severity = "ERROR", .sqlstate = error.sqlstate, .message = error.message, .hint = error.hint});
}

std::size_t columns_of(const AdminCommand& command) {
    if (command.verb == Verb::ping) return 1;
    return command.show == nullptr ? 0 : command.show->columns.size();
}

void write_description(std::vector<std::byte>& out, const AdminCommand& command, const Formats& formats) {
    if (command.verb == Verb::ping) {
        const Column column{command.name, is_constant(command) ? ColumnType::number : ColumnType::text};
        write_row_description(out, std::span(&column, 1), formats);
    } else if (command.show != nullptr) {
        write_row_description(out, command.show->columns, formats);
    } else {
        protocol::write_bare(out, protocol::BackendType::no_data);
    }
}

Table pong(const AdminCommand& command, std::string_view version) {
    if (command.tag == "SELECT 0") return Table{};
    Cell value = command.value;
    if (command.name == "version" || command.name == "server_version") value = server_version(version);
    if (is_constant(command)) {
        std::int64_t number = 0;
        std::from_chars(command.value.data(), command.value.data() + command.value.size(), number);
        value = number;
    }
    return Table{{}, {Row{std::move(value)}}};
}

}  // namespace pgweir::proxy
