// What a client's startup packet asks of its session: run-time parameters, directly or
// through `options`. Pure; knows PostgreSQL's rules for names, not which names exist.
#pragma once

#include "protocol/startup.hpp"
#include "proxy/client/logged_in_client.hpp"
#include "proxy/core/settings_error.hpp"

#include <string_view>
#include <variant>

namespace pgweir::proxy {

// All parameters but those about the connection itself (user, database, replication,
// options). Names are in lower case and each stands once, the last value given;
// parameters of the packet come after `options`, as in PostgreSQL. client_encoding is
// spelled canonically.
std::variant<ClientSettings, SettingsError> startup_settings(const protocol::StartupMessage& message);

// PostgreSQL's own spelling of an encoding's name (`'utf-8'` and `unicode` are UTF8), or
// an empty view when there is no such encoding. Lifetime: static.
std::string_view canonical_encoding(std::string_view name);

}  // namespace pgweir::proxy
