// The JSON Schema. Any value may also be a `${VAR}`, which an editor cannot look into.
#include "config/reference.hpp"
#include "config/schema.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

namespace pgweir::config {

namespace {

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' || c == '\\' ? "\\" : "";
        out += c;
    }
    return out + '"';
}

// As a JSON string, so with every backslash doubled.
constexpr std::string_view variable_type = R"({ "type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}" })";

std::string any_of(std::string_view first, std::string_view word = {}) {
    const std::string constant = word.empty() ? std::string() : fmt::format("{{ \"const\": {} }}, ", json_text(word));
    return fmt::format(R"("anyOf": [{}, {}{}])", first, constant, variable_type);
}

std::string whole_number(const Facts& facts) {
    return any_of(fmt::format(R"({{ "type": "integer", "minimum": {}, "maximum": {} }})", facts.min, facts.max),
                  facts.word);
}

std::string share(const Facts& facts) {
    // YAML reads a bare `off` as text in version 1.2 and as false before.
    const std::string word = facts.word.empty() ? "" : R"({ "const": false }, )";
    return any_of(word + R"({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$" })", facts.word);
}

std::string portion(const Facts& facts) {
    return any_of(fmt::format(R"({{ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$" }}, )"
                              R"({{ "type": "integer", "minimum": {}, "maximum": {} }})",
                              facts.min, facts.max));
}

std::string choice(const Option& option) {
    std::string words;
    for (const std::string& word : choices(option)) {
        words += fmt::format("{}{}", words.empty() ? "" : ", ", json_text(word));
    }
    return any_of(fmt::format(R"({{ "enum": [{}] }})", words));
}

// What stands in the option's object beside its description.
std::string type_of(const Option& option) {
    constexpr std::string_view text_type = R"("type": ["string", "number", "boolean"])";
    const Facts& facts = *option.facts;
    return std::visit(
        [&](const auto* member) -> std::string {
            using Value = std::remove_cvref_t<decltype(*member)>;
            if constexpr (std::is_same_v<Value, int> || std::is_same_v<Value, std::uint16_t>) {
                return whole_number(facts);
            } else if constexpr (std::is_same_v<Value, bool>) {
                return any_of(R"({ "type": "boolean" })");
            } else if constexpr (std::is_same_v<Value, std::chrono::milliseconds>) {
                return any_of(R"({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" })");
            } else if constexpr (std::is_same_v<Value, ByteSize>) {
                return any_of(R"({ "type": "string", "pattern": "^[0-9]+(kB|MB|GB)$" })");
            } else if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, std::optional<double>>) {
                return share(facts);
            } else if constexpr (std::is_same_v<Value, Portion>) {
                return portion(facts);
            } else if constexpr (std::is_same_v<Value, Settings>) {
                return fmt::format(R"("type": "object", "additionalProperties": {{ {} }})", text_type);
            } else if constexpr (std::is_same_v<Value, Weights>) {
                return fmt::format(R"("type": "object", "additionalProperties": {{ {} }})", whole_number(facts));
            } else if constexpr (std::is_same_v<Value, std::vector<std::string>> ||
                                 std::is_same_v<Value, std::optional<std::vector<std::string>>>) {
                return R"("type": ["string", "array"], "items": { "type": "string" })";
            } else if constexpr (std::is_same_v<Value, std::string> || std::is_same_v<Value, Secret>) {
                return std::string(text_type);
            } else {
                return choice(option);
            }
        },
        option.slot);
}

// A default that JSON can hold; none for what has no single value.
std::string default_of(const Option& option) {
    Portion* const* portion = std::get_if<Portion*>(&option.slot);
    const bool is_plain = std::holds_alternative<int*>(option.slot) ||
                           std::holds_alternative<std::uint16_t*>(option.slot) ||
                           std::holds_alternative<bool*>(option.slot) ||
                           (portion != nullptr && !(*portion)->percent());
    const bool has_none = option.is_secret() || std::holds_alternative<Settings*>(option.slot) ||
                          std::holds_alternative<Weights*>(option.slot) ||
                          std::holds_alternative<std::optional<std::vector<std::string>>*>(option.slot) ||
                          std::holds_alternative<std::optional<PoolMode>*>(option.slot);
    if (has_none) {
        return {};
    }
    const std::string text = print(option);
    const bool is_bare = is_plain && text != option.facts->word;
    return fmt::format(R"("default": {}, )", is_bare ? text : json_text(text));
}

// The body of an object: indentation, properties, and that there are no others.
std::string object_body(const Section& section, const std::string& indent, std::string_view more = {}) {
    const std::string inner_indent = indent + "    ";
    std::string out = fmt::format("{0}\"additionalProperties\": false,\n{0}\"properties\": {{", indent);
    bool is_first = true;
    const auto begin_property = [&](std::string_view key) {
        out += fmt::format("{}\n{}{}: ", is_first ? "" : ",", inner_indent, json_text(key));
        is_first = false;
    };
    for (const Option& option : section.options) {
        begin_property(option.facts->key);
        out += fmt::format("{{ \"description\": {}, {}{} }}", json_text(option.facts->meaning), default_of(option),
                           type_of(option));
    }
    for (const Section& inner : section.sections) {
        begin_property(inner.key);
        out += fmt::format("{{\n{0}    \"type\": [\"object\", \"null\"],\n{1}\n{0}}}", inner_indent,
                           object_body(inner, inner_indent + "    "));
    }
    return out + fmt::format("{}\n{}}}", more, indent);
}

std::string entries(std::string_view key, const Section& section, std::string_view required) {
    return fmt::format(",\n        {}: {{\n            \"type\": \"object\",\n            \"minProperties\": 1,\n"
                       "            \"additionalProperties\": {{\n                \"type\": \"object\",\n"
                       "                \"required\": [{}],\n{}\n            }}\n        }}",
                       json_text(key), json_text(required), object_body(section, "                "));
}

}  // namespace

std::string reference_json_schema() {
    Config config;
    DatabaseOptions database;
    UserOptions user;
    const std::string more = entries("databases", database_section(database), "dsn") +
                             entries("users", user_section(user), "password");
    return fmt::format("{{\n    \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
                       "    \"title\": \"pgweir.yaml\",\n    \"type\": \"object\",\n"
                       "    \"required\": [\"databases\", \"users\"],\n{}\n}}\n",
                       object_body(file_section(config, database), "    ", more));
}

}  // namespace pgweir::config
