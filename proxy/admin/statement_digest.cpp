#include "proxy/admin/statement_digest.hpp"

#include "proxy/core/sql_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace pgweir::proxy {
namespace {

constexpr std::string_view more = "...";

std::string_view shown(const SqlToken& token) {
    switch (token.kind) {
    case SqlTokenKind::string:
    case SqlTokenKind::other_string:
    case SqlTokenKind::number: return "?";
    case SqlTokenKind::end:
    case SqlTokenKind::word:
    case SqlTokenKind::quoted_word:
    case SqlTokenKind::parameter:
    case SqlTokenKind::symbol: return token.text;
    }
    return token.text;
}

// What stands before a parenthesis is a function's name or a keyword: its author knows.
bool needs_blank(const std::string& digest, std::string_view next, bool had_blank) {
    if (digest.empty()) return false;
    if (next == "(") return had_blank && digest.back() != '(';
    const char before = digest.back();
    const char after = next.front();
    const bool is_operator = std::string_view("<>=!+-*/%|&:~^@#").find(before) != std::string_view::npos &&
                             std::string_view("<>=!+-*/%|&:~^@#").find(after) != std::string_view::npos;
    return before != '(' && before != '.' && after != ')' && after != '.' && after != ',' && after != ';' && !is_operator;
}

}  // namespace

std::string digest_of(std::string_view sql) {
    std::string digest;
    SqlScanner scanner(sql);
    const char* behind = sql.data();   // the last token
    while (true) {
        const SqlToken token = scanner.next();
        if (!scanner.is_certain()) return digest + std::string(more);
        if (token.kind == SqlTokenKind::end) return digest;
        const std::string_view part = shown(token);
        if (digest.size() + part.size() + 1 > max_digest) return digest + std::string(more);
        if (needs_blank(digest, part, token.text.data() != behind)) digest += ' ';
        behind = token.text.data() + token.text.size();
        // Control characters and NULs can stand between quotes.
        std::transform(part.begin(), part.end(), std::back_inserter(digest), [](char c) { return static_cast<unsigned char>(c) < 0x20 ? ' ' : c; });
    }
}

// FNV-1a.
std::string digest_id(std::string_view digest) {
    if (digest.empty()) return {};
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : digest) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return fmt::format("{:016x}", hash);
}

}  // namespace pgweir::proxy
