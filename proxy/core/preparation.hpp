// What must be sent to a server before its new client's first message: how it differs from
// what the client's session is. A list of queries, each with what its failure means.
#pragma once

#include "proxy/core/client_session.hpp"
#include "proxy/core/server_standing.hpp"
#include "proxy/core/session_settings.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pgweir::proxy {

// An empty query: the cheapest proof that a server is still there.
constexpr const char* check_sql = ";";

struct PreparingQuery {
    std::string sql;
    // The client's statement cannot run: it reads the error. Otherwise the failure is passed over.
    bool must_succeed = true;
    std::string prepares = {};      // the name of the statement that it makes
    bool has_failed = false;
};

struct Preparation {
    std::vector<PreparingQuery> queries;
    std::size_t answered = 0;          // of them
    bool begins = false;               // the last one is the client's BEGIN
    bool switches_settings = false;

    bool awaits_vital() const { return answered < queries.size() && queries[answered].must_succeed; }
};

struct PreparationWishes {
    bool needs_check = false;        // the server must show that it is there
    std::string_view executes = {};  // the statement that the client's first message runs: its PREPARE must succeed
    bool listens = false;            // the client's statement concerns the channels it listens to: its server must, too
    bool discards_sequences = false; // the client asks for what another server remembers: it must read that it is gone
};

// Everything but a BEGIN that may go together with the client's first message: that is left
// in `session.begin`.
Preparation prepare(const ClientSession& session, const ServerStanding& standing, const BaselineSettings& baseline,
                    PreparationWishes wishes);

}  // namespace pgweir::proxy
