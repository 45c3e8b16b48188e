// Builders of wire messages for tests, written apart from the code they test. Bytes are
// std::string here: easy to write, to cut, to compare and to print.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::test {

// A string literal with its inner NULs, without the last one: "a\0b"_w has three bytes.
inline std::string operator""_w(const char* text, std::size_t size) { return {text, size}; }

// What a Writer has appended, as text.
inline std::string text_of(const std::vector<std::byte>& out) { return std::string(protocol::as_text(out)); }

inline std::string big_endian(std::uint32_t value, int octets) {
    std::string text;
    for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) {
        text += static_cast<char>((value >> shift) & 0xffU);
    }
    return text;
}

inline std::string int16(int value) { return big_endian(static_cast<std::uint32_t>(value), 2); }
inline std::string int32(std::int64_t value) { return big_endian(static_cast<std::uint32_t>(value), 4); }

// NUL-terminated, as the manual's String.
inline std::string cstring(std::string_view text) { return std::string(text) + '\0'; }

inline std::string message(char type, std::string_view body = {}) {
    return type + int32(static_cast<std::int64_t>(body.size()) + 4) + std::string(body);
}

// A startup-phase packet: length and code first, no type byte.
inline std::string packet(std::int64_t code, std::string_view body = {}) {
    return int32(static_cast<std::int64_t>(body.size()) + 8) + int32(code) + std::string(body);
}

constexpr std::int64_t version(int major, int minor) { return major * 65536LL + minor; }

using Parameters = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string startup(Parameters parameters, int minor = 0) {
    std::string body;
    for (const auto& [name, value] : parameters) {
        body += cstring(name) + cstring(value);
    }
    return packet(version(3, minor), body + '\0');
}

inline std::string ssl_request() { return packet(80877103); }
inline std::string gssenc_request() { return packet(80877104); }
inline std::string cancel_request(int pid, std::string_view secret) {
    return packet(80877102, int32(pid) + std::string(secret));
}

// Frontend messages.
inline std::string query(std::string_view sql) { return message('Q', cstring(sql)); }
inline std::string sync() { return message('S'); }
inline std::string parse(std::string_view name, std::string_view sql) {
    return message('P', cstring(name) + cstring(sql) + int16(0));
}
inline std::string bind(std::string_view portal, std::string_view statement) {
    return message('B', cstring(portal) + cstring(statement) + int16(0) + int16(0) + int16(0));
}
inline std::string execute(std::string_view portal) { return message('E', cstring(portal) + int32(0)); }

// Backend messages.
inline std::string ready_for_query(char status) { return message('Z', std::string(1, status)); }
inline std::string command_complete(std::string_view tag) { return message('C', cstring(tag)); }
inline std::string data_row(std::initializer_list<std::string_view> values) {
    std::string body = int16(static_cast<int>(values.size()));
    for (const std::string_view value : values) {
        body += int32(static_cast<std::int64_t>(value.size())) + std::string(value);
    }
    return message('D', body);
}

// Fields as code and value, for ErrorResponse and NoticeResponse.
using Fields = std::initializer_list<std::pair<char, std::string_view>>;

inline std::string fields_body(Fields fields) {
    std::string body;
    for (const auto& [code, value] : fields) {
        body += code + cstring(value);
    }
    return body + '\0';
}

inline std::string error_response(Fields fields) { return message('E', fields_body(fields)); }
inline std::string notice_response(Fields fields) { return message('N', fields_body(fields)); }

}  // namespace pgweir::test
