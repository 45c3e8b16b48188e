#include "proxy/client/login_end.hpp"

#include "protocol/errc.hpp"
#include "protocol/sqlstate.hpp"
#include "proxy/client/client_errors.hpp"
#include "proxy/core/setting_values.hpp"

#include <fmt/format.h>

namespace pgweir::proxy::login_end {

namespace sqlstate = protocol::sqlstate;
using metrics::LoginOutcome;
using protocol::errc;

namespace {

// FATAL without DETAIL's `id=`: these texts are PostgreSQL's own, to the letter.
LoginEnd fatal(LoginOutcome outcome, std::string_view code, std::string_view message, std::string_view detail = {},
               std::string_view hint = {}) {
    LoginEnd end{outcome, std::string(message), {}, std::nullopt, make_event_id()};
    protocol::write_error_response(end.farewell, {"FATAL", code, message, detail, hint});
    return end;
}

LoginEnd violation(std::string_view message, std::string_view detail = {}) {
    return fatal(LoginOutcome::protocol_error, sqlstate::protocol_violation, message, detail);
}

LoginEnd closed() {
    return LoginEnd{LoginOutcome::closed, {}, {}, std::nullopt, {}};
}

}  // namespace

LoginEnd channel(ChannelStatus status) {
    switch (status) {
    case ChannelStatus::timed_out:
        return fatal(LoginOutcome::timeout, sqlstate::query_canceled, "canceling authentication due to timeout");
    case ChannelStatus::broken_tls:
        return LoginEnd{LoginOutcome::protocol_error, "TLS handshake failed: " + net::take_tls_error(), {}, std::nullopt,
                        make_event_id()};
    case ChannelStatus::closed:
    case ChannelStatus::ok:
        break;
    }
    return closed();
}

LoginEnd refused(const Refusal& refusal) {
    LoginEnd end{LoginOutcome::refused, {}, {}, refusal.reason, make_event_id()};
    end.text = refusal.upstream_text.empty() ? token(refusal.reason) : refusal.upstream_text;
    write_refusal(end.farewell, Severity::fatal, refusal, end.event_id);
    return end;
}

LoginEnd cancel_request() {
    return LoginEnd{LoginOutcome::cancel_request, {}, {}, std::nullopt, {}};
}

LoginEnd not_a_startup_packet() {
    return violation("invalid length of startup packet");
}

LoginEnd malformed_startup() {
    return violation("invalid startup packet layout: expected terminator as last byte");
}

LoginEnd unsupported_protocol(std::string_view version) {
    return fatal(LoginOutcome::protocol_error, sqlstate::feature_not_supported,
                 fmt::format("unsupported frontend protocol {}: server supports 3.0 to 3.{}", version,
                             protocol::newest_minor_version));
}

LoginEnd data_before_encryption(std::string_view request) {
    return violation(fmt::format("received unencrypted data after {} request", request),
                     "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.");
}

LoginEnd direct_tls_without_alpn() {
    return violation("received direct SSL connection request without ALPN protocol negotiation extension");
}

LoginEnd tls_required() {
    return fatal(LoginOutcome::authentication_failed, sqlstate::invalid_authorization_specification,
                 "connection requires a secure channel (TLS)", {}, "Connect with sslmode=require or stricter.");
}

std::optional<LoginEnd> replication(std::string_view value) {
    const std::optional<bool> is_on = value == "database" ? true : value.empty() ? false : parse_bool(value);
    if (!is_on) {
        return fatal(LoginOutcome::protocol_error, sqlstate::invalid_parameter_value,
                     fmt::format("invalid value for parameter \"replication\": \"{}\"", value), {},
                     "Valid values are: \"false\", 0, \"true\", 1, \"database\".");
    }
    if (!*is_on) return std::nullopt;
    return fatal(LoginOutcome::protocol_error, sqlstate::feature_not_supported,
                 "replication connections are not supported by pgweir", {},
                 "Connect to the database's own host for replication.");
}

LoginEnd no_user() {
    return fatal(LoginOutcome::protocol_error, sqlstate::invalid_authorization_specification,
                 "no PostgreSQL user name specified in startup packet");
}

LoginEnd settings(const SettingsError& error) {
    return fatal(LoginOutcome::protocol_error, error.sqlstate, error.message, error.detail, error.hint);
}

LoginEnd unexpected_message(char type) {
    return violation(fmt::format("expected SASL response, got message type {}", static_cast<unsigned char>(type)));
}

LoginEnd message_too_long() {
    return violation("invalid message length");
}

LoginEnd scram(boost::system::error_code error) {
    if (error == errc::scram_unsupported) return violation("client selected an invalid SASL authentication mechanism");
    if (error == errc::scram_nonce_mismatch) return violation("invalid SCRAM response", "Nonce does not match.");
    if (error == errc::scram_binding_mismatch) {
        return fatal(LoginOutcome::authentication_failed, sqlstate::invalid_authorization_specification,
                     "SCRAM channel binding check failed");
    }
    return violation("malformed SCRAM message");
}

LoginEnd wrong_password(std::string_view user) {
    return fatal(LoginOutcome::authentication_failed, sqlstate::invalid_password,
                 fmt::format("password authentication failed for user \"{}\"", user));
}

LoginEnd unknown_database(std::string_view database) {
    return fatal(LoginOutcome::authentication_failed, sqlstate::invalid_catalog_name,
                 fmt::format("database \"{}\" does not exist", database));
}

LoginEnd permission_denied(std::string_view database) {
    return fatal(LoginOutcome::authentication_failed, sqlstate::insufficient_privilege,
                 fmt::format("permission denied for database \"{}\"", database),
                 "User does not have CONNECT privilege.",
                 "The user's `databases` in the configuration does not name this one.");
}

LoginEnd console_denied(std::string_view database) {
    return fatal(LoginOutcome::authentication_failed, sqlstate::insufficient_privilege,
                 fmt::format("permission denied for database \"{}\"", database),
                 "This is the admin console.", "It is for users with admin: true or stats: true in the configuration.");
}

// By an operator; not for load, so it counts with none of the reasons for that.
LoginEnd disabled(std::string_view database) {
    LoginEnd end = fatal(LoginOutcome::refused, sqlstate::cannot_connect_now, fmt::format("database \"{}\" is disabled", database),
                         fmt::format("reason=disabled retry_after_ms={} pool={}", retry_after_outage.count(), database),
                         "An administrator has disabled it for new clients; it accepts them again after ENABLE.");
    return end;
}

}  // namespace pgweir::proxy::login_end
