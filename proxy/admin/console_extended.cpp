// The extended protocol of a console.
#include "proxy/admin/console_answers.hpp"
#include "proxy/admin/console_session.hpp"

#include "protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgweir::proxy {

namespace asio = boost::asio;
namespace sqlstate = protocol::sqlstate;
using protocol::BackendType;

namespace {

// Chosen: nobody needs more at a time.
constexpr std::size_t max_statements = 100;

}  // namespace

void ConsoleSession::fail(const CommandError& error) {
    write_error(out_, error);
    is_skipping_ = true;
}

void ConsoleSession::parse(protocol::Reader& body) {
    const std::string_view name = body.cstring();
    const std::string_view text = body.cstring();
    if (!body.ok()) return;
    const std::vector<ParsedCommand> commands = parse_commands(text);
    if (!name.empty() && statements_.contains(name)) {
        fail({sqlstate::duplicate_prepared_statement, fmt::format("prepared statement \"{}\" already exists", name)});
    } else if (statements_.size() >= max_statements) {
        fail({sqlstate::program_limit_exceeded, "too many prepared statements"});
    } else if (commands.size() > 1) {
        fail({sqlstate::syntax_error, "cannot insert multiple commands into a prepared statement"});
    } else if (!commands.empty() && std::holds_alternative<CommandError>(commands.front())) {
        fail(std::get<CommandError>(commands.front()));
    } else {
        statements_[std::string(name)] = commands.empty() ? std::nullopt : std::optional(std::get<AdminCommand>(commands.front()));
        protocol::write_bare(out_, BackendType::parse_complete);
    }
}

void ConsoleSession::bind(protocol::Reader& body) {
    const std::string_view portal = body.cstring();
    const std::string_view name = body.cstring();
    const std::int16_t parameter_formats = body.i16();
    for (std::int16_t i = 0; i < parameter_formats && body.ok(); ++i) body.i16();
    const std::int16_t parameters = body.i16();
    for (std::int16_t i = 0; i < parameters && body.ok(); ++i) {
        const std::int32_t size = body.i32();
        if (size > 0) body.bytes(static_cast<std::size_t>(size));
    }
    Formats formats;
    const std::int16_t count = body.i16();
    for (std::int16_t i = 0; i < count && body.ok(); ++i) formats.push_back(body.i16());
    if (!body.ok()) return;
    const auto statement = statements_.find(name);
    if (statement == statements_.end()) {
        fail({sqlstate::invalid_sql_statement_name, fmt::format("prepared statement \"{}\" does not exist", name)});
        return;
    }
    const AdminCommand command = statement->second.value_or(AdminCommand());
    if (parameters != 0) {
        fail({sqlstate::protocol_violation, fmt::format("bind message supplies {} parameters, but prepared statement \"{}\" requires 0", parameters, name)});
    } else if (!are_formats_for(formats, columns_of(command))) {
        fail({sqlstate::protocol_violation, "bind message has other result formats than the query has columns"});
    } else if (portals_.size() >= max_statements) {
        fail({sqlstate::program_limit_exceeded, "too many portals"});
    } else {
        portals_[std::string(portal)] = ConsolePortal{command, std::move(formats), std::nullopt, 0};
        protocol::write_bare(out_, BackendType::bind_complete);
    }
}

void ConsoleSession::describe(protocol::Reader& body) {
    const char kind = static_cast<char>(body.u8());
    const std::string_view name = body.cstring();
    if (!body.ok()) return;
    if (kind == 'S') {
        const auto found = statements_.find(name);
        if (found == statements_.end()) {
            fail({sqlstate::invalid_sql_statement_name, fmt::format("prepared statement \"{}\" does not exist", name)});
            return;
        }
        protocol::write_no_parameters(out_);
        write_description(out_, found->second.value_or(AdminCommand()), {});
        return;
    }
    const auto found = portals_.find(name);
    if (found == portals_.end()) fail({sqlstate::invalid_cursor_name, fmt::format("portal \"{}\" does not exist", name)});
    else write_description(out_, found->second.command, found->second.formats);
}

void ConsoleSession::close(protocol::Reader& body) {
    const char kind = static_cast<char>(body.u8());
    const std::string_view name = body.cstring();
    if (!body.ok()) return;
    if (kind == 'S') statements_.erase(std::string(name));
    else portals_.erase(std::string(name));
    protocol::write_bare(out_, BackendType::close_complete);
}

asio::awaitable<void> ConsoleSession::execute(std::string name, std::int32_t most) {
    const auto found = portals_.find(name);
    if (found == portals_.end()) {
        fail({sqlstate::invalid_cursor_name, fmt::format("portal \"{}\" does not exist", name)});
        co_return;
    }
    ConsolePortal& portal = found->second;
    if (portal.command.tag.empty()) {
        protocol::write_bare(out_, BackendType::empty_query_response);
        co_return;
    }
    if (!portal.result) {
        CommandResult result = co_await run_one(portal.command);
        portal.result = std::move(result);
    }
    if (const auto* error = std::get_if<CommandError>(&*portal.result)) {
        fail(*error);
        co_return;
    }
    const auto* table = std::get_if<Table>(&*portal.result);
    if (table == nullptr) {
        notice(std::get<Done>(*portal.result));
        complete(portal.command, 0);
        co_return;
    }
    const std::size_t first = portal.next;
    const std::size_t left = table->rows.size() - first;
    const std::size_t count = most > 0 ? std::min(left, static_cast<std::size_t>(most)) : left;
    portal.next += count;
    send_rows(*table, portal.formats, first, portal.next);
    if (portal.next < table->rows.size()) protocol::write_bare(out_, BackendType::portal_suspended);
    else complete(portal.command, count);
}

}  // namespace pgweir::proxy
