#include "proxy/top/screen_text.hpp"

#include <algorithm>
#include <array>

namespace pgweir::proxy {
namespace {

struct CodePoint {
    char32_t value = 0;
    std::size_t size = 1;      // bytes
    bool is_valid = false;
};

// RFC 3629: the shortest form only, no surrogates, nothing beyond U+10FFFF. Requires: not empty.
CodePoint first_of(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    char32_t value = lead & (0xFFU >> (size + 1));
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) return {};
        value = (value << 6) | (byte(at) & 0x3FU);
    }
    const bool is_longer_than_needed = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (is_longer_than_needed || is_surrogate || value > 0x10FFFF) return {};
    return {value, size, true};
}

struct Range {
    char32_t first;
    char32_t last;
    std::size_t cells;
};

// Where Unicode (East Asian Width, General Category) and terminals agree. In order.
constexpr std::array ranges = {
    Range{0x20, 0x7E, 1},       Range{0xA1, 0xAC, 1},       Range{0xAE, 0x2FF, 1},      Range{0x370, 0x482, 1},
    Range{0x48A, 0x52F, 1},     Range{0x531, 0x58A, 1},     Range{0x10A0, 0x10FF, 1},   Range{0x1100, 0x115F, 2},
    Range{0x1E00, 0x1FFF, 1},   Range{0x2010, 0x2027, 1},   Range{0x2030, 0x205E, 1},   Range{0x20A0, 0x20C0, 1},
    Range{0x2100, 0x218B, 1},   Range{0x2190, 0x2319, 1},   Range{0x2500, 0x259F, 1},   Range{0x3000, 0x3029, 2},
    Range{0x3030, 0x303E, 2},   Range{0x3041, 0x3096, 2},   Range{0x309B, 0x30FF, 2},   Range{0x3105, 0x312F, 2},
    Range{0x3131, 0x318E, 2},   Range{0x3190, 0x31E3, 2},   Range{0x31F0, 0x321E, 2},   Range{0x3220, 0x3247, 2},
    Range{0x3250, 0x4DBF, 2},   Range{0x4E00, 0xA48C, 2},   Range{0xAC00, 0xD7A3, 2},   Range{0xF900, 0xFAD9, 2},
    Range{0xFF01, 0xFF60, 2},   Range{0xFFE0, 0xFFE6, 2},   Range{0x20000, 0x2FFFD, 2}, Range{0x30000, 0x3FFFD, 2},
};

// 0: not to be shown.
std::size_t cells_of(const CodePoint& point) {
    if (!point.is_valid) return 0;
    const auto* const range = std::find_if(ranges.begin(), ranges.end(), [&](const Range& one) { return point.value <= one.last; });
    return range != ranges.end() && point.value >= range->first ? range->cells : 0;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        if (cells_of(point) == 0) out += '?';
        else out += text.substr(0, point.size);
        text.remove_prefix(point.size);
    }
    return out;
}

std::size_t width_of(std::string_view text) {
    std::size_t cells = 0;
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        cells += std::max<std::size_t>(cells_of(point), 1);
        text.remove_prefix(point.size);
    }
    return cells;
}

std::string cut(std::string_view text, std::size_t cells) {
    if (width_of(text) <= cells) return std::string(text);
    if (cells == 0) return {};
    std::size_t bytes = 0;
    std::size_t taken = 0;
    for (;;) {
        const CodePoint point = first_of(text.substr(bytes));
        const std::size_t width = std::max<std::size_t>(cells_of(point), 1);
        if (taken + width > cells - 1) break;   // there is more than fits, so this ends before the text does
        taken += width;
        bytes += point.size;
    }
    return std::string(text.substr(0, bytes)) + "~";
}

std::string fit(std::string_view text, std::size_t cells, Side side) {
    std::string out = cut(text, cells);
    const std::string blanks(cells - width_of(out), ' ');
    return side == Side::left ? out + blanks : blanks + out;
}

}  // namespace pgweir::proxy
