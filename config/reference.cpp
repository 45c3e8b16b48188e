// Markdown and sample; the JSON schema is in json_schema.cpp.
#include "config/reference.hpp"

#include "config/problems.hpp"
#include "config/schema.hpp"
#include "config/values.hpp"
#include "config/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace pgweir::config {

namespace {

// Objects with nothing but defaults, for options to point at.
struct Defaults {
    Config config;
    DatabaseOptions database;
    UserOptions user;
};

bool is_text_like(const Option& option) {
    return std::holds_alternative<std::string*>(option.slot) || option.is_secret();
}

// What leaving the option out means.
std::string default_text(const Option& option) {
    if (option.facts->is_required) {
        return "required";
    }
    const std::string text = print(option);
    return text.empty() ? "`\"\"`" : fmt::format("`{}`", text);
}

// A `|` would end the cell.
std::string cell(std::string text) {
    for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
        text.insert(at, 1, '\\');
    }
    return text;
}

void add_table(std::string& out, const std::vector<NamedOption>& options) {
    out += "| key | default | allowed | a change takes | meaning |\n|---|---|---|---|---|\n";
    for (const NamedOption& named : options) {
        const Option& option = named.option;
        fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {} |\n", named.path,
                       cell(default_text(option)), cell(allowed_text(option)), text_of(option.facts->reload),
                       cell(std::string(option.facts->meaning)));
    }
}

// Overrides whose row stands in the first table already, as one line.
std::string override_list(const std::vector<NamedOption>& options, const std::vector<NamedOption>& known) {
    std::string out;
    for (const NamedOption& named : options) {
        const bool is_known = std::any_of(known.begin(), known.end(),
                                          [&](const NamedOption& other) { return other.path == named.path; });
        if (is_known) {
            out += fmt::format("{}`{}`", out.empty() ? "" : ", ", named.path);
        }
    }
    return out;
}

std::vector<NamedOption> without(std::vector<NamedOption> options, const std::vector<NamedOption>& known) {
    std::erase_if(options, [&](const NamedOption& named) {
        return std::any_of(known.begin(), known.end(),
                           [&](const NamedOption& other) { return other.path == named.path; });
    });
    return options;
}

void add_entry_tables(std::string& out, std::string_view title, const Section& section,
                      const std::vector<NamedOption>& known) {
    const std::vector<NamedOption> options = flatten(section, "");
    fmt::format_to(std::back_inserter(out), "\n### {}\n\n", title);
    add_table(out, without(options, known));
    fmt::format_to(std::back_inserter(out), "\nOverrides for this entry alone: {}.\n", override_list(options, known));
}

// Words that YAML readers take for something else than text.
bool needs_quotes(std::string_view text) {
    constexpr std::array<std::string_view, 8> words = {"on", "off", "yes", "no", "true", "false", "null", "~"};
    return text.empty() || std::find(words.begin(), words.end(), text) != words.end();
}

std::string yaml_text(const std::string& text) {
    return needs_quotes(text) ? fmt::format("\"{}\"", text) : text;
}

std::string yaml_value(const Option& option) {
    if (Settings* const* settings = std::get_if<Settings*>(&option.slot)) {
        std::string out;
        for (const auto& [name, value] : **settings) {
            out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, yaml_text(value));
        }
        return fmt::format("{{ {} }}", out);
    }
    return is_text_like(option) ? yaml_text(print(option)) : print(option);
}

// Comments are broken into lines of this many characters at most, the indentation apart.
constexpr std::size_t comment_width = 96;

void add_comment(std::string& out, const std::string& indent, std::string_view text) {
    while (!text.empty()) {
        std::size_t end = text.size();
        if (end > comment_width) {
            end = text.rfind(' ', comment_width);
        }
        fmt::format_to(std::back_inserter(out), "{}# {}\n", indent, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// `marker` is `# ` for an option that is shown but not given.
void add_option(std::string& out, const std::string& indent, const Option& option, std::string_view value,
                std::string_view marker = {}) {
    const std::string allowed = allowed_text(option);
    const bool is_plain = allowed.find("text") == 0 || allowed == "mapping" || allowed == "secret";
    const std::string suffix = is_plain ? std::string() : fmt::format(" [{}]", allowed);
    add_comment(out, indent, std::string(option.facts->meaning) + suffix);
    fmt::format_to(std::back_inserter(out), "{}{}{}: {}\n", indent, marker, option.facts->key, value);
}

void add_section(std::string& out, const Section& section, const std::string& indent) {
    for (const Option& option : section.options) {
        add_option(out, indent, option, yaml_value(option));
    }
    for (const Section& inner : section.sections) {
        out += fmt::format("{}{}:\n", indent, inner.key);
        add_section(out, inner, indent + "  ");
    }
}

// A value to show for an option that has none.
std::string example_of(const Option& option) {
    if (std::holds_alternative<std::optional<std::vector<std::string>>*>(option.slot)) {
        return "[app]";
    }
    if (std::holds_alternative<std::optional<PoolMode>*>(option.slot)) {
        return choices(option).front();
    }
    return yaml_value(option);
}

// `secret` is what the first option, the only one needed, is read from; the others are comments.
void add_entry(std::string& out, const Section& section, std::string_view secret) {
    const std::string indent = "    ";
    add_option(out, indent, section.options.front(), secret);
    for (const Option& option : section.options) {
        if (!option.is_secret()) {
            add_option(out, indent, option, example_of(option), "# ");
        }
    }
    for (const Section& inner : section.sections) {
        std::string options;
        for (const Option& option : inner.options) {
            options += fmt::format("{}{}: {}", options.empty() ? "" : ", ", option.facts->key, yaml_value(option));
        }
        fmt::format_to(std::back_inserter(out), "{}# {}: {{ {} }}\n", indent, inner.key, options);
    }
}

}  // namespace

std::string reference_markdown() {
    Defaults defaults;
    const std::vector<NamedOption> top = flatten(file_section(defaults.config, defaults.database), "");
    std::string out = "### The whole daemon, and what every database inherits\n\n";
    add_table(out, top);
    add_entry_tables(out, "`databases.<name>`", database_section(defaults.database), top);
    add_entry_tables(out, "`users.<name>`", user_section(defaults.user), top);
    return out;
}

std::string reference_sample() {
    Defaults defaults;
    std::string out =
        "# pgweir: every option with its default. Only `databases` and `users` are needed.\n"
        "# Durations need a unit (ms, s, m, h), amounts of memory too (kB, MB, GB). ${VAR} is read from the environment; $$ is a $.\n\n";
    const Section top = file_section(defaults.config, defaults.database);
    for (const Section& section : top.sections) {
        out += fmt::format("{}:\n", section.key);
        add_section(out, section, "  ");
        out += '\n';
    }
    for (const Option& option : top.options) {
        add_option(out, "", option, yaml_value(option));
        out += '\n';
    }
    const Section database = database_section(defaults.database);
    out += "databases:\n  # The name that clients put into their DSN.\n  app:\n";
    add_entry(out, database, "${SUPABASE_DB_URL}");
    const Section user = user_section(defaults.user);
    out += "\nusers:\n  lambda:\n";
    add_entry(out, user, "${LAMBDA_PASSWORD}");
    return out;
}

}  // namespace pgweir::config
