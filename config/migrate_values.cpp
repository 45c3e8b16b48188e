#include "config/migrate_parts.hpp"

#include "config/nearest.hpp"
#include "config/quantities.hpp"
#include "config/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace pgweir::config {

namespace {

// More of them say that the file is no pgbouncer.ini.
constexpr std::size_t max_losses = 1000;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The key path of each option -> its facts, of the whole file, of a database, of a user.
using FactsByPath = std::map<std::string, const Facts*, std::less<>>;

FactsByPath facts_of(const Section& section) {
    FactsByPath facts;
    for (const NamedOption& named : flatten(section, "")) {
        facts.emplace(named.path, named.option.facts);
    }
    return facts;
}

const FactsByPath& facts_in(IniScope scope) {
    static Config config;
    static DatabaseOptions database;
    static UserOptions user;
    static const FactsByPath daemon_facts = facts_of(file_section(config, database));
    static const FactsByPath database_facts = facts_of(database_section(database));
    static const FactsByPath user_facts = facts_of(user_section(user));
    switch (scope) {
        case IniScope::daemon: return daemon_facts;
        case IniScope::database: return database_facts;
        case IniScope::user: return user_facts;
    }
    return daemon_facts;
}

std::string duration_text(std::int64_t milliseconds) { return text_of(std::chrono::milliseconds(milliseconds)); }

bool is_harmless(const IniRow& row, std::string_view text) {
    const std::optional<double> number = ini_seconds(text);
    return row.fallback == "*" || is_same_word(row.fallback, text) || (number && number == ini_seconds(row.fallback));
}

void carry_seconds(const IniRow& row, IniScope scope, const IniValue& value, YamlNode& entry, Losses& losses) {
    const std::optional<double> seconds = ini_seconds(value.text);
    if (!seconds) {
        return losses.add(value.origin, value.key, "is not a number of seconds: PgBouncer would not start", "write a number");
    }
    const Facts& facts = *facts_in(scope).at(std::string(row.path));
    const auto milliseconds = static_cast<std::int64_t>(std::llround(*seconds * 1000.0));
    std::int64_t carried = std::clamp(milliseconds, facts.min, facts.max);
    if (milliseconds == 0 && row.zero == ZeroMeans::never) {
        carried = facts.max;
        losses.add(value.origin, value.key, "0 is for ever in PgBouncer, which pgweir has not",
                   fmt::format("{}: {} was written, the longest", row.path, duration_text(carried)));
    } else if (milliseconds == 0 && row.zero == ZeroMeans::shortest) {
        carried = 1000;
        losses.add(value.origin, value.key, "with 0 PgBouncer uses each server once; here it is for ever",
                   fmt::format("{}: {} was written", row.path, duration_text(carried)));
    } else if (carried != milliseconds) {
        losses.add(value.origin, value.key, fmt::format("is outside of pgweir's {}", duration_range(facts)),
                   fmt::format("{}: {} was written", row.path, duration_text(carried)));
    }
    entry.under(row.path).set(duration_text(carried));
}

}  // namespace

void Losses::add(const Origin& origin, std::string key, std::string why, std::string instead) {
    if (is_full()) {
        ++further_;
        return;
    }
    Loss loss{origin, std::move(key), std::move(why), std::move(instead)};
    if (said_.insert(loss.text()).second) {
        losses_.push_back(std::move(loss));
    }
}

void Losses::add_unknown(const Origin& origin, std::string key, std::string_view word, IniScope scope) {
    const std::string meant = is_full() ? std::string() : did_you_mean(word, ini_keys(scope));
    add(origin, std::move(key), "is not a key that PgBouncer knows" + meant, "correct or remove it");
}

std::vector<Loss> Losses::in_order() const {
    std::vector<Loss> sorted = losses_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Loss& a, const Loss& b) {
        return std::tie(a.origin.file, a.origin.line) < std::tie(b.origin.file, b.origin.line);
    });
    return sorted;
}

bool Losses::is_full() const { return losses_.size() >= max_losses; }

// As strtol takes it with base 0: 0x for hex, 0 for octal.
std::optional<std::int64_t> ini_number(std::string_view text) {
    const std::string copy(text);
    char* end = nullptr;
    errno = 0;
    const long long number = std::strtoll(copy.c_str(), &end, 0);
    constexpr long long limit = 1'000'000'000'000;
    if (copy.empty() || end != copy.c_str() + copy.size() || errno != 0 || number > limit || number < -limit) {
        return std::nullopt;
    }
    return number;
}

std::optional<double> ini_seconds(std::string_view text) {
    double number = 0;
    constexpr double limit = 1e9;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = !text.empty() && ec == std::errc() && end == text.data() + text.size();
    return is_whole && number >= 0 && number <= limit ? std::optional<double>(number) : std::nullopt;
}

bool is_same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool has_option(IniScope scope, std::string_view path) { return facts_in(scope).contains(path); }

std::int64_t fit(IniScope scope, std::string_view path, std::int64_t number, const IniValue& value, Losses& losses) {
    const Facts& facts = *facts_in(scope).at(std::string(path));
    const std::int64_t fitted = std::clamp(number, facts.min, facts.max);
    if (fitted != number) {
        losses.add(value.origin, value.key, fmt::format("is outside of pgweir's {}", whole_number_range(facts)),
                   fmt::format("{}: {} was written", path, fitted));
    }
    return fitted;
}

void carry(const IniRow& row, IniScope scope, const IniValue& value, YamlNode& entry, Losses& losses) {
    switch (row.kind) {
        case IniKind::number:
            if (const std::optional<std::int64_t> number = ini_number(value.text)) {
                entry.under(row.path).set(std::to_string(fit(scope, row.path, *number, value, losses)));
            } else {
                losses.add(value.origin, value.key, "is not a whole number: PgBouncer would not start", "write a number");
            }
            break;
        case IniKind::seconds: carry_seconds(row, scope, value, entry, losses); break;
        case IniKind::setting: entry.at("server_settings").at(row.path).set(without_variables(value.text)); break;
        case IniKind::special: break;
        case IniKind::lost:
            if (!is_harmless(row, value.text)) {
                losses.add(value.origin, value.key, std::string(row.why), std::string(row.instead));
            }
            break;
    }
}

std::string carry_pool_mode(const IniValue& value, Losses& losses) {
    for (const char* mode : {"session", "transaction"}) {
        if (is_same_word(value.text, mode)) {
            return mode;
        }
    }
    if (is_same_word(value.text, "statement")) {
        losses.add(value.origin, value.key, "there is no pool_mode statement: transactions of several statements are allowed",
                   "transaction was written");
        return "transaction";
    }
    losses.add(value.origin, value.key, "is not a pool mode: PgBouncer would not start", "session was written, PgBouncer's default");
    return "session";
}

}  // namespace pgweir::config
