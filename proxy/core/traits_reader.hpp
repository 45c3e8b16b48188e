// Reads a text once and takes down the traits of its statements; statement_traits says what
// they mean.
#pragma once

#include "proxy/core/session_trace.hpp"
#include "proxy/core/sql_scanner.hpp"
#include "proxy/core/statement_heads.hpp"
#include "proxy/core/statement_settings.hpp"
#include "proxy/core/statement_traits.hpp"
#include "proxy/core/statement_words.hpp"
#include "proxy/core/watched_names.hpp"

#include <cstddef>
#include <string_view>

namespace pgweir::proxy {

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
    // Statements and their first words.
    bool begin();
    bool read_rest();
    void finish();
    void take_symbol(char symbol);
    void take_head(const SqlToken& first);
    void apply(Head head, SqlScanner behind);
    void apply_discard(SqlScanner behind);
    void apply_set(const SettingWords& words);
    void apply_setting(const SettingWords& words);
    void note_reset(const SettingWords& words);
    void add(Statement statement);

    // Words that mean something wherever they stand.
    void take_word(const SqlToken& token);
    void take_quoted_word(const SqlToken& token);
    void take_trace(SessionTrace trace);
    void take_meaning(Meaning meaning, const SqlToken& token);
    void take_into(const SqlToken& token);
    void expect_insert(SqlScanner at);
    void expect_into(SqlScanner at);
    void pin(Effects effects);

    std::string_view sql_;
    SqlScanner scanner_;
    const WatchedNames* watched_;
    const bool is_watched_;
    StatementTraits& traits_;
    std::size_t statements_ = 0;
    bool has_atomic_body_ = false;
    bool has_looked_inside_ = false;   // the strings of DO
    Current current_;
};

}  // namespace pgweir::proxy
