// From what somebody types to a command, or to what is wrong with it. Pure; the text may be anything.
#pragma once

#include "proxy/admin/admin_verb.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgweir::proxy {

struct ShowRow;

struct AdminCommand {
    Verb verb = Verb::nothing;
    const ShowRow* show = nullptr;   // Verb::show; null for HELP
    std::string name;                // a database, a key, a word in capitals, a driver's parameter; may be empty
    std::string value;               // behind the key, or the database of BREAKER
    std::int64_t number = 0;
    std::string tag;                 // of CommandComplete
};

// An ERROR; the console stays open.
struct CommandError {
    std::string_view sqlstate;
    std::string message;
    std::string hint{};
};

using ParsedCommand = std::variant<AdminCommand, CommandError>;

// The statements of a text, with semicolons between them; none of an empty one. Behind one that is no
// command nothing is looked at.
std::vector<ParsedCommand> parse_commands(std::string_view text);

// The value of a parameter that drivers ask for with SHOW; null when it is none of those.
const char* driver_parameter(std::string_view name);

}  // namespace pgweir::proxy
