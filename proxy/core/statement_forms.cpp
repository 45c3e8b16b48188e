#include "proxy/core/statement_forms.hpp"

#include "proxy/core/reserved_words.hpp"

#include <cstddef>

namespace pgweir::proxy {
namespace {

// An identifier whose meaning plain_name knows.
bool is_name(const SqlToken& token) {
    return has_plain_name(token.text) && (token.kind == SqlTokenKind::quoted_word || !reserved_words.find(token.text));
}

class FormReader {
public:
    explicit FormReader(SqlScanner behind) : scanner_(behind), token_(scanner_.next()) {}

    // These three go on behind what they accept.
    bool accept(std::string_view keyword) {
        if (!token_.is(keyword)) return false;
        token_ = scanner_.next();
        return true;
    }
    bool accept(char symbol) {
        if (!token_.is(symbol)) return false;
        token_ = scanner_.next();
        return true;
    }
    bool accept_one_of(std::string_view keyword, std::string_view other) { return accept(keyword) || accept(other); }

    bool at_end() const { return is_statement_end(token_); }
    bool at(char symbol) const { return token_.is(symbol); }

    Statement only(Form form) const { return {at_end() ? form : Form::other}; }
    Statement named(Form form);
    Statement reset_one();
    Statement deallocate();
    Statement execute();
    Statement prepare();
    bool has_transaction_modes();
    bool has_unlock_all_call();

private:
    bool has_transaction_mode();
    // Moves behind the name.
    bool takes_name(std::string_view& name);

    SqlScanner scanner_;
    SqlToken token_;
};

bool FormReader::takes_name(std::string_view& name) {
    if (!is_name(token_)) return false;
    name = token_.text;
    token_ = scanner_.next();
    return true;
}

Statement FormReader::named(Form form) {
    std::string_view name;
    return takes_name(name) && at_end() ? Statement{form, name} : Statement{};
}

// Parts with dots between them are one name.
Statement FormReader::reset_one() {
    std::string_view name;
    if (!takes_name(name)) return {};
    while (accept('.')) {
        std::string_view part;
        if (!takes_name(part)) return {};
        name = {name.data(), static_cast<std::size_t>(part.data() + part.size() - name.data())};
    }
    return at_end() ? Statement{Form::reset, name} : Statement{};
}

// PREPARE may be the statement's name as well.
Statement FormReader::deallocate() {
    const std::string_view first = token_.text;
    if (accept("prepare") && at_end()) return {Form::deallocate, first};
    return accept("all") ? only(Form::deallocate_all) : named(Form::deallocate);
}

Statement FormReader::execute() {
    std::string_view name;
    return takes_name(name) && (at_end() || at('(')) ? Statement{Form::execute, name} : Statement{};
}

// TRANSACTION may be the statement's name as well.
Statement FormReader::prepare() {
    std::string_view name;
    return takes_name(name) && (token_.is("as") || at('(')) ? Statement{Form::prepare, name} : Statement{};
}

bool FormReader::has_transaction_mode() {
    if (accept("isolation")) {
        if (!accept("level")) return false;
        if (accept("read")) return accept_one_of("committed", "uncommitted");
        if (accept("repeatable")) return accept("read");
        return accept("serializable");
    }
    if (accept("read")) return accept_one_of("only", "write");
    if (accept("not")) return accept("deferrable");
    return accept("deferrable");
}

// Up to the end; a comma stands between two of them or nothing does.
bool FormReader::has_transaction_modes() {
    while (!at_end()) {
        if (!has_transaction_mode()) return false;
        if (accept(',') && at_end()) return false;
    }
    return true;
}

bool FormReader::has_unlock_all_call() {
    if (accept("pg_catalog") && !accept('.')) return false;
    return accept("pg_advisory_unlock_all") && accept('(') && accept(')');
}

Statement begin_form(FormReader& rest) {
    rest.accept_one_of("work", "transaction");
    return {rest.has_transaction_modes() ? Form::begin : Form::other};
}

Statement start_form(FormReader& rest) {
    return {rest.accept("transaction") && rest.has_transaction_modes() ? Form::begin : Form::other};
}

Statement end_form(FormReader& rest, Form form) {
    rest.accept_one_of("work", "transaction");
    return rest.only(form);
}

Statement all_form(FormReader& rest, Form form) { return rest.accept("all") ? rest.only(form) : Statement{}; }

}  // namespace

Statement form_of(Head head, SqlScanner behind) {
    if (head <= Head::last_without_form) return {};
    FormReader rest(behind);
    switch (head) {
    case Head::select: return rest.has_unlock_all_call() ? rest.only(Form::advisory_unlock_all) : Statement{};
    case Head::begin: return begin_form(rest);
    case Head::start: return start_form(rest);
    case Head::commit: return end_form(rest, Form::commit);
    case Head::rollback: return end_form(rest, Form::rollback);
    case Head::discard: return all_form(rest, Form::discard_all);
    case Head::close: return all_form(rest, Form::close_all);
    case Head::reset: return rest.accept("all") ? rest.only(Form::reset_all) : rest.reset_one();
    case Head::deallocate: return rest.deallocate();
    case Head::listen: return rest.named(Form::listen);
    case Head::unlisten: return rest.accept('*') ? rest.only(Form::unlisten_all) : rest.named(Form::unlisten);
    case Head::execute: return rest.execute();
    case Head::prepare: return rest.prepare();
    case Head::unknown:
    case Head::plain:
    case Head::with:
    case Head::explain:
    case Head::create:
    case Head::alter:
    case Head::drop:
    case Head::set:
    case Head::load:
    case Head::call:
    case Head::run:
    case Head::declare: break;
    }
    return {};
}

}  // namespace pgweir::proxy
