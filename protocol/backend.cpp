#include "protocol/backend.hpp"

#include "protocol/errc.hpp"

namespace pgweir::protocol {

namespace {

// The code word of an Authentication message. PostgreSQL: AUTH_REQ_*.
enum class AuthenticationCode : std::int32_t {
    ok = 0,
    sasl = 10,
    sasl_continue = 11,
    sasl_final = 12,
};

// Major version 3 in the upper half of a version word.
constexpr std::int32_t protocol_3 = 3 << 16;

Writer& begin(Writer& writer, BackendType type) { return writer.begin(static_cast<char>(type)); }

Writer& begin(Writer& writer, AuthenticationCode code) {
    return begin(writer, BackendType::authentication).i32(static_cast<std::int32_t>(code));
}

void write_field(Writer& writer, char code, std::string_view value) {
    if (!value.empty()) {
        writer.u8(static_cast<std::uint8_t>(code)).cstring(value);
    }
}

void write_sasl_data(std::vector<std::byte>& out, AuthenticationCode code, std::string_view data) {
    Writer writer(out);
    begin(writer, code).bytes(as_bytes(data)).end();
}

void store_field(ErrorFields& fields, char code, std::string_view value) {
    switch (code) {
    case 'S':
        if (fields.severity.empty()) {
            fields.severity = value;
        }
        break;
    case 'V': fields.severity = value; break;   // never translated, unlike S
    case 'C': fields.sqlstate = value; break;
    case 'M': fields.message = value; break;
    case 'D': fields.detail = value; break;
    case 'H': fields.hint = value; break;
    case 'R': fields.routine = value; break;
    default: break;   // the manual: unrecognized fields are to be ignored
    }
}

void write_fields(std::vector<std::byte>& out, BackendType type, const ErrorFields& fields) {
    Writer writer(out);
    begin(writer, type);
    write_field(writer, 'S', fields.severity);
    write_field(writer, 'V', fields.severity);
    write_field(writer, 'C', fields.sqlstate);
    write_field(writer, 'M', fields.message);
    write_field(writer, 'D', fields.detail);
    write_field(writer, 'H', fields.hint);
    write_field(writer, 'R', fields.routine);
    writer.u8(0).end();
}

}  // namespace

void write_error_response(std::vector<std::byte>& out, const ErrorFields& fields) {
    write_fields(out, BackendType::error_response, fields);
}

void write_notice_response(std::vector<std::byte>& out, const ErrorFields& fields) {
    write_fields(out, BackendType::notice_response, fields);
}

void write_ready_for_query(std::vector<std::byte>& out, TransactionStatus status) {
    Writer writer(out);
    begin(writer, BackendType::ready_for_query).u8(static_cast<std::uint8_t>(status)).end();
}

void write_command_complete(std::vector<std::byte>& out, std::string_view tag) {
    Writer writer(out);
    begin(writer, BackendType::command_complete).cstring(tag).end();
}

void write_bare(std::vector<std::byte>& out, BackendType type) {
    Writer writer(out);
    begin(writer, type).end();
}

void write_no_parameters(std::vector<std::byte>& out) {
    Writer writer(out);
    begin(writer, BackendType::parameter_description).i16(0).end();
}

void write_row_description(std::vector<std::byte>& out, std::span<const Column> columns) {
    Writer writer(out);
    begin(writer, BackendType::row_description).i16(static_cast<std::int16_t>(columns.size()));
    for (const Column& column : columns) {
        writer.cstring(column.name).i32(0).i16(0).i32(column.type).i16(column.size).i32(-1).i16(0);
    }
    writer.end();
}

void write_data_row(std::vector<std::byte>& out, std::span<const std::string_view> values) {
    Writer writer(out);
    begin(writer, BackendType::data_row).i16(static_cast<std::int16_t>(values.size()));
    for (const std::string_view value : values) {
        if (value.empty()) {
            writer.i32(-1);
        } else {
            writer.i32(static_cast<std::int32_t>(value.size())).bytes(as_bytes(value));
        }
    }
    writer.end();
}

void write_void_row_description(std::vector<std::byte>& out, std::string_view column) {
    constexpr std::int32_t void_type = 2278;   // PostgreSQL: VOIDOID
    const Column only{column, void_type, sizeof(std::int32_t)};
    write_row_description(out, std::span(&only, 1));
}

void write_empty_value_row(std::vector<std::byte>& out) {
    Writer writer(out);
    begin(writer, BackendType::data_row).i16(1).i32(0).end();
}

void write_parameter_status(std::vector<std::byte>& out, std::string_view name, std::string_view value) {
    Writer writer(out);
    begin(writer, BackendType::parameter_status).cstring(name).cstring(value).end();
}

void write_backend_key_data(std::vector<std::byte>& out, std::int32_t pid, Bytes secret) {
    Writer writer(out);
    begin(writer, BackendType::backend_key_data).i32(pid).bytes(secret).end();
}

void write_authentication_ok(std::vector<std::byte>& out) {
    Writer writer(out);
    begin(writer, AuthenticationCode::ok).end();
}

void write_authentication_sasl(std::vector<std::byte>& out, std::span<const std::string_view> mechanisms) {
    Writer writer(out);
    begin(writer, AuthenticationCode::sasl);
    for (const std::string_view mechanism : mechanisms) {
        writer.cstring(mechanism);
    }
    writer.u8(0).end();
}

void write_authentication_sasl_continue(std::vector<std::byte>& out, std::string_view data) {
    write_sasl_data(out, AuthenticationCode::sasl_continue, data);
}

void write_authentication_sasl_final(std::vector<std::byte>& out, std::string_view data) {
    write_sasl_data(out, AuthenticationCode::sasl_final, data);
}

void write_negotiate_protocol_version(std::vector<std::byte>& out, std::int32_t newest_minor,
                                      std::span<const std::string_view> unknown_options) {
    Writer writer(out);
    // The manual speaks of the minor version only, but PostgreSQL sends the whole version
    // word, and libpq reads it so.
    begin(writer, BackendType::negotiate_protocol_version).i32(protocol_3 + newest_minor);
    writer.i32(static_cast<std::int32_t>(unknown_options.size()));
    for (const std::string_view option : unknown_options) {
        writer.cstring(option);
    }
    writer.end();
}

boost::system::result<ErrorFields> decode_error_response(Bytes body) {
    ErrorFields fields{{}, {}, {}};
    Reader reader(body);
    while (const std::uint8_t code = reader.u8()) {
        store_field(fields, static_cast<char>(code), reader.cstring());
    }
    if (!reader.ok() || !reader.at_end()) {
        return errc::message_malformed;
    }
    return fields;
}

boost::system::result<ParameterStatus> decode_parameter_status(Bytes body) {
    Reader reader(body);
    const std::string_view name = reader.cstring();
    const std::string_view value = reader.cstring();
    if (!reader.ok() || !reader.at_end()) {
        return errc::message_malformed;
    }
    return ParameterStatus{name, value};
}

}  // namespace pgweir::protocol
