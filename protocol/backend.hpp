// Messages of the backend direction: those we write to clients in PostgreSQL's
// stead, and the few we read from servers. Writers append to the caller's buffer.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/message_type.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pgweir::protocol {

// An ErrorResponse or NoticeResponse. Fields that are empty are left out on the wire;
// S and V carry the same word. Lifetime: the owner of the texts.
struct ErrorFields {
    std::string_view severity;   // "ERROR", "FATAL", "NOTICE", "WARNING"
    std::string_view sqlstate;
    std::string_view message;
    std::string_view detail = {};
    std::string_view hint = {};
    std::string_view routine = {};
};

void write_error_response(std::vector<std::byte>& out, const ErrorFields& fields);
void write_notice_response(std::vector<std::byte>& out, const ErrorFields& fields);
void write_ready_for_query(std::vector<std::byte>& out, TransactionStatus status);
void write_command_complete(std::vector<std::byte>& out, std::string_view tag);
// Messages without a body: ParseComplete, BindComplete, CloseComplete, NoData, EmptyQueryResponse.
void write_bare(std::vector<std::byte>& out, BackendType type);
// ParameterDescription of a statement without any.
void write_no_parameters(std::vector<std::byte>& out);
// A column of a result that comes as text, and of no table. `size`: of its type, as PostgreSQL has it in memory.
struct Column {
    std::string_view name;
    std::int32_t type;   // its oid
    std::int16_t size;
};
void write_row_description(std::vector<std::byte>& out, std::span<const Column> columns);
// An empty value is NULL.
void write_data_row(std::vector<std::byte>& out, std::span<const std::string_view> values);
// A result of one column of type void, as functions that return nothing give it: its
// RowDescription, and its one row.
void write_void_row_description(std::vector<std::byte>& out, std::string_view column);
void write_empty_value_row(std::vector<std::byte>& out);
void write_parameter_status(std::vector<std::byte>& out, std::string_view name, std::string_view value);
void write_backend_key_data(std::vector<std::byte>& out, std::int32_t pid, Bytes secret);
void write_authentication_ok(std::vector<std::byte>& out);
void write_authentication_sasl(std::vector<std::byte>& out, std::span<const std::string_view> mechanisms);
void write_authentication_sasl_continue(std::vector<std::byte>& out, std::string_view data);
void write_authentication_sasl_final(std::vector<std::byte>& out, std::string_view data);
void write_negotiate_protocol_version(std::vector<std::byte>& out, std::int32_t newest_minor,
                                      std::span<const std::string_view> unknown_options);

// The fields of an ErrorResponse or NoticeResponse body. Absent fields are empty.
// Errors: errc::message_malformed. Lifetime: the body.
boost::system::result<ErrorFields> decode_error_response(Bytes body);

// Lifetime: the body.
struct ParameterStatus {
    std::string_view name;
    std::string_view value;
};

// Errors: errc::message_malformed.
boost::system::result<ParameterStatus> decode_parameter_status(Bytes body);

}  // namespace pgweir::protocol
