// Relaying between the clients of one thread and the servers they lease: performs what
// translator, unleased and server_scan decide, gets leases and ends them. Owned by its relay thread and used by
// it alone.
//
// One read buffer serves all connections, so nothing may read while bytes in it are
// still being dealt with: whoever must be read next is put on the list of those to be
// visited again.
#pragma once

#include "proxy/client/buffered_bytes.hpp"
#include "proxy/client/client.hpp"
#include "proxy/client/client_table.hpp"
#include "proxy/client/client_view.hpp"
#include "proxy/client/session_errors.hpp"
#include "proxy/core/translator.hpp"
#include "proxy/server/pool.hpp"
#include "proxy/server/server_keeper.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

// Replies kept for a client that does not read as fast as its server answers; beyond it
// neither is read. A server whose replies fit is free before they are read. Chosen: as in
// the design's limit for one client.
constexpr std::size_t max_client_backlog = 256 * 1024;

// So much of a statement's text is kept for whoever asks what a client does.
constexpr std::size_t kept_statement = 512;

// Reads of one connection before the others get their turn. An edge-triggered set starves
// otherwise.
constexpr int reads_per_visit = 16;

// A relay thread's things that a relay works with. Lifetime: the thread's.
struct RelaySurroundings {
    ThreadIndex thread;
    net::Readiness& set;
    std::span<std::byte> buffer;
    ServerKeeper& keeper;
    ClientTable& clients;
    CancelKeys& cancel_keys;
    TextTable& texts;
    BufferedBytes& buffered;
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

    // What the pool's shared listening server has for a client: the answer to what it wanted, a
    // whole NotificationResponse, its end.
    void listening_changed(const Letter& letter);
    void notified(const ClientId& id, const SharedMessage& message);
    void listening_lost(const ClientId& id, const std::string& why);

    // Somebody who knows the client's key wants its statement cancelled. `done` is called
    // when the cancel was delivered, on any thread, or at once when there is nothing to cancel.
    void cancel(const ClientId& id, std::function<void()> done);

    // For an operator (relay_operator.cpp).

    // All clients of this thread; those that hold a server, found without looking at the others.
    void show(std::vector<ClientView>& clients);
    void show_holders(std::vector<ClientView>& holders);
    // Ends a client's session. False when there is none of that id.
    bool kill(const ClientId& id);
    // The same for all clients of a pool.
    void kill_all(const Pool& pool);
    // Takes the server from a client that keeps it between transactions; its next statement is told so.
    Unpinned unpin(const ClientId& id);

    // From now on clients are told to go as soon as they are between transactions.
    void begin_drain();
    // Tells all clients to go, whatever they are doing.
    void end_all();

    // The cancel for a server with a lessee has been delivered, or has failed.
    void cancel_ended(ServerConnection& server);

    // Call about once a second. `idle_limit`: zero for none.
    void tick(TimePoint now, Duration idle_limit);
    // Call about every 100 ms.
    void tick_often();

private:
    // From the client.
    void read_client(Client& client);
    void take(Client& client, protocol::Bytes bytes);
    protocol::Bytes forward(Client& client, protocol::Bytes bytes);
    bool send_on(Client& client, ServerConnection& server, protocol::Bytes bytes);
    protocol::Bytes without_server(Client& client, protocol::Bytes bytes);
    protocol::Bytes ask_for_server(Client& client, protocol::Bytes bytes, const UnleasedScan& scan);
    protocol::Bytes reject(Client& client, protocol::Bytes bytes, protocol::Bytes error);
    void take_held(Client& client);
    void go_on(Client& client);
    void reject_held(Client& client, protocol::Bytes error);

    // From the server.
    void read_server(ServerConnection& server);
    // False when the lease has ended: the server may be another thread's by then.
    bool relay_replies(ServerConnection& server, Client& client, protocol::Bytes bytes);
    bool decide_passing(ServerConnection& server, Client& client, const ServerScan& scan);
    // What the client gets in place of the run's last frame, which is an error; null for that itself.
    const std::vector<std::byte>* note_error(ServerConnection& server, const ServerScan& scan, Client& client);
    void note_reply(ServerConnection& server, Client& client, const ServerScan& scan);
    void note_command(ServerConnection& server, Client& client, protocol::Bytes tag);
    void after_replies(ServerConnection& server, Client& client);
    void repeat_segment(ServerConnection& server, Client& client);

