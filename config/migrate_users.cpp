// Who may log in: auth_type, auth_file, [users] and the console's users.
#include "config/migrate_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::config {

namespace {

constexpr std::size_t max_name_size = 63;

struct AuthRow {
    std::string_view type;
    std::string_view why;       // empty: passwords, which are carried
    std::string_view instead;
};

constexpr std::array<AuthRow, 10> auth_rows = {{
    {"md5", "", ""},
    {"scram-sha-256", "", ""},
    {"plain", "", ""},
    {"hba", "", ""},
    {"trust", "there is no login without a password", "give each client the password of its user"},
    {"any", "there is no login without a password, and no user that is not named", "write a user with a password under users:"},
    {"cert", "a client certificate does not replace the password; with listen.tls.client_ca it is asked for besides it",
     "give each client a password"},
    {"pam", "there is no PAM login", "write the users under users:, with passwords or verifiers"},
    {"ldap", "there is no LDAP login", "write the users under users:, with passwords or verifiers"},
    {"peer", "the operating system's user is not asked", "give each client a password"},
}};

void judge_auth_type(Draft& draft) {
    const std::string type = draft.setting("auth_type");
    const auto row = std::find_if(auth_rows.begin(), auth_rows.end(), [&](const AuthRow& other) { return is_same_word(other.type, type); });
    if (row == auth_rows.end()) {
        draft.losses.add(draft.origin_of("auth_type"), "auth_type", "is no type that PgBouncer knows", "clients log in with SCRAM-SHA-256");
    } else if (!row->why.empty()) {
        draft.losses.add(draft.origin_of("auth_type"), "auth_type", std::string(row->why), std::string(row->instead));
    }
}

void read_logins(Draft& draft) {
    const std::string path = draft.setting("auth_file");
    if (path.empty()) {
        return;
    }
    const FileText text = read_relative(path, draft.ini_path, draft.read);
    const Origin origin = draft.origin_of("auth_file");
    if (!text.content) {
        draft.is_incomplete = true;
        return draft.losses.add(origin, "auth_file", path + ": " + text.error, "run it as a user who may read the file");
    }
    if (text.content->size() > max_ini_size) {
        return draft.losses.add(origin, "auth_file", fmt::format("{}: is larger than {} bytes", path, max_ini_size),
                                "write the users under users:");
    }
    UserList list = read_user_list(*text.content, path);
    for (IniProblem& problem : list.problems) {
        draft.losses.add(problem.origin, "auth_file", std::move(problem.message), "correct the line");
    }
    draft.logins = std::move(list.users);
}

void lock(Draft& draft, const FileUser& user, YamlNode& password, std::string why, std::string instead) {
    password.set(locked_password);
    password.comment("nobody can log in with this");
    draft.losses.add(user.origin, "users." + user.name, std::move(why), std::move(instead));
}

void write_password(Draft& draft, const FileUser& user, YamlNode& password) {
    constexpr std::string_view verifier = "put a verifier in its place: pgweir hash-password, or what PostgreSQL has in pg_authid.rolpassword";
    switch (user.form) {
        case SecretForm::plain:
            if (user.secret.starts_with("file:")) {
                return lock(draft, user, password, "a password that begins with file: would be taken for a file's name", std::string(verifier));
            }
            return password.set(without_variables(user.secret));
        case SecretForm::scram: return password.set(user.secret);
        case SecretForm::md5:
            return lock(draft, user, password, "an md5 hash cannot be used for SCRAM, and pgweir has no md5 logins", std::string(verifier));
        case SecretForm::none: return lock(draft, user, password, "has no password", std::string(verifier));
        case SecretForm::unusable:
            return lock(draft, user, password, "the password is a damaged verifier, has control characters or is not UTF-8", std::string(verifier));
    }
}

void migrate_console_users(Draft& draft, std::string_view key, std::string_view option) {
    const std::vector<std::string> names = split_ini_list(draft.setting(key));
    if (names.empty()) {
        return;
    }
    if (!has_option(IniScope::user, option)) {
        return draft.losses.add(draft.origin_of(key), std::string(key), "there is no console",
                                "pgweir's metrics, health and log say what SHOW says; SIGHUP reloads, SIGTERM drains");
    }
    for (const std::string& name : names) {
        const auto entry = draft.user_entries.find(name);
        if (entry == draft.user_entries.end()) {
            draft.losses.add(draft.origin_of(key), std::string(key), fmt::format("{} is not in auth_file", name),
                             fmt::format("write the user under users:, with {}: true", option));
        } else {
            entry->second->at(option).set("true");
        }
    }
}

void carry_user_mode(Draft& draft, const std::string& name, YamlNode& user) {
    const std::optional<IniValue> mode = draft.user_pool_mode(name);
    if (!mode) {
        return;
    }
    if (draft.has_open_databases) {
        return user.at("pool_mode").set(carry_pool_mode(*mode, draft.losses));
    }
    if (!draft.used_user_lines.contains(name)) {
        draft.losses.add(mode->origin, mode->key, "has no effect in PgBouncer either: every database logs in to its server as another user");
    }
}

}  // namespace

