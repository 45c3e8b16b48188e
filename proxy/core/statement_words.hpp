// The words that betray a change of session state wherever they stand in a statement:
// names of functions that make one, and the few keywords that do.
#pragma once

#include "proxy/core/word_table.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace pgweir::proxy {

enum class Meaning : std::uint8_t {
    // Functions; case counts in quotes.
    set_config,
    other_setting,      // changes a setting that its name stands for
    advisory_lock,
    advisory_unlock,
    sequence_advance,
    sequence_use,
    channels,           // shows what the session listens to
    seed,
    hidden_state,       // leaves what nothing shows and DISCARD ALL does not end
    runs_text,          // runs SQL that it is given, or does what cannot be told from outside
    temporary_schema,   // pg_temp
    // Keywords, never in quotes.
    into,
    insert,             // MERGE as well
    execute,
    atomic,
    select,
};

struct MeaningRow {
    std::string_view word;
    Meaning meaning;
};

// Transaction-level advisory locks end with their transaction and are not here. Beyond
// PostgreSQL's own functions: dblink's, pg_trgm's set_limit, and those of tablefunc and xml2
// that run a text. In alphabetical order.
inline constexpr WordTable meaningful_words{std::array{
    MeaningRow{"atomic", Meaning::atomic},
    MeaningRow{"connectby", Meaning::runs_text},
    MeaningRow{"crosstab", Meaning::runs_text},
    MeaningRow{"crosstab2", Meaning::runs_text},
    MeaningRow{"crosstab3", Meaning::runs_text},
    MeaningRow{"crosstab4", Meaning::runs_text},
    MeaningRow{"currval", Meaning::sequence_use},
    MeaningRow{"cursor_to_xml", Meaning::runs_text},
    MeaningRow{"database_to_xml", Meaning::runs_text},
    MeaningRow{"database_to_xml_and_xmlschema", Meaning::runs_text},
    MeaningRow{"dblink_connect", Meaning::hidden_state},
    MeaningRow{"dblink_connect_u", Meaning::hidden_state},
    MeaningRow{"dblink_disconnect", Meaning::runs_text},
    MeaningRow{"dblink_open", Meaning::runs_text},
    MeaningRow{"execute", Meaning::execute},
    MeaningRow{"insert", Meaning::insert},
    MeaningRow{"into", Meaning::into},
    MeaningRow{"lastval", Meaning::sequence_use},
    MeaningRow{"merge", Meaning::insert},
    MeaningRow{"nextval", Meaning::sequence_advance},
    MeaningRow{"pg_advisory_lock", Meaning::advisory_lock},
    MeaningRow{"pg_advisory_lock_shared", Meaning::advisory_lock},
    MeaningRow{"pg_advisory_unlock", Meaning::advisory_unlock},
    MeaningRow{"pg_advisory_unlock_all", Meaning::advisory_unlock},
    MeaningRow{"pg_advisory_unlock_shared", Meaning::advisory_unlock},
    MeaningRow{"pg_listening_channels", Meaning::channels},
    MeaningRow{"pg_replication_origin_session_setup", Meaning::hidden_state},
    MeaningRow{"pg_settings", Meaning::other_setting},   // an UPDATE of it is a SET
    MeaningRow{"pg_temp", Meaning::temporary_schema},
    MeaningRow{"pg_try_advisory_lock", Meaning::advisory_lock},
    MeaningRow{"pg_try_advisory_lock_shared", Meaning::advisory_lock},
    MeaningRow{"query_to_xml", Meaning::runs_text},
    MeaningRow{"query_to_xml_and_xmlschema", Meaning::runs_text},
    MeaningRow{"query_to_xmlschema", Meaning::runs_text},
    MeaningRow{"schema_to_xml", Meaning::runs_text},
    MeaningRow{"schema_to_xml_and_xmlschema", Meaning::runs_text},
    MeaningRow{"select", Meaning::select},
    MeaningRow{"set_config", Meaning::set_config},
    MeaningRow{"set_limit", Meaning::other_setting},
    MeaningRow{"setseed", Meaning::seed},
    MeaningRow{"setval", Meaning::sequence_advance},
    MeaningRow{"table_to_xml", Meaning::runs_text},
    MeaningRow{"table_to_xml_and_xmlschema", Meaning::runs_text},
    MeaningRow{"ts_rewrite", Meaning::runs_text},
    MeaningRow{"ts_stat", Meaning::runs_text},
    MeaningRow{"xpath_table", Meaning::runs_text},
}};

}  // namespace pgweir::proxy
