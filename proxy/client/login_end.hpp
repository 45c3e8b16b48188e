// How a login ends when nobody is let in, as a value: what is counted, logged and told.
// Made here, so that all the texts that stand in for PostgreSQL's are in one place.
#pragma once

#include "metrics/catalog.hpp"
#include "protocol/backend.hpp"
#include "proxy/client/login_channel.hpp"
#include "proxy/client/startup_settings.hpp"
#include "proxy/core/refusal.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

struct LoginEnd {
    metrics::LoginOutcome outcome;
    std::string text;                      // one line for the log; empty: not worth one
    std::vector<std::byte> farewell;       // an ErrorResponse for the client; may be empty
    std::optional<RefusalReason> refusal;  // only when the outcome is `refused`
    std::string event_id;                  // in the log line, and in the DETAIL of a refusal
};

// A value, or the end of the login.
template <typename T>
using LoginStep = boost::system::result<T, LoginEnd>;

namespace login_end {

// The client has gone, or took too long.
LoginEnd channel(ChannelStatus status);
LoginEnd refused(const Refusal& refusal);
LoginEnd cancel_request();

// Startup. Violations of the protocol:
LoginEnd not_a_startup_packet();
LoginEnd malformed_startup();
LoginEnd unsupported_protocol(std::string_view version);
LoginEnd data_before_encryption(std::string_view request);
LoginEnd direct_tls_without_alpn();
// Things we do not serve, or not so:
LoginEnd tls_required();
std::optional<LoginEnd> replication(std::string_view value);   // nullopt when it is off, or not given
LoginEnd no_user();
LoginEnd settings(const SettingsError& error);

// Authentication and what comes after it.
LoginEnd unexpected_message(char type);
LoginEnd message_too_long();
LoginEnd scram(boost::system::error_code error);
LoginEnd wrong_password(std::string_view user);
LoginEnd unknown_database(std::string_view database);
LoginEnd permission_denied(std::string_view database);
LoginEnd console_denied(std::string_view database);
LoginEnd disabled(std::string_view database);

}  // namespace login_end

}  // namespace pgweir::proxy