    // The server went away.
    void server_lost(ServerConnection& server, Client& client, std::string_view why);

    // Leases.
    void start_lease(Client& client, ServerConnection& server, LeaseMark mark, bool needs_check);
    void prepared(ServerConnection& server, Client& client);
    void tell_parameters(Client& client, const ServerConnection& server);
    void exchange_completed(ServerConnection& server, Client& client);
    void exchange_ended(ServerConnection& server, Client& client);
    void end_lease(ServerConnection& server, Client& client);
    bool decide_keeping(ServerConnection& server, Client& client);
    void count_query(ServerConnection& server, Client& client, TimePoint now);
    void count_transaction(ServerConnection& server, Client& client);
    static std::vector<std::byte> refusal_error(const Client& client, const Refusal& refusal);
    static void pin(ServerConnection& server, const Client& client, PinReason reason);
    static void unpin(ServerConnection& server);

    // Settling: what the client has left in its server.
    void ask(ServerConnection& server, Client& client, Question question, std::string_view sql);
    static bool may_ask_again(ServerConnection& server);
    void answered(ServerConnection& server, Client& client);
    void release_ready(ServerConnection& server, Client& client);
    void start_survey(ServerConnection& server, Client& client);
    void surveyed(ServerConnection& server, Client& client);
    void take_facts(ServerConnection& server, Client& client, SessionFacts facts);
    void settle_pin(ServerConnection& server, Client& client, const SessionFacts& facts);
    void subscribe(Client& client, std::vector<std::string> before);
    void make_marker(ServerConnection& server, Client& client);
    void marker_made(ServerConnection& server, Client& client);
    void unlistened(ServerConnection& server, Client& client);
    void stop_waiting(Client& client);
    void subscription_failed(Client& client, const Letter& letter);
    void flush_notifications(Client& client);

    // Limits in time, and on what clients leave unread.
    void watch(Client& client);
    void check_limits(TimePoint now);
    void check_limits(Client& client, TimePoint now);
    void ask_for_unsynced(ServerConnection& server, const Client& client, TimePoint now);
    static void begin_statement(ServerConnection& server, const Client& client, bool begins_transaction);
    static void next_in_pipeline(ServerConnection& server, const Client& client);
    void detach_idle(ServerConnection& server, Client& client, LimitError why, Duration lasted);
    void detach(ServerConnection& server, Client& client, bool is_told);
    void rolled_back(ServerConnection& server, Client& client);
    void end_for_limit(ServerConnection& server, Client& client, LimitError why, Duration lasted);
    void strike(ServerConnection& server, Client& client, Strike::Limit limit, Duration lasted, TimePoint now);
    void pursue(ServerConnection& server, Client& client, TimePoint now);
    void cancel_for_limit(ServerConnection& server, Client& client, TimePoint now);
    bool settle_strike(ServerConnection& server, Client& client);
    void landed(ServerConnection& server, Client& client);
    void proved(ServerConnection& server, Client& client);
    bool is_unread(const Client& client) const;
    void note_pause(ServerConnection& server, const Client& client, TimePoint now);
    void start_discarding(ServerConnection& server, Client& client);
    void discard(ServerConnection& server, Client& client, const ServerScan& scan, protocol::Bytes last_frame);
    std::span<std::byte> room_for_replies(const ServerConnection& server) const;
    void count_out(Client& client);

    // Clients.
    ClientView view_of(Client& client, TimePoint now);
    void set_phase(Client& client, ClientPhase phase);
    void send(Client& client, protocol::Bytes bytes);
    void part(Client& client);
    void end(Client& client, protocol::Bytes last_words);
    void drop(Client& client);
    metrics::RelayCells& cells(Client& client) { return client.pool->cells(my_.thread); }

    RelaySurroundings my_;
    bool is_draining_ = false;
    std::vector<std::byte> scratch_;     // for messages of our own
    std::vector<std::byte> rewritten_;   // of a client's messages
    std::vector<ClientId> lingering_;    // keep a server for a moment, in case they ask what a sequence gave them
    std::vector<ClientId> holders_;      // may hold a server
    std::vector<ClientId> checked_;      // while those are looked at; kept for its memory
    std::vector<ClientId> subscribing_;  // hold a server until the pool's listening server has one
};

}  // namespace pgweir::proxy
