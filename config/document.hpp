// A YAML text as a tree of nodes that know where they stand. The yaml-cpp user:
// everything else in this folder sees only this tree. Keys are kept as often as they
// are written, values as they are spelled.
#pragma once

#include "config/problems.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

enum class NodeKind {
    null,       // nothing after the colon, `~` or `null`
    scalar,
    sequence,
    mapping,
};

struct Node;

struct Entry {
    std::string key;
    Place key_place;
    const Node* value = nullptr;
    Place value_place;   // the key's when there is no value
};

struct Node {
    NodeKind kind = NodeKind::null;
    Place place;
    std::string text;                 // scalar
    std::vector<const Node*> items;   // sequence
    std::vector<Entry> entries;       // mapping

    bool is_mapping() const { return kind == NodeKind::mapping; }
    bool is_scalar() const { return kind == NodeKind::scalar; }
};

// Owns the nodes. An alias is the node of its anchor, so the tree can have cycles:
// whoever walks it must bound depth and number of steps.
struct Document {
    std::deque<Node> nodes;
    const Node* root = nullptr;   // null when the text is empty or not usable
};

// Never throws, whatever the text. What is wrong goes to `problems`, without any
// piece of a value: the text holds secrets.
Document parse_document(std::string_view text, Problems& problems);

}  // namespace pgweir::config
