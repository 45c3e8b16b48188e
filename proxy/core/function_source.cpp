#include "proxy/core/function_source.hpp"

#include "proxy/core/sql_characters.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace pgweir::proxy {
namespace {

template <std::size_t count>
bool is_one_of(std::string_view word, const std::array<std::string_view, count>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// A word in lower case, or another character that is not white space. Neither: the end.
struct Piece {
    std::string word;
    char symbol = 0;

    bool is_end() const { return word.empty() && symbol == 0; }
};

// Strings are not told from what is around them: quotes are symbols, and what is in them are words.
class PieceReader {
public:
    PieceReader(std::string_view text, SourceLanguage language) : rest_(text), skips_comments_(language == SourceLanguage::sql) {}

    Piece next() {
        skip_blank();
        if (rest_.empty()) return {};
        const auto* end = std::find_if_not(rest_.begin(), rest_.end(), is_in_word);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        Piece piece;
        if (size == 0) piece.symbol = rest_.front();
        else piece.word = lower_case(rest_.substr(0, size));
        rest_.remove_prefix(std::max<std::size_t>(size, 1));
        return piece;
    }

private:
    void skip_blank() {
        for (;;) {
            if (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
            else if (skips_comments_ && rest_.starts_with("--")) rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            else if (skips_comments_ && rest_.starts_with("/*")) rest_.remove_prefix(std::min(rest_.find("*/", 2), rest_.size() - 2) + 2);
            else return;
        }
    }

    std::string_view rest_;
    bool skips_comments_;
};

// Words behind which PL/pgSQL begins a statement.
constexpr std::array<std::string_view, 4> openers = {"begin", "then", "else", "loop"};
// Statements that leave something.
constexpr std::array<std::string_view, 7> leavers = {"set", "reset", "discard", "load", "listen", "unlisten", "deallocate"};
// What SET may say to end with the transaction.
constexpr std::array<std::string_view, 3> transaction_words = {"local", "constraints", "transaction"};
// What stands before TEMP where it makes something temporary.
constexpr std::array<std::string_view, 5> makers = {"create", "replace", "into", "local", "global"};

bool is_quote(const Piece& piece) { return piece.symbol == '\'' || piece.symbol == '"' || piece.symbol == '`'; }

// The name of a setting that begins with `first`, or stands in quotes there; with its dots. Empty when it is not plain.
std::string setting_name(Piece first, PieceReader reader) {
    while (is_quote(first)) first = reader.next();
    std::string name = first.word;
    const auto next_part = [&reader] {
        Piece piece = reader.next();
        while (piece.symbol == '"') piece = reader.next();
        return piece;
    };
    while (next_part().symbol == '.') {
        const Piece part = next_part();
        if (part.word.empty()) return {};
        name += '.' + part.word;
    }
    return name;
}

bool is_dotted(std::string_view name) { return name.find('.') != std::string_view::npos; }

// What a SET leaves whose next piece is `object`.
SourceReading read_set(Piece object, PieceReader behind) {
    if (is_one_of(object.word, transaction_words)) return {};
    if (object.word == "session") object = behind.next();
    const std::string name = setting_name(object, behind);
    if (name.empty()) return {SessionTrace::hidden};
    return is_dotted(name) ? SourceReading{SessionTrace::visible, {name}} : SourceReading{SessionTrace::visible};
}

// What a statement that begins with `word` leaves. A variable of such a name has no other word or name behind it.
SourceReading read_statement(const std::string& word, PieceReader behind) {
    if (!is_one_of(word, leavers) && word != "prepare") return {};
    const Piece object = behind.next();
    if (word == "unlisten" && object.symbol == '*') return {SessionTrace::visible};
    // A name, in quotes, put in by format(), or behind the end of this piece of a string.
    if (object.word.empty() && object.symbol != '"' && object.symbol != '%' && object.symbol != '\'') return {};
    if (word == "set") return read_set(object, behind);
    return {word == "load" ? SessionTrace::lasting : SessionTrace::visible};
}

// What a call of set_config leaves that does not end with the transaction.
SourceReading read_set_config(PieceReader reader) {
    if (reader.next().symbol != '(') return {SessionTrace::hidden};
    const Piece first = reader.next();
    const std::string name = is_quote(first) ? setting_name(first, reader) : std::string();
    if (name.empty()) return {SessionTrace::hidden};
    return is_dotted(name) ? SourceReading{SessionTrace::visible, {name}} : SourceReading{SessionTrace::visible};
}

// Whether the call whose name was just read ends with `true`, which makes set_config end with the transaction.
bool is_local_call(PieceReader reader) {
    if (reader.next().symbol != '(') return false;
    std::string last;
    for (int depth = 1; depth > 0;) {
        const Piece piece = reader.next();
        if (piece.is_end()) return false;
        if (piece.symbol == '(') ++depth;
        if (piece.symbol == ')') --depth;
        // Quotes around it and a cast behind it change nothing.
        const bool is_last = !piece.word.empty() ? piece.word != "bool" && piece.word != "boolean" : piece.symbol == ',';
        if (is_last && depth > 0) last = piece.word;
    }
    return last == "true" || last == "t";
}

bool is_session_lock(std::string_view word) {
    return (word.starts_with("pg_advisory_") || word.starts_with("pg_try_advisory_")) && word.find("xact") == std::string_view::npos;
}

// Statements that a text put together at run time may begin with: what they leave, other words of the source betray.
constexpr std::array<std::string_view, 19> harmless_heads = {"select", "insert", "update", "delete",  "with",   "create", "alter",
                                                             "drop",   "grant",  "revoke", "comment", "truncate", "refresh", "analyze",
                                                             "vacuum", "reindex", "copy",  "notify",  "lock"};

// Whether the text behind EXECUTE can be seen to be harmless, or is looked through as the statement it is.
// EXECUTE FUNCTION, of a trigger, runs none.
bool runs_plain_text(PieceReader reader) {
    Piece piece = reader.next();
    if (piece.word == "function" || piece.word == "procedure") return true;
    while (piece.word == "format" || piece.symbol == '(') piece = reader.next();
    if (piece.word == "e") piece = reader.next();
    if (piece.symbol == '$') {
        while (piece.symbol == '$' || (!piece.word.empty() && PieceReader(reader).next().symbol == '$')) piece = reader.next();
    } else {
        if (!is_quote(piece)) return false;
        while (is_quote(piece)) piece = reader.next();
    }
    return is_one_of(piece.word, harmless_heads) || is_one_of(piece.word, leavers) || piece.word == "prepare" || piece.word == "declare";
}

// What a word betrays wherever it stands.
SourceReading read_word(const std::string& word, const Piece& before, const PieceReader& behind) {
    if (word == "set_config") return is_local_call(behind) ? SourceReading{} : read_set_config(behind);
    if (word.starts_with("dblink_connect")) return {SessionTrace::lasting};
    if (word == "execute" && !runs_plain_text(behind)) return {SessionTrace::hidden};
    const bool is_visible = ((word == "temp" || word == "temporary") && is_one_of(before.word, makers)) ||
                            (word == "hold" && before.word == "with") || is_session_lock(word) || word.starts_with("pg_temp") ||
                            word == "pg_settings" || word == "set_limit";
    return {is_visible ? SessionTrace::visible : SessionTrace::none};
}

// Whether a statement may begin behind `before`. A piece of SQL that is joined to another one begins none.
bool opens_statement(const Piece& before, const Piece& before_that, SourceLanguage language) {
    const bool is_quote = before.symbol == '\'' || before.symbol == '$' ||
                          (language == SourceLanguage::other && (before.symbol == '"' || before.symbol == '`'));
    if (is_quote) return before_that.symbol != '|' && before_that.symbol != '+';
    if (language == SourceLanguage::other) return before.symbol == ';';
    return before.is_end() || before.symbol == ';' || is_one_of(before.word, openers);
}

}  // namespace

SourceReading read_source(std::string_view source, SourceLanguage language) {
    SourceReading all;
    const auto add = [&all](SourceReading part) {
        all.trace = std::max(all.trace, part.trace);
        for (std::string& name : part.custom_settings) all.custom_settings.push_back(std::move(name));
    };
    PieceReader reader(source, language);
    Piece before_that;
    Piece before;
    for (Piece piece = reader.next(); !piece.is_end(); piece = reader.next()) {
        if (!piece.word.empty()) {
            add(read_word(piece.word, before, reader));
            if (opens_statement(before, before_that, language)) add(read_statement(piece.word, reader));
        }
        before_that = std::move(before);
        before = std::move(piece);
    }
    return all;
}

bool mentions(std::string_view source, const std::function<bool(std::string_view)>& is_wanted) {
    PieceReader reader(source, SourceLanguage::other);
    for (Piece piece = reader.next(); !piece.is_end(); piece = reader.next())
        if (!piece.word.empty() && is_wanted(piece.word)) return true;
    return false;
}

}  // namespace pgweir::proxy
