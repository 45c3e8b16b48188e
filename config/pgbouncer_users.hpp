// PgBouncer's two other files: auth_file (`"name" "secret"`) and auth_hba_file. Pure text.
#pragma once

#include "config/pgbouncer_ini.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

enum class SecretForm {
    none,       // an empty text: no password lets the user in
    plain,
    scram,      // a verifier
    md5,
    unusable,   // not UTF-8, or a damaged verifier
};

struct FileUser {
    std::string name;
    std::string secret;
    SecretForm form = SecretForm::none;
    Origin origin;
};

struct UserList {
    std::vector<FileUser> users;          // each name once: the last line wins
    std::vector<IniProblem> problems;     // PgBouncer does not read on behind the first
};

UserList read_user_list(std::string_view text, const std::string& path);

// One record of an HBA file.
struct HbaRule {
    std::string type;                     // local, host, hostssl, hostnossl
    std::vector<std::string> databases;
    std::vector<std::string> users;
    std::string address;                  // with its mask; empty for local
    std::string method;
    Origin origin;
};

struct HbaFile {
    std::vector<HbaRule> rules;
    std::vector<IniProblem> problems;     // PgBouncer skips such a line
};

HbaFile read_hba(std::string_view text, const std::string& path);

}  // namespace pgweir::config
