// What a console session answers, as bytes. Pure.
#pragma once

#include "proxy/admin/console.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// AuthenticationOk to ReadyForQuery.
void write_console_greeting(std::vector<std::byte>& out, std::string_view version);

void write_error(std::vector<std::byte>& out, const CommandError& error);

// A command's RowDescription, or NoData when it has no rows.
void write_description(std::vector<std::byte>& out, const AdminCommand& command, const Formats& formats);
// How many columns that is; 0 for NoData.
std::size_t columns_of(const AdminCommand& command);

// What a ping is answered with. `version`: what server_version says.
Table pong(const AdminCommand& command, std::string_view version);

// What the parameter server_version says: drivers read a number in front.
std::string server_version(std::string_view version);

}  // namespace pgweir::proxy
