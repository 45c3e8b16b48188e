// Bounds-checked reading and writing of PostgreSQL's wire encoding: big-endian
// integers and NUL-terminated strings. The only place that turns bytes from a
// peer into numbers; nothing here throws or allocates on the reading side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pgweir::protocol {

using Bytes = std::span<const std::byte>;

// Views `text` as wire bytes. Lifetime: that of `text`.
Bytes as_bytes(std::string_view text);

// Views wire bytes as text. Lifetime: that of `bytes`.
std::string_view as_text(Bytes bytes);

// A cursor over one message body. Every read is checked; the first one that does
// not fit makes the reader fail for good, and a failed reader yields zeros and
// empty views. Callers check `ok()` once, at the end.
// Lifetime of returned views: the bytes given to the constructor.
class Reader {
public:
    explicit Reader(Bytes body) : rest_(body) {}

    std::uint8_t u8();
    std::int16_t i16();
    std::int32_t i32();
    // Up to the next NUL, which is consumed and not part of the result.
    std::string_view cstring();
    Bytes bytes(std::size_t count);

    Bytes rest() const { return rest_; }
    bool at_end() const { return rest_.empty(); }
    bool ok() const { return ok_; }

private:
    Bytes take(std::size_t count);

    Bytes rest_;
    bool ok_ = true;
};

// Appends messages to a buffer owned by the caller. `begin` writes the type byte
// and a length placeholder, `end` patches the length in.
class Writer {
public:
    explicit Writer(std::vector<std::byte>& out) : out_(out) {}

    Writer& begin(char type);   // a message with a type byte
    Writer& begin_untyped();    // a startup-phase packet, length first
    Writer& u8(std::uint8_t value);
    Writer& i16(std::int16_t value);
    Writer& i32(std::int32_t value);
    Writer& cstring(std::string_view text);   // Requires: no NUL inside; it would end the string for the peer.
    Writer& bytes(Bytes raw);
    void end();

private:
    std::vector<std::byte>& out_;
    std::size_t length_at_ = 0;
};

// Reads a big-endian int32 from exactly the first four bytes. Requires: size >= 4.
std::int32_t load_i32(Bytes bytes);

}  // namespace pgweir::protocol
