// A small tree that is written as YAML; what needs quotes gets them.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// A mapping, a list of texts, or a text.
class YamlNode {
public:
    // The entry of that name, made at the end when there is none; a text or list is forgotten.
    YamlNode& at(std::string_view key);
    // A new entry, without a look for one of the same name. Lifetime of both: the node's.
    YamlNode& append(std::string_view key);
    // As `at`, along a path with dots between.
    YamlNode& under(std::string_view path);
    // Nullptr when there is none.
    const YamlNode* find(std::string_view key) const;

    void set(std::string text);
    void set(std::vector<std::string> items);
    // Shown behind the text, or above the mapping.
    void comment(std::string text) { comment_ = std::move(text); }

    bool has_entries() const { return !entries_.empty(); }

    // As a document. Texts that a YAML reader would take for something else are quoted.
    std::string yaml() const;

private:
    struct Named;
    friend struct YamlEmission;

    std::string text_;
    std::vector<std::string> items_;
    bool is_list_ = false;
    bool is_text_ = false;
    std::list<Named> entries_;
    std::string comment_;
};

struct YamlNode::Named {
    std::string key;
    YamlNode node;
};

// `text` made safe for a value of the configuration, where ${VAR} is read from the environment.
std::string without_variables(std::string_view text);

}  // namespace pgweir::config
