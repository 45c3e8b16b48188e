// Reads PgBouncer's ini file, `%include`s and all, as PgBouncer does. Pure text: files
// come from a function. Says nothing about what the keys mean.
#pragma once

#include "config/text_check.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// Where something stands; line 0 means the file as a whole. Printed as `file:line`.
struct Origin {
    std::string file;
    int line = 0;

    std::string text() const;
};

// A file's content, or why there is none.
struct FileText {
    std::optional<std::string> content;
    std::string error;        // for people; empty beside content
};
using ReadText = std::function<FileText(const std::string& path)>;

struct IniEntry {
    std::string section;      // as it is written, without brackets
    std::string key;
    std::string value;        // without blanks around it
    Origin origin;
};

// `source` is not what it should be.
struct IniProblem {
    Origin origin;
    std::string message;
    bool is_unreadable = false;   // a file cannot be read; else its text is wrong
};

struct Ini {
    std::vector<IniEntry> entries;       // in the order in which PgBouncer takes them
    std::vector<IniProblem> problems;    // with any of them PgBouncer would not start
};

// Never throws, whatever the text. PgBouncer takes the path of an included file relative to its working
// directory; where there is no such file, the one beside `path` is taken.
Ini read_ini(const std::string& path, const ReadText& read);

// One `key=value` of a [databases] or [users] line.
struct IniPair {
    std::string key;
    std::string value;
};

// `host=... password='it''s'`; nullopt when PgBouncer would not take the text.
std::optional<std::vector<IniPair>> split_ini_pairs(std::string_view text);

// `a, b ,c` without blanks and empty items.
std::vector<std::string> split_ini_list(std::string_view text);

// Reads `path` as it is, or beside `beside` when it is relative and not there.
FileText read_relative(const std::string& path, const std::string& beside, const ReadText& read);

// What a text file may not hold: bytes that are not UTF-8, control characters. Nullopt for a clean line.
std::optional<std::string> unclean(std::string_view line);

// Larger files are refused, in bytes: what they become would be larger than a configuration may be.
inline constexpr std::size_t max_ini_size = max_file_size;

}  // namespace pgweir::config
