#include "proxy/completion.hpp"

#include <CLI/CLI.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace pgweir::proxy {
namespace {

using Words = std::vector<std::string>;

// What may stand for a value: words, or else the name of a file.
struct Value {
    Words words;
    bool is_file = false;
};

struct ValuedOption {
    Words names;   // -c, --config
    Value value;
};

struct Command {
    std::string name;   // empty for what stands before a subcommand
    Words words;        // options, and the words of a positional argument
    bool takes_file = false;
    std::vector<ValuedOption> valued;
};

// CLI11 shows the words of CLI::IsMember within braces, behind the type; what has a type of its own is no file.
Value value_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t begin = type.find('{');
    const std::size_t end = type.find('}');
    if (begin == std::string::npos || end == std::string::npos || end < begin) return Value{{}, type.starts_with("TEXT")};
    Words words = CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
    std::transform(words.begin(), words.end(), words.begin(), [](std::string word) { return CLI::detail::trim(word); });
    return Value{std::move(words), false};
}

Words names_of(const CLI::Option& option) {
    Words names;
    for (const std::string& name : option.get_snames()) names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
    return names;
}

Command describe(const CLI::App& app, std::string name) {
    Command command;
    command.name = std::move(name);
    for (const CLI::Option* option : app.get_options()) {
        const Words names = names_of(*option);
        const bool takes_value = option->get_items_expected_max() > 0;
        if (names.empty()) {
            const Value value = value_of(*option);
            command.words.insert(command.words.end(), value.words.begin(), value.words.end());
            command.takes_file = command.takes_file || value.is_file;
            continue;
        }
        command.words.insert(command.words.end(), names.begin(), names.end());
        if (takes_value) command.valued.push_back(ValuedOption{names, value_of(*option)});
    }
    return command;
}

std::vector<Command> describe_all(const CLI::App& app) {
    std::vector<Command> commands = {describe(app, "")};
    for (const CLI::App* subcommand : app.get_subcommands({})) {
        commands.front().words.push_back(subcommand->get_name());
        commands.push_back(describe(*subcommand, subcommand->get_name()));
    }
    return commands;
}

std::string alternatives(const Command& command, const ValuedOption& option) {
    Words patterns;
    for (const std::string& name : option.names) patterns.push_back(fmt::format("\"{},{}\"", command.name, name));
    return fmt::format("{}", fmt::join(patterns, "|"));
}

std::string subcommand_names(const std::vector<Command>& commands) {
    Words names;
    for (const Command& command : commands)
        if (!command.name.empty()) names.push_back(command.name);
    return fmt::format("{}", fmt::join(names, "|"));
}

std::string bash_script(const std::vector<Command>& commands) {
    std::string out = "# bash completion for pgweir: source <(pgweir completion bash)\n_pgweir() {\n"
                      "    local word words= files=no command= current=${COMP_WORDS[COMP_CWORD]}\n"
                      "    local previous=${COMP_WORDS[COMP_CWORD-1]}\n"
                      "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n";
    auto to = std::back_inserter(out);
    fmt::format_to(to, "        case $word in {}) command=$word; break ;; esac\n    done\n", subcommand_names(commands));
    out += "    case $command,$previous in\n";
    for (const Command& command : commands) {
        for (const ValuedOption& option : command.valued)
            fmt::format_to(to, "    {}) words='{}' files={} ;;\n", alternatives(command, option),
                           fmt::join(option.value.words, " "), option.value.is_file ? "yes" : "no");
    }
    out += "    *) case $command in\n";
    for (const Command& command : commands)
        fmt::format_to(to, "        '{}') words='{}' files={} ;;\n", command.name, fmt::join(command.words, " "),
                       command.takes_file ? "yes" : "no");
    out += "        esac ;;\n    esac\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\"\n"
           "        [ $files = no ] || compgen -f -- \"$current\")\n"
           "}\ncomplete -o filenames -F _pgweir pgweir\n";
    return out;
}

std::string zsh_script(const std::vector<Command>& commands) {
    std::string out = "#compdef pgweir\n# zsh completion for pgweir: source <(pgweir completion zsh), or a file _pgweir in $fpath\n_pgweir() {\n"
                      "    local word command= previous=${words[CURRENT-1]}\n"
                      "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n";
    auto to = std::back_inserter(out);
    fmt::format_to(to, "        case $word in ({}) command=$word; break ;; esac\n    done\n", subcommand_names(commands));
    out += "    case $command,$previous in\n";
    for (const Command& command : commands) {
        for (const ValuedOption& option : command.valued)
            fmt::format_to(to, "    ({}) {}; return ;;\n", alternatives(command, option),
                           option.value.is_file ? "_files" : fmt::format("compadd -- {}", fmt::join(option.value.words, " ")));
    }
    out += "    esac\n    case $command in\n";
    for (const Command& command : commands)
        fmt::format_to(to, "    ('{}') compadd -- {}{} ;;\n", command.name, fmt::join(command.words, " "),
                       command.takes_file ? "; _files" : "");
    out += "    esac\n}\nif [ \"$funcstack[1]\" = _pgweir ]; then _pgweir \"$@\"; else compdef _pgweir pgweir; fi\n";
    return out;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
    const std::vector<Command> commands = describe_all(app);
    return shell == "zsh" ? zsh_script(commands) : bash_script(commands);
}

}  // namespace pgweir::proxy
