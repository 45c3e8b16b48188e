#include "protocol/frame.hpp"

namespace pgweir::protocol {

namespace {

// The length word counts itself.
constexpr std::int32_t length_word_size = 4;
constexpr std::int32_t max_length_word = static_cast<std::int32_t>(max_frame_body) + length_word_size;

}  // namespace

HeaderResult read_header(Bytes bytes) {
    if (bytes.size() < frame_header_size) {
        return {HeaderStatus::need_more, {}};
    }
    const std::int32_t length = load_i32(bytes.subspan(1));
    if (length < length_word_size || length > max_length_word) {
        return {HeaderStatus::invalid, {}};
    }
    const auto body_size = static_cast<std::size_t>(length - length_word_size);
    return {HeaderStatus::complete, {static_cast<char>(bytes[0]), body_size}};
}

}  // namespace pgweir::protocol
