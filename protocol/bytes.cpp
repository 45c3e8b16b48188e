#include "protocol/bytes.hpp"

#include "protocol/frame.hpp"

#include <algorithm>
#include <cassert>

namespace pgweir::protocol {

namespace {

constexpr std::size_t length_word_size = 4;

void append(std::vector<std::byte>& out, std::uint32_t value, int octets) {
    for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<std::byte>((value >> shift) & 0xffU));
    }
}

std::uint32_t load(Bytes bytes) {
    std::uint32_t value = 0;
    for (const std::byte octet : bytes) {
        value = (value << 8U) | std::to_integer<std::uint32_t>(octet);
    }
    return value;
}

}  // namespace

Bytes as_bytes(std::string_view text) {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

std::string_view as_text(Bytes bytes) {
    // The one cast from wire bytes to text: char may alias anything.
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

Bytes Reader::take(std::size_t count) {
    if (!ok_ || count > rest_.size()) {
        ok_ = false;
        rest_ = {};
        return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
}

std::uint8_t Reader::u8() { return static_cast<std::uint8_t>(load(take(1))); }

std::int16_t Reader::i16() { return static_cast<std::int16_t>(load(take(2))); }

std::int32_t Reader::i32() { return static_cast<std::int32_t>(load(take(4))); }

std::string_view Reader::cstring() {
    const auto nul = std::ranges::find(rest_, std::byte{0});
    // Without a NUL this asks for one byte more than there is, and so fails.
    const Bytes taken = take(static_cast<std::size_t>(nul - rest_.begin()) + 1);
    return taken.empty() ? std::string_view() : as_text(taken.first(taken.size() - 1));
}

Bytes Reader::bytes(std::size_t count) { return take(count); }

Writer& Writer::begin(char type) {
    out_.push_back(static_cast<std::byte>(type));
    return begin_untyped();
}

Writer& Writer::begin_untyped() {
    length_at_ = out_.size();
    return i32(0);
}

Writer& Writer::u8(std::uint8_t value) {
    out_.push_back(static_cast<std::byte>(value));
    return *this;
}

Writer& Writer::i16(std::int16_t value) {
    append(out_, static_cast<std::uint16_t>(value), 2);
    return *this;
}

Writer& Writer::i32(std::int32_t value) {
    append(out_, static_cast<std::uint32_t>(value), 4);
    return *this;
}

Writer& Writer::cstring(std::string_view text) {
    assert(text.find('\0') == std::string_view::npos);
    // Cut in release builds: what stood behind the NUL would be read as the next field.
    bytes(as_bytes(text.substr(0, text.find('\0'))));
    return u8(0);
}

Writer& Writer::bytes(Bytes raw) {
    out_.insert(out_.end(), raw.begin(), raw.end());
    return *this;
}

void Writer::end() {
    const std::size_t length = out_.size() - length_at_;
    assert(length <= max_frame_body + length_word_size);
    for (std::size_t i = 0; i < length_word_size; ++i) {
        out_[length_at_ + i] = static_cast<std::byte>((length >> (24U - 8U * i)) & 0xffU);
    }
}

std::int32_t load_i32(Bytes bytes) {
    assert(bytes.size() >= 4);
    return static_cast<std::int32_t>(load(bytes.first(4)));
}

}  // namespace pgweir::protocol