const std::string locked_password = "SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$" + std::string(43, 'A') + "=:" + std::string(43, 'A') + "=";

void migrate_logins(Draft& draft) {
    judge_auth_type(draft);
    if (!is_same_word(draft.setting("auth_type"), "any") && !is_same_word(draft.setting("auth_type"), "pam")) {
        read_logins(draft);
    }
    for (const FileUser& user : draft.logins) {
        if (user.name.size() > max_name_size || user.name == "*") {
            draft.losses.add(user.origin, "users." + user.name, fmt::format("is not a name of at most {} bytes", max_name_size),
                             "choose another name for the client");
            continue;
        }
        draft.login_of.emplace(user.name, &user);
    }
}

void migrate_user_lines(Draft& draft) {
    for (const FileUser& user : draft.logins) {
        if (draft.login_of.contains(user.name)) {
            YamlNode& entry = draft.root.at("users").append(user.name);
            draft.user_entries.emplace(user.name, &entry);
            write_password(draft, user, entry.at("password"));
            carry_user_mode(draft, user.name, entry);
        }
    }
    for (const auto& [name, line] : draft.users) {
        const std::string path = "users." + name;
        const std::optional<std::vector<IniPair>> pairs = split_ini_pairs(line.value);
        const auto entry = draft.user_entries.find(name);
        if (!pairs) {
            draft.losses.add(line.origin, path, "is not a list of key=value pairs: PgBouncer would not start", "write it anew under users:");
        } else if (entry == draft.user_entries.end() && !draft.used_user_lines.contains(name)) {
            draft.losses.add(line.origin, path, "is not in auth_file, so no client logs in as this user", "write the user under users:");
        }
        for (const IniPair& pair : pairs.value_or(std::vector<IniPair>())) {
            const IniRow* row = find_ini_row(IniScope::user, pair.key);
            if (row == nullptr) {
                draft.losses.add_unknown(line.origin, path + "." + pair.key, pair.key, IniScope::user);
            } else if (entry != draft.user_entries.end()) {
                carry(*row, IniScope::user, IniValue{pair.value, line.origin, path + "." + pair.key}, *entry->second, draft.losses);
            }
        }
    }
    migrate_console_users(draft, "admin_users", "admin");
    migrate_console_users(draft, "stats_users", "stats");
}

const FileUser* Draft::sole_user() const {
    const bool may_be_others = !setting("auth_query").empty() || !setting("auth_user").empty();
    return logins.size() == 1 && !may_be_others ? &logins.front() : nullptr;
}

std::optional<IniValue> Draft::user_pool_mode(std::string_view user) const {
    const auto line = users.find(user);
    std::optional<IniValue> mode;
    if (line != users.end()) {
        for (const IniPair& pair : split_ini_pairs(line->second.value).value_or(std::vector<IniPair>())) {
            if (pair.key == "pool_mode") {
                mode = IniValue{pair.value, line->second.origin, "users." + line->first + ".pool_mode"};
            }
        }
    }
    return mode;
}

}  // namespace pgweir::config
