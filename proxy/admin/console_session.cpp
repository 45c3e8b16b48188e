#include "proxy/admin/console_session.hpp"

#include "proxy/admin/console_answers.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/client/login_channel.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
namespace sqlstate = protocol::sqlstate;
using protocol::BackendType;
using protocol::FrontendType;

namespace {

// Chosen: no command is longer.
constexpr std::size_t max_message = 64 * 1024;

// Its place in the registry, for as long as it lives.
class Registered {
public:
    Registered(ConsoleRegistry& registry, ConsoleView view) : registry_(registry), at_(registry.open.insert(registry.open.end(), std::move(view))) {}
    ~Registered() { registry_.open.erase(at_); }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

private:
    ConsoleRegistry& registry_;
    std::list<ConsoleView>::iterator at_;
};

}  // namespace

asio::awaitable<bool> ConsoleSession::flush() {
    const ChannelStatus written = co_await channel_.write(out_);
    out_.clear();
    co_return written == ChannelStatus::ok;
}

asio::awaitable<void> ConsoleSession::run(std::vector<std::byte> farewell) {
    out_ = std::move(farewell);
    write_console_greeting(out_, services_.version);
    bool goes_on = co_await flush();
    while (goes_on) {
        std::array<std::byte, protocol::frame_header_size> head{};
        const ChannelStatus head_read = co_await channel_.read(head);
        if (head_read != ChannelStatus::ok) co_return;
        const protocol::HeaderResult header = protocol::read_header(head);
        Next next = Next::end;
        if (header.status != protocol::HeaderStatus::complete) {
            next = end(sqlstate::protocol_violation, "invalid message length");
        } else if (header.header.body_size > max_message) {
            next = end(sqlstate::program_limit_exceeded, "the message is longer than a command of the console can be");
        } else {
            std::vector<std::byte> body(header.header.body_size);
            const ChannelStatus body_read = co_await channel_.read(body);
            if (body_read != ChannelStatus::ok) co_return;
            next = co_await take(static_cast<FrontendType>(header.header.type), std::move(body));
        }
        if (next == Next::end) {
            if (!out_.empty()) co_await channel_.part(out_);
            co_return;
        }
        goes_on = co_await flush();
    }
}

ConsoleSession::Next ConsoleSession::end(std::string_view code, std::string_view message) {
    protocol::write_error_response(out_, {.severity = "FATAL", .sqlstate = code, .message = message});
    return Next::end;
}

asio::awaitable<ConsoleSession::Next> ConsoleSession::take(FrontendType type, std::vector<std::byte> body) {
    protocol::Reader reader(body);
    if (type == FrontendType::terminate) co_return Next::end;
    if (type == FrontendType::sync) {
        is_skipping_ = false;
        if (status_ == protocol::TransactionStatus::idle) portals_.clear();
        ready();
        co_return Next::go_on;
    }
    if (is_skipping_ && type != FrontendType::query) co_return Next::go_on;
    switch (type) {
    case FrontendType::query: {
        const std::string_view text = reader.cstring();
        if (!reader.ok()) co_return end(sqlstate::protocol_violation, "invalid message format");
        is_skipping_ = false;
        co_await query(std::string(text));
        co_return Next::go_on;
    }
    case FrontendType::execute: {
        const std::string_view portal = reader.cstring();
        const std::int32_t most = reader.i32();
        if (!reader.ok()) co_return end(sqlstate::protocol_violation, "invalid message format");
        co_await execute(std::string(portal), most);
        co_return Next::go_on;
    }
    case FrontendType::parse: parse(reader); break;
    case FrontendType::bind: bind(reader); break;
    case FrontendType::describe: describe(reader); break;
    case FrontendType::close: close(reader); break;
    case FrontendType::flush: break;
    default: co_return end(sqlstate::protocol_violation, "the console takes no such message");
    }
    if (!reader.ok()) co_return end(sqlstate::protocol_violation, "invalid message format");
    co_return Next::go_on;
}

asio::awaitable<CommandResult> ConsoleSession::run_one(const AdminCommand& command) {
    if (command.verb == Verb::ping) co_return CommandResult(pong(command, services_.version));
    if (command.verb == Verb::nothing) {
        if (command.tag == "BEGIN") status_ = protocol::TransactionStatus::in_transaction;
        if (command.tag == "COMMIT" || command.tag == "ROLLBACK") status_ = protocol::TransactionStatus::idle;
        Done done{command.tag};
        co_return done;
    }
    CommandResult result = co_await run_command(services_, role_, who_, command);
    co_return result;
}

asio::awaitable<void> ConsoleSession::query(std::string text) {
    const std::vector<ParsedCommand> commands = parse_commands(text);
    if (commands.empty()) protocol::write_bare(out_, BackendType::empty_query_response);
    for (const ParsedCommand& parsed : commands) {
        if (const auto* error = std::get_if<CommandError>(&parsed)) {
            write_error(out_, *error);
            break;
        }
        const AdminCommand& command = std::get<AdminCommand>(parsed);
        const CommandResult result = co_await run_one(command);
        if (const auto* error = std::get_if<CommandError>(&result)) {
            write_error(out_, *error);
            break;
        }
        std::size_t rows = 0;
        if (const auto* table = std::get_if<Table>(&result)) {
            write_description(out_, command, {});
            rows = table->rows.size();
            send_rows(*table, {}, 0, rows);
        } else {
            notice(std::get<Done>(result));
        }
        complete(command, rows);
    }
    ready();
}

void ConsoleSession::notice(const Done& done) {
    if (done.notice.empty()) return;
    const std::size_t at = out_.size();
    protocol::write_error_response(out_, {.severity = "NOTICE", .sqlstate = "00000", .message = done.notice, .detail = done.detail});
    out_[at] = static_cast<std::byte>(BackendType::notice_response);
}

void ConsoleSession::send_rows(const Table& table, const Formats& formats, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) write_data_row(out_, table.rows[i], formats);
}

void ConsoleSession::complete(const AdminCommand& command, std::size_t rows) {
    const bool is_select = command.verb == Verb::ping && command.tag.starts_with("SELECT");
    protocol::write_command_complete(out_, is_select ? fmt::format("SELECT {}", rows) : command.tag);
}

int ConsoleRegistry::ordinary() const {
    int count = 0;
    for (const ConsoleView& one : open) count += one.is_reserved ? 0 : 1;
    return count;
}

asio::awaitable<void> serve_console(ConsoleServices& services, ConsoleClient client) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    ConsoleClient held = std::move(client);
    ConsoleView view{held.user, held.address, held.stream.is_tls(), held.ticket.is_reserved()};
    const Registered registered(*services.registry, std::move(view));
    spdlog::info("event=console_opened user={:?} client={} role={}", held.user, held.address, held.role == ConsoleRole::admin ? "admin" : "stats");
    LoginChannel channel(executor, std::move(held.stream));
    ConsoleSession session(services, channel, held.role, held.user);
    co_await session.run(held.farewell);
}

}  // namespace pgweir::proxy
