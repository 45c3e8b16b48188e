// Asking a server what a client has left in its session: run-time parameters, locks,
// temporary objects, cursors, prepared statements, channels. PostgreSQL's own word on it
// spares us a model of transactions, savepoints and functions.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/session_settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgweir::proxy {

// The prefix of the names under which pgweir itself prepares statements on servers.
constexpr std::string_view our_statement_prefix = "pgweir_";

// What is found in a session outside any transaction.
struct SessionFacts {
    // Everything set for this session, our own baseline included, with the values spelled as
    // set_config takes them back exactly; `role` and `session_authorization` when they are not
    // the login's; custom settings among those asked for. Names in lower case, in alphabetical
    // order. Values are in the server's encoding, as those of a startup packet.
    SessionSettings settings;
    int advisory_locks = 0;
    bool has_temporary_objects = false;
    bool has_holdable_cursors = false;
    // Names as they are, in client_encoding like all texts to and from the server.
    std::vector<std::string> channels;
    // SQL-level prepared statements: name, and the PREPARE that made it, without what else was
    // in that query's text.
    std::vector<std::pair<std::string, std::string>> prepared;

    friend bool operator==(const SessionFacts&, const SessionFacts&) = default;
};

// One text for a Query message, of several statements; the rows of all of them belong to the
// answer. `custom_settings`: names with a dot, each asked for by name, because PostgreSQL
// does not list those. Requires: no transaction is open. Fails (with an ERROR of the server's) only
// when a name or text cannot be had in client_encoding, or when the client's own statement_timeout is
// too short for it.
std::string survey_sql(std::span<const std::string> custom_settings);

// Takes the rows of its answer, in their order.
class SurveyReader {
public:
    // The body of a DataRow. Rows that cannot be understood make the survey fail.
    void row(protocol::Bytes body);
    bool is_good() const { return is_good_; }
    // Requires: all rows were given. Leaves the reader as new.
    SessionFacts take();

private:
    bool take_in(std::string_view kind, std::string_view name, std::string_view value);
    bool add_setting(std::string_view name, std::string_view escaped);

    SessionFacts facts_;
    std::vector<std::string> listed_;   // asked for by name, but found not to be set for this session
    bool is_good_ = true;
};

// The PREPARE of the statement `name` among the statements of a query's text; nullopt when it
// is not there. Of several the last. Lifetime: the text.
std::optional<std::string_view> find_prepare(std::string_view text, std::string_view name);

}  // namespace pgweir::proxy
