// Statements, their first words, and what those mean.
#include "proxy/core/traits_reader.hpp"

#include "proxy/core/function_source.hpp"
#include "proxy/core/statement_forms.hpp"

#include <algorithm>
#include <limits>

namespace pgweir::proxy {
namespace {

constexpr std::size_t max_statements = 4;

// What DISCARD ALL takes away, as far as a survey shows it.
constexpr Effects discarded = Effects(Effect::settings) | Effect::advisory_unlock | Effect::temporary_object |
                              Effect::cursor_close | Effect::prepared_statement | Effect::listening;

// Words with which the text inside a DO may take a setting back.
bool takes_back(std::string_view word) { return word == "reset" || word == "discard" || word == "default"; }

}  // namespace

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
        traits_.effects |= Effect::unseen;
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
    case Head::alter: traits_.defines = true; break;
    case Head::create:
        traits_.defines = true;
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
        if (head == Head::run && !has_looked_inside_) {
            has_looked_inside_ = true;
            if (mentions(sql_, takes_back)) traits_.resets.push_back({some_setting});
        }
        break;
    case Head::execute: traits_.effects |= Effect::unseen; break;
    case Head::unknown: traits_.effects |= Effect::unseen; break;
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
    traits_.resets.push_back({all_settings});
    traits_.changes_settings = true;
}

void TraitsReader::apply_set(const SettingWords& words) {
    if (words.scope == SettingScope::transaction && traits_.local_sets < std::numeric_limits<std::uint8_t>::max())
        ++traits_.local_sets;
    apply_setting(words);
}

void TraitsReader::apply_setting(const SettingWords& words) {
    traits_.changes_settings |= words.scope != SettingScope::none;
    if (words.scope == SettingScope::session) traits_.effects |= Effect::settings;
    const bool is_untold = !words.has_known_name && words.scope == SettingScope::session;
    if (is_untold || is_same_folded(words.name, "seed")) pin(Effect::uncarried);
    if (is_untold) traits_.effects |= Effect::unseen;
    note_reset(words);
    if (!words.custom_name.empty()) traits_.custom_settings.push_back(words.custom_name);
}

void TraitsReader::note_reset(const SettingWords& words) {
    const bool is_local = words.scope == SettingScope::transaction;
    if (words.is_default) {
        traits_.resets.push_back({words.name, is_local});
    } else if (!traits_.resets.empty() && words.scope != SettingScope::none) {
        const auto end = std::remove_if(traits_.resets.begin(), traits_.resets.end(), [&](const SettingReset& reset) {
            return reset.is_local == is_local && plain_name(reset.name) == plain_name(words.name);
        });
        traits_.resets.erase(end, traits_.resets.end());
    }
}

}  // namespace pgweir::proxy
