// Relaying between the clients of one thread and the servers they lease: performs what
// relay_core decides, gets leases and ends them. Owned by its relay thread and used by
// it alone.
//
// One read buffer serves all connections, so nothing may read while bytes in it are
// still being dealt with: whoever must be read next is put on the list of those to be
// visited again.
#pragma once

#include "proxy/client/client.hpp"
#include "proxy/client/client_table.hpp"
#include "proxy/server/pool.hpp"
#include "proxy/server/server_keeper.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Replies kept for a client that does not read as fast as its server answers; beyond it
// neither is read. A server whose replies fit is free before they are read. Chosen: as in
// the design's limit for one client.
constexpr std::size_t max_client_backlog = 256 * 1024;

// A relay thread's things that a relay works with. Lifetime: the thread's.
struct RelaySurroundings {
    ThreadIndex thread;
    net::Readiness& set;
    std::span<std::byte> buffer;
    ServerKeeper& keeper;
    ClientTable& clients;
    CancelKeys& cancel_keys;
    std::function<void(Client&)> visit_again;
};

class Relay {
public:
    explicit Relay(RelaySurroundings surroundings) : my_(std::move(surroundings)) {}

    // A client that has logged in is this thread's from now on.
    void admit(LoggedInClient client);

    // Also to visit a client again: without edges it, and its server, go on where they stopped.
    void on_ready(Client& client, net::Edges edges);
    // For a server with a lessee.
    void on_ready(ServerConnection& server, net::Edges edges);

    // What pools answered to clients that waited.
    void granted(const ClientId& id, ServerConnection& server, Duration waited);
    void refused(const ClientId& id, const Refusal& refusal);

    // Somebody who knows the client's key wants its statement cancelled. `done` is called
    // when the cancel was delivered, on any thread, or at once when there is nothing to cancel.
    void cancel(const ClientId& id, std::function<void()> done);

    // From now on clients are told to go as soon as they are between transactions.
    void begin_drain();
    // Tells all clients to go, whatever they are doing.
    void end_all();

    // Call about once a second. `idle_limit`: zero for none.
    void tick(TimePoint now, Duration idle_limit);

private:
    // From the client.
    void read_client(Client& client);
    void take(Client& client, protocol::Bytes bytes);
    protocol::Bytes forward(Client& client, protocol::Bytes bytes);
    protocol::Bytes without_server(Client& client, protocol::Bytes bytes);
    protocol::Bytes ask_for_server(Client& client, protocol::Bytes bytes);
    protocol::Bytes reject(Client& client, protocol::Bytes bytes, protocol::Bytes error);
    void take_held(Client& client);
    void reject_held(Client& client, protocol::Bytes error);

    // From the server.
    void read_server(ServerConnection& server);
    // False when the lease has ended: the server may be another thread's by then.
    bool relay_replies(ServerConnection& server, Client& client, protocol::Bytes bytes);
    bool is_for_client(ServerConnection& server, Client& client, const ServerScan& scan);
    void note_command(ServerConnection& server, protocol::Bytes tag);
    void note_error(ServerConnection& server, const ServerScan& scan, Client& client);
    void after_replies(ServerConnection& server, Client& client);
    void server_lost(ServerConnection& server, Client& client, std::string_view why);

    // Leases.
    void start_lease(Client& client, ServerConnection& server, bool needs_check);
    void prepared(ServerConnection& server, Client& client);
    void exchange_ended(ServerConnection& server, Client& client);
    static std::vector<std::byte> refusal_error(const Client& client, const Refusal& refusal);
    void pin(ServerConnection& server, std::string_view reason);

    // Clients.
    void set_phase(Client& client, ClientPhase phase);
    void send(Client& client, protocol::Bytes bytes);
    void part(Client& client);
    void end(Client& client, protocol::Bytes last_words);
    void drop(Client& client);
    metrics::RelayCells& cells(Client& client) { return client.pool->cells(my_.thread); }

    RelaySurroundings my_;
    bool is_draining_ = false;
    std::vector<std::byte> scratch_;   // for messages of our own
};

}  // namespace pgweir::proxy
