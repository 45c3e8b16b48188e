// The SQLSTATEs we send or look for, each by its name in PostgreSQL's errcodes.txt.
#pragma once

#include <string_view>

namespace pgweir::protocol::sqlstate {

constexpr std::string_view admin_shutdown = "57P01";
constexpr std::string_view cannot_connect_now = "57P03";
constexpr std::string_view cant_change_runtime_param = "55P02";
constexpr std::string_view config_file_error = "F0000";
constexpr std::string_view connection_failure = "08006";
constexpr std::string_view duplicate_prepared_statement = "42P05";
constexpr std::string_view feature_not_supported = "0A000";
constexpr std::string_view in_failed_sql_transaction = "25P02";
constexpr std::string_view idle_in_transaction_session_timeout = "25P03";
constexpr std::string_view idle_session_timeout = "57P05";
constexpr std::string_view insufficient_privilege = "42501";
constexpr std::string_view internal_error = "XX000";
constexpr std::string_view invalid_authorization_specification = "28000";
constexpr std::string_view invalid_catalog_name = "3D000";
constexpr std::string_view invalid_cursor_name = "34000";
constexpr std::string_view invalid_password = "28P01";
constexpr std::string_view invalid_parameter_value = "22023";
constexpr std::string_view invalid_sql_statement_name = "26000";
constexpr std::string_view no_active_sql_transaction = "25P01";
constexpr std::string_view object_not_in_prerequisite_state = "55000";
constexpr std::string_view out_of_memory = "53200";
constexpr std::string_view program_limit_exceeded = "54000";
constexpr std::string_view protocol_violation = "08P01";
constexpr std::string_view query_canceled = "57014";
constexpr std::string_view syntax_error = "42601";
constexpr std::string_view too_many_connections = "53300";
constexpr std::string_view transaction_timeout = "25P04";
constexpr std::string_view transaction_resolution_unknown = "08007";
constexpr std::string_view undefined_object = "42704";

}  // namespace pgweir::protocol::sqlstate
