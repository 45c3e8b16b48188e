// Small value types of the configuration.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace pgweir::config {

// Text that must never be printed. It has no conversion to text but `reveal`, so a
// log line cannot take it by accident.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

    friend bool operator==(const Secret&, const Secret&) = default;

private:
    std::string text_;
};

}  // namespace pgweir::config
