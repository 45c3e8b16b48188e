#include "protocol/scram_message.hpp"

#include "protocol/errc.hpp"

#include <algorithm>
#include <optional>

namespace pgweir::protocol {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Printable as RFC 5802 means it: no blank; a comma cannot be in a value anyway.
bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

struct Attribute {
    char name;
    std::string_view value;
};

// Walks the `x=value` attributes of a message from left to right.
// PostgreSQL: read_any_attr, which lets a comma at the very end pass.
class Attributes {
public:
    explicit Attributes(std::string_view message) : message_(message) {}

    std::optional<Attribute> next() {
        const std::string_view left = message_.substr(at_);
        if (left.size() < 2 || !is_letter(left[0]) || left[1] != '=') {
            return std::nullopt;
        }
        const std::size_t comma = std::min(left.find(','), left.size());
        at_ = std::min(at_ + comma + 1, message_.size());
        return Attribute{left[0], left.substr(2, comma - 2)};
    }

    std::optional<std::string_view> next(char name) {
        const std::optional<Attribute> attribute = next();
        return attribute && attribute->name == name ? std::optional(attribute->value) : std::nullopt;
    }

    std::size_t at() const { return at_; }
    bool at_end() const { return at_ == message_.size(); }

private:
    std::string_view message_;
    std::size_t at_ = 0;
};

// Fills in the GS2 header, `<flag>,,`, where an authorization identity may stand between the commas.
boost::system::error_code decode_gs2_header(std::string_view message, ScramClientFirst& first) {
    const std::size_t comma = std::min(message.find(','), message.size());
    const std::string_view flag = message.substr(0, comma);
    if (flag == "n") {
        first.flag = BindingFlag::unsupported;
    } else if (flag == "y") {
        first.flag = BindingFlag::not_offered;
    } else if (flag.starts_with("p=")) {
        first.flag = BindingFlag::used;
        first.binding_type = flag.substr(2);
    } else {
        return errc::scram_malformed;
    }
    const std::string_view identity = message.substr(std::min(comma + 1, message.size()));
    if (identity.starts_with('a')) {
        return errc::scram_unsupported;
    }
    if (!identity.starts_with(',')) {
        return errc::scram_malformed;
    }
    first.gs2_header = message.substr(0, comma + 2);
    first.bare = message.substr(comma + 2);
    return {};
}

}  // namespace

boost::system::result<ScramClientFirst> decode_scram_client_first(std::string_view message) {
    ScramClientFirst first{BindingFlag::unsupported, {}, {}, {}, {}};
    if (const boost::system::error_code ec = decode_gs2_header(message, first)) {
        return ec;
    }
    if (first.bare.starts_with('m')) {
        return errc::scram_unsupported;   // reserved for extensions that must be understood
    }
    Attributes attributes(first.bare);
    const std::optional<std::string_view> user = attributes.next('n');   // the startup packet names the user
    const std::optional<std::string_view> nonce = user ? attributes.next('r') : std::nullopt;
    if (!nonce || nonce->empty() || !is_printable(*nonce)) {
        return errc::scram_malformed;
    }
    while (!attributes.at_end()) {
        if (!attributes.next()) {
            return errc::scram_malformed;
        }
    }
    if (message.find('\0') != std::string_view::npos) {
        return errc::scram_malformed;
    }
    first.nonce = *nonce;
    return first;
}

boost::system::result<ScramClientFinal> decode_scram_client_final(std::string_view message) {
    Attributes attributes(message);
    const std::optional<std::string_view> channel_binding = attributes.next('c');
    const std::optional<std::string_view> nonce = channel_binding ? attributes.next('r') : std::nullopt;
    if (!nonce || message.find('\0') != std::string_view::npos) {
        return errc::scram_malformed;
    }
    // Extensions before the proof may be ignored, but the proof covers them.
    std::size_t begin = attributes.at();
    std::optional<Attribute> attribute = attributes.next();
    while (attribute && attribute->name != 'p') {
        begin = attributes.at();
        attribute = attributes.next();
    }
    if (!attribute || !attributes.at_end()) {
        return errc::scram_malformed;
    }
    return ScramClientFinal{*channel_binding, *nonce, message.substr(0, begin - 1), attribute->value};
}

}  // namespace pgweir::protocol
