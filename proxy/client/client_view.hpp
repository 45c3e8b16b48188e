// One logged-in client as an operator sees it, and what came of taking its pin. By value.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pgweir::proxy {

struct ClientView {
    ClientId id{};
    std::string database;
    std::string user;
    std::string application_name;
    std::string address;              // "10.0.0.7:51234" or "unix"
    const char* state = "idle";       // idle, active, waiting; of a holder also preparing, settling, subscribing
    Duration connected{};             // since its login
    Duration quiet{};                 // since something last came from it; while it waits, how long
    bool is_waiting = false;
    bool is_tls = false;
    std::size_t prepared_statements = 0;
    std::size_t unread = 0;           // bytes of replies that it has not taken
    std::size_t held = 0;             // bytes of its own that wait for a server
    int descriptor = -1;

    // Of one that holds a server:
    std::optional<ServerId> server{};
    int backend_pid = 0;
    const char* transaction = "";     // active: a statement runs; idle, idle in transaction, failed transaction
    Duration transaction_age{};       // zero between transactions
    Duration statement_age{};         // of the one that runs, else since its end
    std::string statement{};          // how its last one begins, as it was written: not for anybody's eyes
};

// The number of a client in SHOW and in commands: never zero, never another client's.
std::int64_t number_of(const ClientId& id);
// Nullopt when no client can have that number.
std::optional<ClientId> client_of(std::int64_t number, std::size_t threads);

enum class Unpinned {
    done,
    unknown_client,
    not_pinned,
    in_transaction,   // or in the middle of a statement
};

}  // namespace pgweir::proxy
