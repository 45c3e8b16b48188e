// One console: the wire of the simple and the extended protocol around run_command.
#pragma once

#include "protocol/backend.hpp"
#include "protocol/message_type.hpp"
#include "proxy/admin/console.hpp"
#include "proxy/client/login_channel.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::proxy {

struct ConsolePortal {
    AdminCommand command;
    Formats formats;
    std::optional<CommandResult> result;   // none: not executed yet
    std::size_t next = 0;                  // row
};

// A resource; lives in the frame of serve_console. Lifetime: services and channel outlive it.
class ConsoleSession {
public:
    ConsoleSession(ConsoleServices& services, LoginChannel& channel, ConsoleRole role, std::string who)
        : services_(services), channel_(channel), role_(role), who_(std::move(who)) {}

    boost::asio::awaitable<void> run(std::vector<std::byte> farewell);

private:
    enum class Next { go_on, end };

    boost::asio::awaitable<Next> take(protocol::FrontendType type, std::vector<std::byte> body);
    boost::asio::awaitable<bool> flush();
    boost::asio::awaitable<void> query(std::string text);
    boost::asio::awaitable<CommandResult> run_one(const AdminCommand& command);
    boost::asio::awaitable<void> execute(std::string name, std::int32_t most);
    void parse(protocol::Reader& body);
    void bind(protocol::Reader& body);
    void describe(protocol::Reader& body);
    void close(protocol::Reader& body);
    void send_rows(const Table& table, const Formats& formats, std::size_t first, std::size_t last);
    void complete(const AdminCommand& command, std::size_t rows);
    void notice(const Done& done);
    void fail(const CommandError& error);   // in the extended protocol
    void ready() { protocol::write_ready_for_query(out_, status_); }
    Next end(std::string_view code, std::string_view message);

    ConsoleServices& services_;
    LoginChannel& channel_;
    const ConsoleRole role_;
    const std::string who_;
    std::vector<std::byte> out_;
    std::map<std::string, std::optional<AdminCommand>, std::less<>> statements_;   // nullopt: an empty one
    std::map<std::string, ConsolePortal, std::less<>> portals_;
    bool is_skipping_ = false;   // up to Sync
    protocol::TransactionStatus status_ = protocol::TransactionStatus::idle;
};

}  // namespace pgweir::proxy
