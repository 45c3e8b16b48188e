#include "proxy/core/statement_heads.hpp"

#include "proxy/core/word_table.hpp"

#include <array>
#include <string_view>

namespace pgweir::proxy {
namespace {

struct HeadRow {
    std::string_view word;
    Head head;
};

// PostgreSQL: the statements of gram.y.
constexpr WordTable heads{std::array{
    HeadRow{"abort", Head::rollback},
    HeadRow{"alter", Head::alter},
    HeadRow{"analyse", Head::plain},
    HeadRow{"analyze", Head::plain},
    HeadRow{"begin", Head::begin},
    HeadRow{"call", Head::call},
    HeadRow{"checkpoint", Head::plain},
    HeadRow{"close", Head::close},
    HeadRow{"cluster", Head::plain},
    HeadRow{"comment", Head::plain},
    HeadRow{"commit", Head::commit},
    HeadRow{"copy", Head::plain},
    HeadRow{"create", Head::create},
    HeadRow{"deallocate", Head::deallocate},
    HeadRow{"declare", Head::declare},
    HeadRow{"delete", Head::plain},
    HeadRow{"discard", Head::discard},
    HeadRow{"do", Head::run},
    HeadRow{"drop", Head::drop},
    HeadRow{"end", Head::commit},
    HeadRow{"execute", Head::execute},
    HeadRow{"explain", Head::explain},
    HeadRow{"fetch", Head::plain},
    HeadRow{"grant", Head::plain},
    HeadRow{"import", Head::plain},
    HeadRow{"insert", Head::plain},
    HeadRow{"listen", Head::listen},
    HeadRow{"load", Head::load},
    HeadRow{"lock", Head::plain},
    HeadRow{"merge", Head::plain},
    HeadRow{"move", Head::plain},
    HeadRow{"notify", Head::plain},
    HeadRow{"prepare", Head::prepare},
    HeadRow{"reassign", Head::plain},
    HeadRow{"refresh", Head::plain},
    HeadRow{"reindex", Head::plain},
    HeadRow{"release", Head::plain},
    HeadRow{"reset", Head::reset},
    HeadRow{"revoke", Head::plain},
    HeadRow{"rollback", Head::rollback},
    HeadRow{"savepoint", Head::plain},
    HeadRow{"security", Head::plain},
    HeadRow{"select", Head::select},
    HeadRow{"set", Head::set},
    HeadRow{"show", Head::plain},
    HeadRow{"start", Head::start},
    HeadRow{"table", Head::plain},
    HeadRow{"truncate", Head::plain},
    HeadRow{"unlisten", Head::unlisten},
    HeadRow{"update", Head::plain},
    HeadRow{"vacuum", Head::plain},
    HeadRow{"values", Head::plain},
    HeadRow{"with", Head::with},
}};

// From an opening parenthesis to the token behind the one that closes it.
SqlToken behind_parentheses(SqlScanner& scanner) {
    for (int depth = 1; depth > 0;) {
        const SqlToken token = scanner.next();
        if (is_statement_end(token)) return token;
        depth += token.is('(') ? 1 : token.is(')') ? -1 : 0;
    }
    return scanner.next();
}

}  // namespace

Head head_of(const SqlToken& first) {
    if (first.kind != SqlTokenKind::word) return Head::unknown;
    const HeadRow* row = heads.find(first.text);
    return row ? row->head : Head::unknown;
}

bool is_statement_end(const SqlToken& token) { return token.kind == SqlTokenKind::end || token.is(';'); }

// In parentheses stand its options, or the query itself; then behind them comes UNION or nothing.
Explained explained(SqlScanner behind_explain) {
    SqlToken token = behind_explain.next();
    if (token.is('(')) token = behind_parentheses(behind_explain);
    while (token.is("analyze") || token.is("analyse") || token.is("verbose")) token = behind_explain.next();
    const Head head = head_of(token);
    return {head == Head::unknown ? Head::select : head, behind_explain};
}

bool says_temporary(SqlScanner behind) {
    constexpr int max_words = 4;
    for (int words = 0; words < max_words; ++words) {
        const SqlToken token = behind.next();
        if (token.is("temp") || token.is("temporary")) return true;
        if (!token.is("or") && !token.is("replace") && !token.is("local") && !token.is("global")) return false;
    }
    return false;
}

// Behind FOR the query begins.
bool declares_holdable(SqlScanner behind_declare) {
    bool follows_with = false;
    for (;;) {
        const SqlToken token = behind_declare.next();
        if (is_statement_end(token) || token.is("for")) return false;
        if (follows_with && token.is("hold")) return true;
        follows_with = token.is("with");
    }
}

bool prepares_transaction(SqlScanner behind_prepare) {
    if (!behind_prepare.next().is("transaction")) return false;
    const SqlToken id = behind_prepare.next();
    return id.kind == SqlTokenKind::string || id.kind == SqlTokenKind::other_string;
}

}  // namespace pgweir::proxy
