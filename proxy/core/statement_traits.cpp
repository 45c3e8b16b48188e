#include "proxy/core/statement_traits.hpp"

#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_forms.hpp"
#include "proxy/core/statement_heads.hpp"
#include "proxy/core/statement_settings.hpp"
#include "proxy/core/statement_words.hpp"
#include "proxy/core/watched_names.hpp"

#include <limits>

namespace pgweir::proxy {
namespace {

constexpr std::size_t max_statements = 4;

// What DISCARD ALL takes away, as far as a survey shows it.
constexpr Effects discarded = Effects(Effect::settings) | Effect::advisory_unlock | Effect::temporary_object |
                              Effect::cursor_close | Effect::prepared_statement | Effect::listening;

// The statement under way.
struct Current {
    Head head = Head::unknown;       // that of the statement explained
    bool makes_table = false;        // INTO was seen, of SELECT
    bool has_outer_select = false;   // SELECT was seen, no deeper than the head
    std::size_t depth = 0;           // open parentheses
    std::size_t head_depth = 0;
    const char* other_into = nullptr;   // the INTO of an INSERT or MERGE
};

class TraitsReader {
public:
    TraitsReader(std::string_view sql, const WatchedNames* watched, StatementTraits& traits)
        : sql_(sql),
          scanner_(sql),
          watched_(watched && !watched->empty() ? watched : nullptr),
          is_watched_(watched != nullptr),
          traits_(traits) {}

    void read();

private:
    bool begin();
    bool read_rest();
    void finish();
    void take_symbol(char symbol);
    void take_head(const SqlToken& first);
    void apply(Head head, SqlScanner behind);
    void apply_discard(SqlScanner behind);
    void apply_set(const SettingWords& words);
    void apply_setting(const SettingWords& words);
    void take_word(const SqlToken& token);
    void take_quoted_word(const SqlToken& token);
    void take_meaning(Meaning meaning, const SqlToken& token);
    void take_into(const SqlToken& token);
    void expect_insert(SqlScanner at);
    void expect_into(SqlScanner at);
    void add(Statement statement);
    void pin(Effects effects);

