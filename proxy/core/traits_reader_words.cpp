// Words that mean something wherever they stand in a statement.
#include "proxy/core/traits_reader.hpp"

namespace pgweir::proxy {

void TraitsReader::take_word(const SqlToken& token) {
    if (const MeaningRow* row = meaningful_words.find(token.text)) take_meaning(row->meaning, token);
    if (watched_) take_trace(watched_->trace_of(token.text));
}

void TraitsReader::take_trace(SessionTrace trace) {
    if (trace != SessionTrace::none) traits_.effects |= Effect::watched;
    if (trace == SessionTrace::hidden) traits_.effects |= Effect::unseen;
    if (trace == SessionTrace::lasting) pin(Effects(Effect::library) | Effect::unseen);
}

void TraitsReader::take_quoted_word(const SqlToken& token) {
    if (token.text.size() < 3 || token.text.back() != '"') return;   // the text ends within
    const std::string_view name = token.text.substr(1, token.text.size() - 2);
    const MeaningRow* row = meaningful_words.find(name);
    if (row && row->word == name && row->meaning < Meaning::into) take_meaning(row->meaning, token);
    // One with a doubled quote is not taken apart.
    if (!watched_) return;
    take_trace(name.find('"') != std::string_view::npos ? SessionTrace::hidden : watched_->trace_of(name));
}

void TraitsReader::take_meaning(Meaning meaning, const SqlToken& token) {
    switch (meaning) {
    case Meaning::set_config: apply_setting(read_set_config(scanner_)); break;
    case Meaning::other_setting: apply_setting({}); break;
    case Meaning::advisory_lock: pin(Effect::advisory_lock); break;
    case Meaning::advisory_unlock: traits_.effects |= Effect::advisory_unlock; break;
    case Meaning::sequence_advance: traits_.effects |= Effect::sequence_advance; break;
    case Meaning::channels: traits_.effects |= Effect::listening; break;
    case Meaning::sequence_use: traits_.effects |= Effect::sequence_use; break;
    case Meaning::seed: pin(Effect::uncarried); break;
    case Meaning::hidden_state: pin(Effects(Effect::library) | Effect::unseen); break;
    case Meaning::runs_text: traits_.effects |= Effect::unseen; break;
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

}  // namespace pgweir::proxy
