#include "config/pgbouncer_users.hpp"

#include "config/password_form.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace pgweir::config {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";

// Further ones would say the same: the file is of another kind.
constexpr std::size_t max_problems = 100;

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

// `"..."` with doubled quotes for one; nullopt when there is none or it does not end on the line.
std::optional<std::string> take_quoted(std::string_view& text) {
    if (!text.starts_with('"')) {
        return std::nullopt;
    }
    std::string out;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] != '"') {
            out += text[at];
        } else if (text.substr(at).starts_with("\"\"")) {
            out += text[at++];
        } else {
            text.remove_prefix(at + 1);
            return out;
        }
    }
    return std::nullopt;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

SecretForm form_of(const std::string& secret) {
    if (secret.empty()) {
        return SecretForm::none;
    }
    if (has_control(secret) || unclean(secret)) {
        return SecretForm::unusable;
    }
    if (is_md5_hash(secret)) {
        return SecretForm::md5;
    }
    if (password_problem(secret)) {
        return SecretForm::unusable;
    }
    return secret.starts_with("SCRAM-SHA-256$") ? SecretForm::scram : SecretForm::plain;
}

// A field of an HBA line: items with commas between, quoted or not.
std::vector<std::string> take_items(std::string_view& line) {
    std::vector<std::string> items;
    skip_blanks(line);
    while (!line.empty() && line.front() != '#') {
        std::optional<std::string> quoted = take_quoted(line);
        if (quoted) {
            items.push_back(std::move(*quoted));
        } else {
            const std::size_t size = std::max<std::size_t>(1, std::min(line.find_first_of(" \t\r\f\v,#"), line.size()));
            items.emplace_back(line.substr(0, size));
            line.remove_prefix(size);
        }
        if (!line.starts_with(',')) {
            break;
        }
        line.remove_prefix(1);
        skip_blanks(line);
    }
    return items;
}

std::string take_item(std::string_view& line) {
    const std::vector<std::string> items = take_items(line);
    return items.size() == 1 ? items.front() : std::string();
}

bool is_mask(std::string_view text) {
    return text.starts_with("255.") || text == "0.0.0.0" || text.starts_with("ffff:") || text == "::";
}

std::optional<HbaRule> read_rule(std::string_view line, const Origin& origin) {
    constexpr std::array<std::string_view, 4> types = {"local", "host", "hostssl", "hostnossl"};
    HbaRule rule;
    rule.origin = origin;
    rule.type = take_item(line);
    if (std::find(types.begin(), types.end(), rule.type) == types.end()) {
        return std::nullopt;
    }
    rule.databases = take_items(line);
    rule.users = take_items(line);
    if (rule.type != "local") {
        rule.address = take_item(line);
        if (rule.address.empty()) {
            return std::nullopt;
        }
    }
    rule.method = take_item(line);
    if (rule.type != "local" && is_mask(rule.method)) {
        rule.address += " " + rule.method;
        rule.method = take_item(line);
    }
    const bool is_whole = !rule.databases.empty() && !rule.users.empty() && !rule.method.empty();
    return is_whole ? std::optional<HbaRule>(std::move(rule)) : std::nullopt;
}

}  // namespace

UserList read_user_list(std::string_view text, const std::string& path) {
    UserList list;
    std::map<std::string, std::size_t> places;
    for (int number = 1; !text.empty(); ++number) {
        std::string_view line = take_line(text);
        const Origin origin{path, number};
        skip_blanks(line);
        if (line.empty() || line.front() == ';') {
            continue;
        }
        std::optional<std::string> name = take_quoted(line);
        skip_blanks(line);
        std::optional<std::string> secret = name ? take_quoted(line) : std::nullopt;
        if (!secret) {
            list.problems.push_back(IniProblem{origin, "is not \"name\" \"password\"; PgBouncer reads no line from here on"});
            break;
        }
        if (name->empty() || has_control(*name) || unclean(*name)) {
            list.problems.push_back(IniProblem{origin, "the user's name is empty, has control characters or is not UTF-8 text"});
            continue;
        }
        const SecretForm form = form_of(*secret);
        FileUser user{std::move(*name), std::move(*secret), form, origin};
        const auto [place, is_new] = places.emplace(user.name, list.users.size());
        if (is_new) {
            list.users.push_back(std::move(user));
        } else {
            list.users[place->second] = std::move(user);
        }
    }
    return list;
}

HbaFile read_hba(std::string_view text, const std::string& path) {
    HbaFile file;
    for (int number = 1; !text.empty() && file.problems.size() < max_problems; ++number) {
        std::string_view line = take_line(text);
        const Origin origin{path, number};
        skip_blanks(line);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (const std::optional<std::string> problem = unclean(line)) {
            file.problems.push_back(IniProblem{origin, *problem});
        } else if (std::optional<HbaRule> rule = read_rule(line, origin)) {
            file.rules.push_back(std::move(*rule));
        } else {
            file.problems.push_back(IniProblem{origin, "is no HBA record that PgBouncer takes"});
        }
    }
    return file;
}

}  // namespace pgweir::config
