#include "config/pgbouncer_ini.hpp"

#include "config/text_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgweir::config {

namespace {

// PgBouncer's own limit on `%include`s within each other, and ours on files and bytes in all.
constexpr std::size_t max_include_depth = 10;
constexpr std::size_t max_files = 100;
constexpr std::size_t max_total_size = 4 * max_ini_size;

// Further ones would say the same: the file is of another kind.
constexpr std::size_t max_ini_problems = 100;

constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_key_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-*").find(c) != std::string_view::npos;
}

// The text up to the closing quote, doubled quotes made single, removed from `text` with it.
// Nullopt when none closes. Requires: the opening quote is gone.
std::optional<std::string> take_quoted(std::string_view& text, char quote) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != quote) {
            out += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == quote) {
            out += text[at++];
        } else {
            text.remove_prefix(at + 1);
            return out;
        }
    }
    return std::nullopt;
}

class IniReader {
public:
    IniReader(const std::string& main_file, const ReadText& read) : main_file_(main_file), read_(read) {}

    void read_file(const std::string& path, const Origin& asked_by) {
        if (open_.size() > max_include_depth || std::find(open_.begin(), open_.end(), path) != open_.end()) {
            return add(asked_by, open_.size() > max_include_depth ? "%include is nested too deep"
                                                                  : "%include: the file includes itself");
        }
        if (++files_ > max_files) {
            return add(asked_by, fmt::format("%include: more than {} files", max_files));
        }
        const FileText text = open_.empty() ? read_(path) : read_relative(path, main_file_, read_);
        if (!text.content) {
            return add(asked_by.file.empty() ? Origin{path, 0} : asked_by,
                       (asked_by.file.empty() ? "" : "%include " + printable(path) + ": ") + text.error, true);
        }
        total_size_ += text.content->size();
        if (text.content->size() > max_ini_size || total_size_ > max_total_size) {
            return add(Origin{path, 0}, fmt::format("is larger than {} bytes", max_ini_size));
        }
        open_.push_back(path);
        read_lines(*text.content, path);
        open_.pop_back();
    }

    Ini take() { return std::move(ini_); }

private:
    void add(const Origin& origin, std::string message, bool is_unreadable = false) {
        if (ini_.problems.size() < max_ini_problems) {
            ini_.problems.push_back(IniProblem{origin, std::move(message), is_unreadable});
        }
    }

    void read_lines(std::string_view text, const std::string& path) {
        for (int number = 1; !text.empty(); ++number) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            read_line(trimmed(line), Origin{path, number});
        }
    }

    void read_line(std::string_view line, const Origin& origin) {
        const bool is_comment = line.starts_with(';') || line.starts_with('#');
        if (line.empty() || (is_comment && line.find('\0') == std::string_view::npos)) {
            return;
        }
        if (const std::optional<std::string> problem = unclean(line)) {
            return add(origin, *problem);
        }
        constexpr std::string_view include = "%include";
        if (line.starts_with(include) && line.size() > include.size() &&
            blanks.find(line[include.size()]) != std::string_view::npos) {
            return read_file(std::string(trimmed(line.substr(include.size()))), origin);
        }
        while (line.starts_with('[')) {
            const std::size_t end = line.find(']');
            if (end == std::string_view::npos) {
                return add(origin, "a section's name needs a ] behind it");
            }
            section_ = std::string(line.substr(1, end - 1));
            line = trimmed(line.substr(end + 1));
        }
        if (!line.empty()) {
            read_pair(line, origin);
        }
    }

    void read_pair(std::string_view line, const Origin& origin) {
        std::string key;
        if (line.starts_with('"')) {
            line.remove_prefix(1);
            key = take_quoted(line, '"').value_or(std::string());
        } else {
            const auto end = std::find_if_not(line.begin(), line.end(), is_key_character);
            key.assign(line.begin(), end);
            line.remove_prefix(key.size());
        }
        line = trimmed(line);
        if (key.empty() || !line.starts_with('=')) {
            return add(origin, "is neither a comment, a [section] nor key = value");
        }
        if (section_.empty()) {
            return add(origin, "stands before the first [section]");
        }
        ini_.entries.push_back(IniEntry{section_, std::move(key), std::string(trimmed(line.substr(1))), origin});
    }

    const std::string main_file_;
    const ReadText& read_;
    std::vector<std::string> open_;   // the file that is read, and those that include it
    std::string section_;
    std::size_t files_ = 0;
    std::size_t total_size_ = 0;
    Ini ini_;
};

}  // namespace

std::string Origin::text() const {
    return line > 0 ? fmt::format("{}:{}", printable(file), line) : printable(file);
}

Ini read_ini(const std::string& path, const ReadText& read) {
    IniReader reader(path, read);
    reader.read_file(path, Origin());
    return reader.take();
}

std::optional<std::vector<IniPair>> split_ini_pairs(std::string_view text) {
    std::vector<IniPair> pairs;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_key_character);
        IniPair pair{std::string(text.begin(), end), {}};
        text = trimmed(text.substr(pair.key.size()));
        if (pair.key.empty() || !text.starts_with('=')) {
            return std::nullopt;
        }
        text = trimmed(text.substr(1));
        if (text.starts_with('\'')) {
            text.remove_prefix(1);
            std::optional<std::string> value = take_quoted(text, '\'');
            if (!value) {
                return std::nullopt;
            }
            pair.value = std::move(*value);
        } else {
            pair.value = std::string(text.substr(0, text.find_first_of(blanks)));
            text.remove_prefix(pair.value.size());
        }
        if (pair.value.empty()) {
            return std::nullopt;
        }
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

std::vector<std::string> split_ini_list(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        if (!trimmed(item).empty()) {
            items.emplace_back(trimmed(item));
        }
    }
    return items;
}

FileText read_relative(const std::string& path, const std::string& beside, const ReadText& read) {
    FileText text = read(path);
    const std::size_t slash = beside.rfind('/');
    if (text.content || path.starts_with('/') || slash == std::string::npos) {
        return text;
    }
    FileText other = read(beside.substr(0, slash + 1) + path);
    return other.content ? other : text;
}

std::optional<std::string> unclean(std::string_view line) {
    Problems problems{std::string()};
    if (is_acceptable_text(line, problems)) {
        return std::nullopt;
    }
    return problems.in_file_order().front().message;
}

}  // namespace pgweir::config
