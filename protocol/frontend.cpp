#include "protocol/frontend.hpp"

#include "protocol/errc.hpp"
#include "protocol/message_type.hpp"

namespace pgweir::protocol {

namespace {

// What stands for the length of an initial response that was left out.
constexpr std::int32_t no_data = -1;

void write_text(std::vector<std::byte>& out, FrontendType type, std::string_view text) {
    Writer writer(out);
    writer.begin(static_cast<char>(type)).cstring(text).end();
}

void write_bare(std::vector<std::byte>& out, FrontendType type) {
    Writer writer(out);
    writer.begin(static_cast<char>(type)).end();
}

}  // namespace

void write_query(std::vector<std::byte>& out, std::string_view sql) { write_text(out, FrontendType::query, sql); }

void write_parse(std::vector<std::byte>& out, std::string_view name, std::string_view definition) {
    Writer writer(out);
    writer.begin(static_cast<char>(FrontendType::parse)).cstring(name).bytes(as_bytes(definition)).end();
}

void write_describe_statement(std::vector<std::byte>& out, std::string_view name) {
    Writer writer(out);
    writer.begin(static_cast<char>(FrontendType::describe)).u8('S').cstring(name).end();
}

void write_close_statement(std::vector<std::byte>& out, std::string_view name) {
    Writer writer(out);
    writer.begin(static_cast<char>(FrontendType::close)).u8('S').cstring(name).end();
}

void write_flush(std::vector<std::byte>& out) { write_bare(out, FrontendType::flush); }

void write_sync(std::vector<std::byte>& out) { write_bare(out, FrontendType::sync); }

void write_copy_fail(std::vector<std::byte>& out, std::string_view reason) {
    write_text(out, FrontendType::copy_fail, reason);
}

void write_terminate(std::vector<std::byte>& out) { write_bare(out, FrontendType::terminate); }

boost::system::result<SASLInitialResponse> decode_sasl_initial_response(Bytes body) {
    Reader reader(body);
    const std::string_view mechanism = reader.cstring();
    const std::int32_t size = reader.i32();
    if (!reader.ok() || size < no_data) {
        return errc::message_malformed;
    }
    const Bytes data = size == no_data ? Bytes() : reader.bytes(static_cast<std::size_t>(size));
    if (!reader.ok() || !reader.at_end()) {
        return errc::message_malformed;
    }
    return SASLInitialResponse{mechanism, as_text(data)};
}

}  // namespace pgweir::protocol
