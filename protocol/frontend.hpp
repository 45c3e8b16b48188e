// Messages of the frontend direction that we write to servers ourselves, and the
// SASL messages we read from clients.
#pragma once

#include "protocol/bytes.hpp"

#include <boost/system/result.hpp>

#include <string_view>
#include <vector>

namespace pgweir::protocol {

void write_query(std::vector<std::byte>& out, std::string_view sql);
// `definition`: what stands behind the name in the message, i.e. the SQL, its NUL and the parameter types.
void write_parse(std::vector<std::byte>& out, std::string_view name, std::string_view definition);
void write_describe_statement(std::vector<std::byte>& out, std::string_view name);
void write_close_statement(std::vector<std::byte>& out, std::string_view name);
void write_flush(std::vector<std::byte>& out);
void write_sync(std::vector<std::byte>& out);
void write_copy_fail(std::vector<std::byte>& out, std::string_view reason);
void write_terminate(std::vector<std::byte>& out);

// Lifetime: the body.
struct SASLInitialResponse {
    std::string_view mechanism;
    std::string_view data;   // empty when the client sent none
};

// Errors: errc::message_malformed.
boost::system::result<SASLInitialResponse> decode_sasl_initial_response(Bytes body);

}  // namespace pgweir::protocol
