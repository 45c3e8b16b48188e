// Every decision of a pool's shared listening server: which channels are wanted by whom,
// to which the server listens already, what to send to it next, and who must be told
// what. A value: no I/O, no clock. Each call appends what clients are to be told to `news`.
//
// A client listens to a channel from the moment it is told so: what it asked for is in
// force when the server has confirmed all of it, or not at all. What it gives up ends at once.
#pragma once

#include "proxy/core/ids.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace pgweir::proxy {

struct ListenNews {
    enum class Kind {
        changed,   // what it asked for is in force
        failed,    // what it asked for in addition is not; the rest is
        lost,      // it listens to nothing any more, and may have missed something
    };
    Kind kind;
    ClientId client;

    friend bool operator==(const ListenNews&, const ListenNews&) = default;
};

struct ClientIdHash {
    std::size_t operator()(const ClientId& id) const;
};
using Listeners = std::unordered_set<ClientId, ClientIdHash>;

// Most LISTENs and UNLISTENs in one query. Chosen: a query text of some tens of kilobytes.
constexpr std::size_t max_listens_per_query = 500;

class ListenCore {
public:
    // From now on `client` wants exactly these channels (raw names). With `wants_answer` one piece
    // of news answers the call, `changed` or `failed`, unless the client is told that it has lost all.
    void set_channels(const ClientId& client, const std::vector<std::string>& names, bool wants_answer,
                      std::vector<ListenNews>& news);
    // The client has gone.
    void forget(const ClientId& client);

    // Somebody listens, or wants to.
    bool is_wanted() const { return wanted_ > 0; }
    // Nobody listens and the server, if there is one, listens to nothing either.
    bool is_empty() const { return channels_.empty(); }

    // The query text that brings the server nearer to what is wanted; empty when it stands
    // as it should. Requires: the last one was answered.
    std::string next_query();
    // How the server answered it.
    void succeeded(std::vector<ListenNews>& news);
    // False when the server refuses to stop listening: it is of no use any more.
    [[nodiscard]] bool failed(std::vector<ListenNews>& news);

    // Those who listened have lost everything. Those who were only about to may wait for the next server.
    void server_lost(std::vector<ListenNews>& news);
    // No server can be had: those who wait have failed.
    void refuse(std::vector<ListenNews>& news);

    // Who listens to a channel; null for nobody. Lifetime: until the next call that is not const.
    const Listeners* listeners(std::string_view channel) const;

private:
    // How the server stands to a channel.
    enum class OnServer { absent, asked, present, leaving };

    struct Channel {
        Listeners listeners;                    // were told that they listen
        Listeners waiting;                      // were not yet
        OnServer on_server = OnServer::absent;
        bool is_wanted = false;                 // as counted in wanted_
        bool is_suspect = false;                // stood in a query that failed: to be asked for alone
    };

    struct NameHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
    };
    // Its nodes stay where they are, so that a channel is spoken of by a pointer.
    using Channels = std::unordered_map<std::string, Channel, NameHash, std::equal_to<>>;
    using Node = Channels::value_type;
    using Nodes = std::vector<Node*>;           // each once, in the order of the pointers

    struct ByName {
        bool operator()(const Node* left, const Node* right) const { return left->first < right->first; }
    };
    using ToDo = std::set<Node*, ByName>;

    struct Client {
        Nodes listening;
        Nodes added;               // asked for and not yet in force
        std::size_t missing = 0;   // of `added`: not confirmed by the server
        int due = 0;               // calls that wait for their answer
    };
    using Clients = std::unordered_map<ClientId, Client, ClientIdHash>;

    Nodes nodes_of(const std::vector<std::string>& names);
    std::size_t enter(const ClientId& id, const Nodes& added);
    // Puts a channel where it belongs after something about it has changed; may free it.
    void review(Node& node);
    void review(const Nodes& nodes);
    Nodes all_nodes();
    void complete(Clients::iterator client, std::vector<ListenNews>& news);
    void fail(Clients::iterator client, std::vector<ListenNews>& news);
    void confirm(Channel& channel, std::vector<ListenNews>& news);
    bool failed_alone(Node& node, std::vector<ListenNews>& news);
    static void answer(const ClientId& id, Client& client, ListenNews::Kind kind, std::vector<ListenNews>& news);
    std::string unlisten_all();

    Channels channels_;
    Clients clients_;
    std::size_t wanted_ = 0;   // channels with a listener or somebody waiting
    ToDo to_do_;               // channels that the server should treat otherwise
    ToDo suspects_;            // the same, and each to be asked for alone
    Nodes in_flight_;
};

}  // namespace pgweir::proxy
