// The only file that includes yaml-cpp. It takes the parser's events instead of its
// nodes: those would merge duplicate keys silently and expand aliases.
#include "config/document.hpp"

#include "config/text_check.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <exception>
#include <map>
#include <sstream>
#include <utility>

namespace pgweir::config {

namespace {

// Chosen: a thousand databases with every option written out need a third of it.
constexpr std::size_t max_nodes = 50'000;

// Ends the parsing of a document that this file has already complained about.
struct Abandoned : std::exception {};

Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) {
        return {};
    }
    return Place{.line = mark.line + 1, .column = mark.column + 1};
}

constexpr std::string_view open_quote = "a quote is opened and never closed";

class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const Lines& lines, Document& document, Problems& problems)
        : lines_(lines), document_(document), problems_(problems) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (document_.root != nullptr) {
            problems_.add(place_of(mark), "", "a second YAML document begins here; a configuration is one document");
            throw Abandoned();
        }
    }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        attach(add_node(NodeKind::null, mark, anchor));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            problems_.add(place_of(mark), "", "a value that begins with * must stand in quotes");
            throw Abandoned();
        }
        attach(*found->second);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        // The parser (yaml-cpp 0.7) takes the end of the file for a missing quote.
        if (tag == "!" && !is_closed_quote(lines_.from(place_of(mark)))) {
            problems_.add(place_of(mark), "", std::string(open_quote));
            throw Abandoned();
        }
        Node& node = add_node(NodeKind::scalar, mark, anchor);
        node.text = value;
        attach(node);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        open(add_node(NodeKind::sequence, mark, anchor));
    }

    void OnSequenceEnd() override { open_.pop_back(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        refuse_tag(mark, tag);
        open(add_node(NodeKind::mapping, mark, anchor));
    }

    void OnMapEnd() override { open_.pop_back(); }

private:
    // A sequence or mapping whose end has not come yet.
    struct Open {
        Node* node = nullptr;
        bool has_key = false;   // mapping: the next node is the value of `entry`
        Entry entry;
    };

    Node& add_node(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (document_.nodes.size() >= max_nodes) {
            problems_.add(place_of(mark), "", fmt::format("the file holds more than {} values", max_nodes));
            throw Abandoned();
        }
        Node& node = document_.nodes.emplace_back();
        node.kind = kind;
        node.place = place_of(mark);
        if (anchor != YAML::NullAnchor) {
            anchors_[anchor] = &node;
        }
        return node;
    }

    // `?` and `!` are what the parser gives to plain and to quoted text.
    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            problems_.add(place_of(mark), "", "tags are not supported; put a value that begins with ! in quotes");
        }
    }

    void open(Node& node) {
        attach(node);
        open_.emplace_back().node = &node;
    }

    void attach(const Node& node) {
        if (open_.empty()) {
            document_.root = &node;
            return;
        }
        Open& parent = open_.back();
        if (parent.node->kind == NodeKind::sequence) {
            parent.node->items.push_back(&node);
        } else if (parent.has_key) {
            finish_entry(parent, node);
        } else {
            begin_entry(parent, node);
        }
    }

    void begin_entry(Open& parent, const Node& key) {
        if (!key.is_scalar()) {
            problems_.add(key.place, "", "a key must be a word");
            throw Abandoned();
        }
        parent.has_key = true;
        parent.entry.key = key.text;
        parent.entry.key_place = key.place;
    }

    static void finish_entry(Open& parent, const Node& value) {
        parent.has_key = false;
        parent.entry.value = &value;
        parent.entry.value_place = value.kind == NodeKind::null ? parent.entry.key_place : value.place;
        parent.node->entries.push_back(std::exchange(parent.entry, Entry()));
    }

    const Lines& lines_;
    Document& document_;
    Problems& problems_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, const Node*> anchors_;
};

// What the parser says, and what it means to somebody who edits a configuration.
// The parser's own text is not passed on: some of it repeats pieces of the file.
std::string explained(const YAML::Exception& error) {
    struct Explanation {
        std::string_view begins;
        std::string_view meaning;
    };
    namespace message = YAML::ErrorMsg;
    const std::array explanations = {
        Explanation{message::UNKNOWN_ANCHOR, "a value that begins with * must stand in quotes"},
        Explanation{message::ALIAS_NOT_FOUND, "a value that begins with * must stand in quotes"},
        Explanation{message::CHAR_IN_ALIAS, "a value that begins with * must stand in quotes"},
        Explanation{message::ANCHOR_NOT_FOUND, "a value that begins with & must stand in quotes"},
        Explanation{message::CHAR_IN_ANCHOR, "a value that begins with & must stand in quotes"},
        Explanation{message::UNKNOWN_TOKEN, "a value that begins with this character must stand in quotes"},
        Explanation{message::MAP_VALUE, "a colon cannot stand here: check the indentation, or put the value in quotes"},
        Explanation{message::MAP_KEY, "a key cannot stand here: check the indentation"},
        Explanation{message::END_OF_MAP_FLOW, "a { is never closed"},
        Explanation{message::END_OF_SEQ_FLOW, "a [ is never closed"},
        Explanation{message::FLOW_END, "a } or ] closes nothing"},
        Explanation{message::END_OF_MAP, "this line does not fit the mapping it stands in: check its indentation"},
        Explanation{message::END_OF_SEQ, "this line does not fit the list it stands in: check its indentation"},
        Explanation{message::BLOCK_ENTRY, "a list item cannot stand here: check the indentation"},
        Explanation{message::EOF_IN_SCALAR, open_quote},
        Explanation{message::DOC_IN_SCALAR, open_quote},
        Explanation{message::INVALID_ESCAPE, "an unknown escape after \\; single quotes take every character as it is"},
        Explanation{message::TAB_IN_INDENTATION, "a tab cannot indent; use spaces"},
        Explanation{message::YAML_VERSION, "an unknown YAML version"},
    };
    for (const Explanation& explanation : explanations) {
        if (error.msg.starts_with(explanation.begins)) {
            return std::string(explanation.meaning);
        }
    }
    return "this is not YAML: check the indentation, and put values with special characters in quotes";
}

void build(std::string_view text, Document& document, Problems& problems) {
    const Lines lines(text);
    TreeBuilder builder(lines, document, problems);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        return;
    } catch (const Abandoned&) {
        // Already in the list.
    } catch (const YAML::DeepRecursion& error) {
        problems.add(place_of(error.mark), "", "the nesting is too deep");
    } catch (const YAML::Exception& error) {
        const Place place = place_of(error.mark);
        const bool has_tab = is_indented_by_tab(lines.from(Place{.line = place.line, .column = 1}));
        problems.add(place, "", has_tab ? "a tab cannot indent; use spaces" : explained(error));
    } catch (const std::exception&) {
        problems.add(Place(), "", "the file cannot be read as YAML");
    }
    document.root = nullptr;
}

}  // namespace

Document parse_document(std::string_view text, Problems& problems) {
    Document document;
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    if (is_acceptable_text(text, problems)) {
        build(text, document, problems);
    }
    return document;
}

}  // namespace pgweir::config