    std::string_view sql_;
    SqlScanner scanner_;
    const WatchedNames* watched_;
    const bool is_watched_;
    StatementTraits& traits_;
    std::size_t statements_ = 0;
    bool has_atomic_body_ = false;
    Current current_;
};

void TraitsReader::read() {
    while (begin() && read_rest()) current_ = {};
    finish();
}

// Up to the first word that is not in front of everything: parentheses are. False at the end of the text.
bool TraitsReader::begin() {
    for (;;) {
        const SqlToken token = scanner_.next();
        if (token.is('(')) {
            ++current_.depth;
        } else if (token.kind == SqlTokenKind::end && current_.depth == 0) {
            return false;
        } else if (!token.is(';') || current_.depth > 0) {
            take_head(token);
            return token.kind != SqlTokenKind::end;
        }
    }
}

// False at the end of the text.
bool TraitsReader::read_rest() {
    for (;;) {
        const SqlToken token = scanner_.next();
        switch (token.kind) {
        case SqlTokenKind::word: take_word(token); break;
        case SqlTokenKind::quoted_word: take_quoted_word(token); break;
        case SqlTokenKind::symbol:
            if (current_.depth == 0 && token.text.front() == ';') return true;
            take_symbol(token.text.front());
            break;
        case SqlTokenKind::end: return false;
        case SqlTokenKind::string:
        case SqlTokenKind::other_string:
        case SqlTokenKind::number:
        case SqlTokenKind::parameter: break;
        }
    }
}

void TraitsReader::take_symbol(char symbol) {
    if (symbol == '(') {
        ++current_.depth;
        if (current_.head == Head::with) expect_insert(scanner_);
    } else if (symbol == ')' && current_.depth > 0) {
        --current_.depth;
    }
}

void TraitsReader::take_head(const SqlToken& first) {
    Head head = head_of(first);
    add(current_.depth == 0 ? form_of(head, scanner_) : Statement{});
    SqlScanner behind = scanner_;
    if (head == Head::explain) {
        const Explained inner = explained(scanner_);
        head = inner.head;
        behind = inner.behind;
    }
    current_.head = head;
    current_.head_depth = current_.depth;
    apply(head, behind);
}

void TraitsReader::finish() {
    if (statements_ == 0) traits_.statements.push_back({Form::empty});
    const bool is_certain = scanner_.is_certain() && !has_atomic_body_ && sql_.find('\0') == std::string_view::npos;
    if (!is_certain) {
        traits_.effects |= Effect::unknown;
        traits_.commits = true;
        traits_.local_sets = 0;
    }
    if (!is_certain || statements_ > max_statements) traits_.statements.clear();
}

void TraitsReader::add(Statement statement) {
    if (++statements_ <= max_statements) traits_.statements.push_back(statement);
}

void TraitsReader::pin(Effects effects) {
    traits_.effects |= effects;
    traits_.predicts_pin = true;
}

void TraitsReader::apply(Head head, SqlScanner behind) {
    switch (head) {
    case Head::set: apply_set(read_set(behind)); break;
    case Head::reset: apply_setting(read_reset(behind)); break;
    case Head::discard: apply_discard(behind); break;
    case Head::prepare:
        if (prepares_transaction(behind))
            traits_.commits = true;
        else
            traits_.effects |= Effect::prepared_statement;
        break;
    case Head::deallocate: traits_.effects |= Effect::prepared_statement; break;
    case Head::listen:
    case Head::unlisten: traits_.effects |= Effect::listening; break;
    case Head::load: pin(Effect::library); break;
    case Head::declare:
        if (declares_holdable(behind)) pin(Effect::holdable_cursor);
        break;
    case Head::close: traits_.effects |= Effect::cursor_close; break;
    case Head::create:
        traits_.effects |= Effect::temporary_object;
        traits_.predicts_pin |= says_temporary(behind);
        break;
    case Head::drop: traits_.effects |= Effect::temporary_object; break;
    case Head::commit: traits_.commits = true; break;
    case Head::call:
    case Head::run:
        traits_.commits = true;
        // What CALL calls is a word of the text, and would be watched.
        if (head == Head::run || !is_watched_) traits_.effects |= Effect::unseen;
        break;
    case Head::execute: traits_.effects |= Effect::unseen; break;
    case Head::unknown: traits_.effects |= Effect::unknown; break;
    case Head::plain:
    case Head::select:
    case Head::with:
    case Head::explain:
    case Head::begin:
    case Head::start:
    case Head::rollback: break;
    }
}

void TraitsReader::apply_discard(SqlScanner behind) {
    const SqlToken what = behind.next();
    if (what.is("plans") || what.is("sequences")) return;
    if (what.is("temp") || what.is("temporary")) {
        traits_.effects |= Effect::temporary_object;
        return;
    }
    traits_.effects |= discarded;
    traits_.resets_settings = true;
    traits_.changes_settings = true;
}

void TraitsReader::apply_set(const SettingWords& words) {
    if (words.scope == SettingScope::transaction && traits_.local_sets < std::numeric_limits<std::uint8_t>::max())
        ++traits_.local_sets;
    apply_setting(words);
}

void TraitsReader::apply_setting(const SettingWords& words) {
    traits_.changes_settings |= words.scope != SettingScope::none;
    if (words.scope == SettingScope::session) {
        traits_.effects |= Effect::settings;
        traits_.resets_settings |= words.is_default;
    }
    if (!words.has_known_name) traits_.effects |= Effects(Effect::settings) | Effect::unknown;
    if (!words.custom_name.empty()) traits_.custom_settings.push_back(words.custom_name);
}

void TraitsReader::take_word(const SqlToken& token) {
    if (const MeaningRow* row = meaningful_words.find(token.text)) take_meaning(row->meaning, token);
    if (watched_ && watched_->holds(token.text)) traits_.effects |= Effect::unknown;
}

void TraitsReader::take_quoted_word(const SqlToken& token) {
    if (token.text.size() < 3 || token.text.back() != '"') return;   // the text ends within
    const std::string_view name = token.text.substr(1, token.text.size() - 2);
    const MeaningRow* row = meaningful_words.find(name);
    if (row && row->word == name && row->meaning < Meaning::into) take_meaning(row->meaning, token);
    // One with a doubled quote is not taken apart.
    if (watched_ && (name.find('"') != std::string_view::npos || watched_->holds(name)))
        traits_.effects |= Effect::unknown;
}

void TraitsReader::take_meaning(Meaning meaning, const SqlToken& token) {
    switch (meaning) {
    case Meaning::set_config: apply_setting(read_set_config(scanner_)); break;
    case Meaning::other_setting: apply_setting({}); break;
    case Meaning::advisory_lock: pin(Effect::advisory_lock); break;
    case Meaning::advisory_unlock: traits_.effects |= Effect::advisory_unlock; break;
    case Meaning::sequence_advance: traits_.effects |= Effect::sequence_advance; break;
    case Meaning::sequence_use: traits_.effects |= Effect::sequence_use; break;
    case Meaning::hidden_state: pin(Effects(Effect::library) | Effect::unknown); break;
    case Meaning::runs_text: traits_.effects |= Effect::unknown; break;
    case Meaning::temporary_schema:
        traits_.effects |= Effect::temporary_object;
        traits_.predicts_pin |= current_.makes_table || current_.head == Head::create;
        break;
    case Meaning::into: take_into(token); break;
    case Meaning::insert:
        if (current_.depth == current_.head_depth && !current_.has_outer_select) expect_into(scanner_);
        break;
    case Meaning::execute:   // CREATE TABLE ... AS EXECUTE
        if (current_.head == Head::create) traits_.effects |= Effect::unseen;
        break;
    case Meaning::atomic:    // BEGIN ATOMIC: semicolons of a function's body follow
        has_atomic_body_ |= current_.head == Head::create;
        break;
    case Meaning::select: current_.has_outer_select |= current_.depth <= current_.head_depth; break;
    }
}

// SELECT ... INTO makes a table. INSERT and MERGE may be names of columns as well: they are
// statements only where one can begin, behind WITH or a parenthesis.
void TraitsReader::take_into(const SqlToken& token) {
    if (current_.head != Head::select && current_.head != Head::with) return;
    if (token.text.data() == current_.other_into) return;
    current_.makes_table = true;
    traits_.effects |= Effect::temporary_object;
    traits_.predicts_pin |= says_temporary(scanner_);
}

void TraitsReader::expect_into(SqlScanner at) {
    if (current_.head != Head::with) return;
    const SqlToken token = at.next();
    if (token.is("into")) current_.other_into = token.text.data();
}

// `at`: behind an opening parenthesis.
void TraitsReader::expect_insert(SqlScanner at) {
    const SqlToken token = at.next();
    if (token.is("insert") || token.is("merge")) expect_into(at);
}

}  // namespace

StatementTraits traits_of(std::string_view sql, const WatchedNames* watched) {
    StatementTraits traits;
    TraitsReader(sql, watched, traits).read();
    return traits;
}

}  // namespace pgweir::proxy
