#include "config/yaml_writer.hpp"

#include "config/text_check.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <utility>

namespace pgweir::config {

namespace {

bool is_plain_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./%").find(c) != std::string_view::npos;
}

// Nothing that a reader could take for a number in another notation, a boolean, a null or a mark.
bool is_plain(std::string_view text) {
    constexpr std::string_view not_text[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    std::string low(text);
    std::transform(low.begin(), low.end(), low.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return !text.empty() && text.front() != '-' && text.front() != '%' && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), is_plain_character) &&
           std::find(std::begin(not_text), std::end(not_text), low) == std::end(not_text);
}

void emit_text(YAML::Emitter& out, const std::string& text) {
    if (!is_plain(text)) {
        out << YAML::DoubleQuoted;
    }
    out << text;
}

}  // namespace

struct YamlEmission {
    static void emit(YAML::Emitter& out, const YamlNode& node) {
        if (node.is_text_) {
            emit_text(out, node.text_);
            if (!node.comment_.empty()) {
                out << YAML::Comment(printable(node.comment_));
            }
            return;
        }
        if (node.is_list_) {
            out << YAML::Flow << YAML::BeginSeq;
            for (const std::string& item : node.items_) {
                emit_text(out, item);
            }
            out << YAML::EndSeq;
            return;
        }
        out << YAML::Block << YAML::BeginMap;
        for (const YamlNode::Named& entry : node.entries_) {
            if (!entry.node.is_text_ && !entry.node.comment_.empty()) {
                out << YAML::Newline << YAML::Comment(printable(entry.node.comment_)) << YAML::Newline;
            }
            out << YAML::Key;
            emit_text(out, entry.key);
            out << YAML::Value;
            emit(out, entry.node);
        }
        out << YAML::EndMap;
    }
};

YamlNode& YamlNode::at(std::string_view key) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Named& entry) { return entry.key == key; });
    return found == entries_.end() ? append(key) : found->node;
}

YamlNode& YamlNode::append(std::string_view key) {
    is_text_ = false;
    is_list_ = false;
    entries_.push_back(Named{std::string(key), {}});
    return entries_.back().node;
}

YamlNode& YamlNode::under(std::string_view path) {
    const std::size_t dot = path.find('.');
    YamlNode& entry = at(path.substr(0, dot));
    return dot == std::string_view::npos ? entry : entry.under(path.substr(dot + 1));
}

const YamlNode* YamlNode::find(std::string_view key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Named& entry) { return entry.key == key; });
    return found == entries_.end() ? nullptr : &found->node;
}

void YamlNode::set(std::string text) {
    *this = YamlNode();
    text_ = std::move(text);
    is_text_ = true;
}

void YamlNode::set(std::vector<std::string> items) {
    *this = YamlNode();
    items_ = std::move(items);
    is_list_ = true;
}

std::string YamlNode::yaml() const {
    YAML::Emitter out;
    YamlEmission::emit(out, *this);
    return std::string(out.c_str(), out.size()) + "\n";
}

std::string without_variables(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '$' ? "$$" : std::string(1, c);
    }
    return out;
}

}  // namespace pgweir::config
