#include "proxy/core/upstream_refusal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pgweir::proxy {
namespace {

using enum DialOutcome;

enum class Beginning {
    code,       // the message's first word, in parentheses or not
    words,      // the message begins with these words
    libpq,      // the same, of a message that is libpq's
    sqlstate,   // the SQLSTATE, or with two characters the class it belongs to
};

struct Row {
    Beginning where;
    std::string_view pattern;
    DialOutcome outcome;
    bool tells_limit = false;
};

// The first row that fits decides: codes before SQLSTATEs, a SQLSTATE before its class. Supavisor
// sends nearly everything as XX000 and is told apart by its message: since 2.9 each begins with a code
// in parentheses, before that with a word or just with its words.
// Sources: Supavisor's lib/supavisor/errors/*.ex since 2.9, lib/supavisor/client_handler/error.ex before;
// PostgreSQL's src/backend/utils/errcodes.txt, the same from 12 to 18; libpq's fe-connect.c and fe-secure*.c.
constexpr std::array rows = {
    Row{Beginning::code, "EMAXCONNSESSION", capacity, true},           // Supavisor 2.9, session mode: `pool_size: N`
    Row{Beginning::code, "EMAXCONN", capacity, true},                  // 2.9, transaction mode: `limit: N`
    Row{Beginning::code, "EMAXPROXYCONN", capacity},                   // 2.9, of one node towards another
    Row{Beginning::code, "MaxClientsInSessionMode", capacity, true},   // 2.0.5 to 2.8, mostly without N
    Row{Beginning::words, "Max client connections reached", capacity, true},   // before 2.9
    Row{Beginning::words, "no more connections allowed", capacity},    // PgBouncer's max_client_conn, as 08P01

    Row{Beginning::code, "ECIRCUITBREAKER", locked_out},        // Supavisor 2.9: 10 failed logins in 300 s, for 600 s
    Row{Beginning::words, "Circuit breaker open", locked_out},  // before 2.9

    Row{Beginning::code, "ENOTFOUND", credential},         // Supavisor 2.9: no such tenant or user
    Row{Beginning::code, "ETENANTNOTFOUND", credential},   // the same, in releases on the way to 2.9
    Row{Beginning::words, "Tenant or user not found", credential},   // before 2.9
    Row{Beginning::code, "ENOIDENTIFIER", credential},     // 2.9: no tenant in the user's name
    Row{Beginning::code, "EAUTHQUERY", credential},        // 2.9: it cannot look the password up; five in 600 s lock out
    Row{Beginning::words, "Authentication error, reason", credential},   // before 2.9

    Row{Beginning::code, "EMAXPOOLSREACHED", config},      // Supavisor 2.9: too many tuples of user, database and mode
    Row{Beginning::words, "Max pools count reached", config},            // before 2.9
    Row{Beginning::code, "ESSLREQUIRED", config},          // 2.9
    Row{Beginning::words, "SSL connection is required", config},         // before 2.9
    Row{Beginning::code, "EADDRNOTALLOWED", config},       // 2.9: we are not in the tenant's allow list
    Row{Beginning::words, "Address not in tenant allow_list", config},   // before 2.9
    Row{Beginning::code, "EBANNED", config},               // 2.9: the tenant is, for everybody
    Row{Beginning::code, "EINVALIDUSERINFO", config},      // 2.9: the form of user or database
    Row{Beginning::code, "ESTARTUPMESSAGE", config},       // 2.9: it cannot read our startup packet
    Row{Beginning::code, "ESTARTUPPACKETTOOLARGE", config},   // 2.9: more than 1024 bytes

    Row{Beginning::code, "ECHECKOUTTIMEOUT", transient},   // Supavisor 2.9: its own pool had no connection in time
    Row{Beginning::words, "Unable to check out connection", transient},   // before 2.9
    Row{Beginning::code, "ECHECKOUTRETRIES", transient},   // 2.9
    Row{Beginning::code, "EPOOLCHECKOUT", transient},      // 2.9
    Row{Beginning::code, "ESUBSCRIBERETRIES", transient},  // 2.9: its workers are being moved
    Row{Beginning::words, "Failed to subscribe to tenant", transient},    // before 2.9
    Row{Beginning::code, "EDBHANDLEREXITED", transient},   // 2.9: its connection to PostgreSQL ended
    Row{Beginning::words, "DbHandler exited", transient},                 // before 2.9
    Row{Beginning::words, "Connection to database closed", transient},    // before 2.9
    Row{Beginning::words, "Failed to connect to database", transient},    // all: PostgreSQL does not answer it
    Row{Beginning::code, "EAUTHTIMEOUT", transient},       // 2.9: we answered too slowly
    Row{Beginning::code, "EAUTHPROTOCOL", transient},      // 2.9: in the middle of the login
    Row{Beginning::code, "EJITREQUESTFAILED", transient},  // 2.9: it cannot ask who we are

    Row{Beginning::libpq, "fe_sendauth: no password supplied", credential},   // libpq: asked for one, the DSN has none
    Row{Beginning::libpq, "server does not support SSL", config},             // libpq: and sslmode insists
    Row{Beginning::libpq, "SSL error: certificate verify failed", config},    // libpq, sslmode=verify-ca and verify-full
    Row{Beginning::libpq, "server certificate for ", config},                 // libpq, verify-full: another host's
    Row{Beginning::libpq, "root certificate file ", config},                  // libpq: does not exist

    // PostgreSQL, whose refusals poolers pass on as they are.
    Row{Beginning::sqlstate, "53300", capacity},     // too_many_connections: max_connections, a role's or database's limit
    Row{Beginning::sqlstate, "28P01", credential},   // invalid_password; Supavisor also: its pool has lost the secret
    Row{Beginning::sqlstate, "28000", credential},   // invalid_authorization: pg_hba.conf, no such role, no LOGIN
    Row{Beginning::sqlstate, "55000", config},       // object_not_in_prerequisite_state: the database takes no connections
    Row{Beginning::sqlstate, "55P02", config},       // cant_change_runtime_param
    Row{Beginning::sqlstate, "57", transient},       // operator_intervention: starting up, shutting down, crashed, cancelled
    Row{Beginning::sqlstate, "08", transient},       // connection_exception
    Row{Beginning::sqlstate, "53", transient},       // insufficient_resources: memory, disk
    Row{Beginning::sqlstate, "58", transient},       // system_error: files
    Row{Beginning::sqlstate, "3D", config},          // invalid_catalog_name: no such database
    Row{Beginning::sqlstate, "3F", config},          // invalid_schema_name
    Row{Beginning::sqlstate, "42", config},          // insufficient_privilege: no CONNECT right; no such setting
    Row{Beginning::sqlstate, "22", config},          // invalid_parameter_value: what a setting does not take
    Row{Beginning::sqlstate, "0A", config},          // feature_not_supported: the protocol, a setting
};

constexpr bool is_word_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view first_word(std::string_view message) {
    if (message.starts_with('(')) message.remove_prefix(1);
    const auto end = std::find_if_not(message.begin(), message.end(), is_word_character);
    return message.substr(0, static_cast<std::size_t>(end - message.begin()));
}

// Whole words: what only begins like them is something else.
bool begins_with(std::string_view message, std::string_view words) {
    if (!message.starts_with(words)) return false;
    return message.size() == words.size() || !is_word_character(words.back()) || !is_word_character(message[words.size()]);
}

bool fits(const Row& row, RefusalSpeaker speaker, std::string_view sqlstate, std::string_view message) {
    const bool is_servers = speaker == RefusalSpeaker::server;
    switch (row.where) {
    case Beginning::code: return is_servers && first_word(message) == row.pattern;
    case Beginning::words: return is_servers && begins_with(message, row.pattern);
    case Beginning::libpq: return !is_servers && begins_with(message, row.pattern);
    case Beginning::sqlstate: return sqlstate.size() == 5 && sqlstate.starts_with(row.pattern);
    }
    return false;
}

}  // namespace

UpstreamRefusal classify_refusal(RefusalSpeaker speaker, std::string_view sqlstate, std::string_view message) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Row& one) { return fits(one, speaker, sqlstate, message); });
    // Of libpq's words most tell of a network that is down, in any language; a server's unknown ones are a riddle.
    if (row == rows.end()) return {DialOutcome::transient, speaker == RefusalSpeaker::libpq};
    UpstreamRefusal refusal{row->outcome};
    if (row->tells_limit) refusal.upstream_limit = find_upstream_limit(message);
    return refusal;
}

std::optional<int> find_upstream_limit(std::string_view message) {
    for (const std::string_view label : {std::string_view("pool_size: "), std::string_view("limit: ")}) {
        const std::size_t at = message.find(label);
        if (at == std::string_view::npos) continue;
        const std::string_view rest = message.substr(at + label.size());
        int limit = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), limit);
        if (error == std::errc() && limit > 0) return limit;
    }
    return std::nullopt;
}

bool UnknownRefusals::note(std::string_view sqlstate, std::string_view text) {
    ++count_;
    if (told_.size() >= max_told) return false;
    std::string both(sqlstate);
    both += ' ';
    both += text;
    return told_.insert(std::move(both)).second;
}

}  // namespace pgweir::proxy
