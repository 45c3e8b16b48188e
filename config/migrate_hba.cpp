// auth_hba_file: which user may enter which database. The first record that fits decides, as in
// PgBouncer; whom none fits is refused. Addresses and methods have no place in the YAML.
#include "config/addresses.hpp"
#include "config/migrate_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgweir::config {

namespace {

// Users times databases times records that are worth looking through.
constexpr std::size_t max_hba_work = 20'000'000;

enum class Verdict { allow, deny, pass };   // pass: the record decides nothing here

bool is_everywhere(const std::string& address) {
    constexpr std::array<std::string_view, 5> all = {"all", "0.0.0.0/0", "::/0", "0.0.0.0 0.0.0.0", ":: ::"};
    return address.empty() || std::find(all.begin(), all.end(), address) != all.end();
}

bool is_loopback(const std::string& address) { return is_loopback_ip(address.substr(0, address.find_first_of("/ "))); }

bool names_all(const std::vector<std::string>& items) { return std::find(items.begin(), items.end(), "all") != items.end(); }

class HbaMigration {
public:
    explicit HbaMigration(Draft& draft) : draft_(draft) {
        const std::vector<std::string> addresses = split_ini_list(draft_.setting("listen_addr"));
        is_local_only_ = std::all_of(addresses.begin(), addresses.end(), is_local_host);
    }

    void run(const HbaFile& file) {
        for (const IniProblem& problem : file.problems) {
            draft_.losses.add(problem.origin, "auth_hba_file", problem.message, "PgBouncer passes over the line too");
        }
        for (std::size_t at = 0; at < file.rules.size(); ++at) {
            const bool is_last = at + 1 == file.rules.size();
            verdicts_.push_back(judge(file.rules[at], is_last));
        }
        demand_tls(file.rules);
        if (draft_.logins.size() * std::max<std::size_t>(1, draft_.database_names.size()) * file.rules.size() > max_hba_work) {
            return draft_.losses.add(draft_.origin_of("auth_hba_file"), "auth_hba_file", "has too many records for so many users and databases",
                                     "write users.<name>.databases by hand");
        }
        for (const auto& [name, entry] : draft_.user_entries) {
            allow(file.rules, name, *entry);
        }
    }

private:
    void lose(const HbaRule& rule, std::string why, std::string instead) {
        draft_.losses.add(rule.origin, "auth_hba_file", std::move(why), std::move(instead));
    }

    Verdict judge(const HbaRule& rule, bool is_last) {
        const auto is_outside = [](const std::string& item) { return item.starts_with('@') || item.starts_with('+') || item == "replication"; };
        if (std::any_of(rule.databases.begin(), rule.databases.end(), is_outside) || std::any_of(rule.users.begin(), rule.users.end(), is_outside)) {
            lose(rule, "lists in files, groups and replication are not read", "write users.<name>.databases by hand");
            return Verdict::pass;
        }
        const bool is_limited = !is_everywhere(rule.address) && !(is_local_only_ && is_loopback(rule.address));
        if (rule.method == "reject") {
            if (is_last && names_all(rule.databases) && names_all(rule.users)) {
                return Verdict::deny;   // what happens anyway
            }
            if (is_limited || rule.type != "host") {
                lose(rule, "clients are not told apart by where they come from or whether they use TLS", "a firewall rule");
                return Verdict::pass;
            }
            return Verdict::deny;
        }
        if (rule.method == "peer" || rule.method == "ident" || rule.method == "cert") {
            lose(rule, fmt::format("there are no {} logins", rule.method), "give such clients a password");
            return Verdict::pass;
        }
        if (rule.method == "trust") {
            lose(rule, "there is no login without a password", "give such clients the password of their user");
        } else if (rule.method != "scram-sha-256" && rule.method != "md5" && rule.method != "password" && rule.method != "plain") {
            lose(rule, fmt::format("there are no {} logins", rule.method), "give such clients a password");
            return Verdict::pass;
        }
        if (is_limited) {
            lose(rule, fmt::format("holds for {} alone, and pgweir does not look at addresses: these users may log in from everywhere", rule.address),
                 "a firewall rule, or a listen.address that only they can reach");
        }
        return Verdict::allow;
    }

    // TLS is demanded of all or of nobody.
    void demand_tls(const std::vector<HbaRule>& rules) {
        bool has_tls = false;
        const HbaRule* plain = nullptr;
        for (std::size_t at = 0; at < rules.size(); ++at) {
            if (verdicts_[at] == Verdict::allow && rules[at].type == "hostssl") {
                has_tls = true;
            } else if (verdicts_[at] == Verdict::allow && rules[at].type != "local") {
                plain = &rules[at];
            }
        }
        if (has_tls && plain != nullptr) {
            return lose(*plain, "beside hostssl records it lets clients in without TLS; TLS is demanded of all or of nobody, here of nobody",
                        "listen.tls.mode: require");
        }
        YamlNode& mode = draft_.root.under("listen.tls").at("mode");
        if (has_tls && draft_.root.under("listen.tls").find("certificate") != nullptr) {
            mode.set("require");
        } else if (has_tls) {
            lose(rules.front(), "hostssl records need client_tls_sslmode and a certificate", "set listen.tls");
        }
    }

    bool fits(const HbaRule& rule, const std::string& user, const std::string& database) const {
        const auto is_user = [&](const std::string& item) { return item == "all" || item == user; };
        const auto is_database = [&](const std::string& item) { return item == "all" || item == database || (item == "sameuser" && user == database); };
        return std::any_of(rule.users.begin(), rule.users.end(), is_user) && std::any_of(rule.databases.begin(), rule.databases.end(), is_database);
    }

    bool may_enter(const std::vector<HbaRule>& rules, const std::string& user, const std::string& database) const {
        for (std::size_t at = 0; at < rules.size(); ++at) {
            if (verdicts_[at] != Verdict::pass && fits(rules[at], user, database)) {
                return verdicts_[at] == Verdict::allow;
            }
        }
        return false;
    }

    void allow(const std::vector<HbaRule>& rules, const std::string& name, YamlNode& entry) {
        std::vector<std::string> allowed;
        for (const std::string& database : draft_.database_names) {
            if (may_enter(rules, name, database)) {
                allowed.push_back(database);
            }
        }
        if (allowed.empty()) {
            entry.at("password").set(locked_password);
            entry.at("password").comment("no record of auth_hba_file lets this user in");
        } else if (allowed.size() < draft_.database_names.size()) {
            entry.at("databases").set(std::move(allowed));
        }
    }

    Draft& draft_;
    bool is_local_only_ = false;
    std::vector<Verdict> verdicts_;   // beside each record
};

}  // namespace

void migrate_hba(Draft& draft) {
    if (!is_same_word(draft.setting("auth_type"), "hba")) {
        return;
    }
    const std::string path = draft.setting("auth_hba_file");
    const FileText text = path.empty() ? FileText{std::nullopt, "is not set"} : read_relative(path, draft.ini_path, draft.read);
    if (!text.content) {
        draft.is_incomplete = draft.is_incomplete || !path.empty();
        return draft.losses.add(draft.origin_of("auth_hba_file"), "auth_hba_file", path + (path.empty() ? "" : ": ") + text.error,
                                "users may enter every database: write users.<name>.databases by hand");
    }
    if (text.content->size() > max_ini_size) {
        return draft.losses.add(draft.origin_of("auth_hba_file"), "auth_hba_file", fmt::format("is larger than {} bytes", max_ini_size),
                                "users may enter every database: write users.<name>.databases by hand");
    }
    HbaMigration(draft).run(read_hba(*text.content, path));
}

}  // namespace pgweir::config
