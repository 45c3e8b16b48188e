// `${VAR}` in any value, and `file:/path` where a secret is expected.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace pgweir::config {

// What a value of the file stands for, or what is wrong with it. The problem never
// repeats the value or what it stands for.
struct Resolved {
    std::string text;
    std::optional<std::string> problem;
};

// `${VAR}` becomes the variable's value, which is not looked at again; `$$` becomes `$`;
// any other `$` stays, so that a SCRAM verifier can be pasted as it is.
Resolved expand(std::string_view text, const Surroundings& surroundings);

// The same; and `file:/path`, when it is written so in the file, becomes that file's
// content without the newlines at its end.
Resolved resolve_secret(std::string_view text, const Surroundings& surroundings);

}  // namespace pgweir::config
