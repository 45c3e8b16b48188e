// What kind of statement begins here, and what the next words of some kinds make of them.
#pragma once

#include "proxy/core/sql_scanner.hpp"

#include <cstdint>

namespace pgweir::proxy {

// The first word of a statement, where it decides something.
enum class Head : std::uint8_t {
    unknown,   // none of PostgreSQL's
    plain,     // changes no session state by itself
    with,
    explain,
    create,
    alter,
    drop,
    set,
    load,
    call,
    run,       // DO
    declare,
    last_without_form = declare,
    prepare,
    select,
    reset,
    discard,
    deallocate,
    execute,
    listen,
    unlisten,
    close,
    begin,
    start,
    commit,    // END as well
    rollback,  // ABORT as well
};

Head head_of(const SqlToken& first);

// The end of the text or a semicolon. Nothing here reads beyond it.
bool is_statement_end(const SqlToken& token);

// What EXPLAIN explains, and where that goes on behind its first word.
struct Explained {
    Head head;
    SqlScanner behind;
};
Explained explained(SqlScanner behind_explain);

// [OR REPLACE] [LOCAL | GLOBAL] TEMP, as it stands behind CREATE or INTO.
bool says_temporary(SqlScanner behind);

// DECLARE ... WITH HOLD.
bool declares_holdable(SqlScanner behind_declare);

// PREPARE TRANSACTION 'id'; otherwise TRANSACTION is the name of a statement.
bool prepares_transaction(SqlScanner behind_prepare);

}  // namespace pgweir::proxy
