#include "proxy/core/listen_core.hpp"

#include "proxy/core/session_settings.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace pgweir::proxy {

std::size_t ClientIdHash::operator()(const ClientId& id) const {
    // Slots are few and dense, so the thread and the round go where slots do not reach.
    const std::uint64_t mixed = id.slot ^ (std::uint64_t{id.round} << 32) ^ (std::uint64_t{index_of(id.thread)} << 24);
    return std::hash<std::uint64_t>{}(mixed);
}

ListenCore::Nodes ListenCore::nodes_of(const std::vector<std::string>& names) {
    Nodes nodes;
    nodes.reserve(names.size());
    for (const std::string& name : names) nodes.push_back(&*channels_.try_emplace(name).first);
    std::sort(nodes.begin(), nodes.end(), std::less<>{});
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    return nodes;
}

void ListenCore::set_channels(const ClientId& id, const std::vector<std::string>& names, bool wants_answer,
                              std::vector<ListenNews>& news) {
    const auto found = clients_.try_emplace(id).first;
    Client& client = found->second;
    if (wants_answer) ++client.due;
    const Nodes wanted = nodes_of(names);
    Nodes kept;
    Nodes dropped;
    Nodes added;
    const auto less = std::less<>{};
    const Nodes& old = client.listening;
    std::set_intersection(old.begin(), old.end(), wanted.begin(), wanted.end(), std::back_inserter(kept), less);
    std::set_difference(old.begin(), old.end(), wanted.begin(), wanted.end(), std::back_inserter(dropped), less);
    std::set_difference(wanted.begin(), wanted.end(), old.begin(), old.end(), std::back_inserter(added), less);

    for (Node* node : client.added) node->second.waiting.erase(id);
    for (Node* node : dropped) node->second.listeners.erase(id);
    // What was asked for before may be wanted again: nothing is reviewed, and so freed, before all is entered.
    Nodes gone;
    std::set_difference(client.added.begin(), client.added.end(), added.begin(), added.end(), std::back_inserter(gone), less);
    client.missing = enter(id, added);
    client.listening = std::move(kept);
    client.added = std::move(added);
    review(gone);
    review(dropped);
    review(client.added);
    if (client.missing == 0) complete(found, news);
}

// Returns how many of them the server has yet to confirm.
std::size_t ListenCore::enter(const ClientId& id, const Nodes& added) {
    std::size_t missing = 0;
    for (Node* node : added) {
        node->second.waiting.insert(id);
        if (node->second.on_server != OnServer::present) ++missing;
    }
    return missing;
}

void ListenCore::forget(const ClientId& id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    const Client client = std::move(found->second);
    clients_.erase(found);
    for (Node* node : client.listening) node->second.listeners.erase(id);
    for (Node* node : client.added) node->second.waiting.erase(id);
    review(client.listening);
    review(client.added);
}

void ListenCore::review(Node& node) {
    Channel& channel = node.second;
    const bool is_wanted = !channel.listeners.empty() || !channel.waiting.empty();
    wanted_ += static_cast<std::size_t>(is_wanted);
    wanted_ -= static_cast<std::size_t>(std::exchange(channel.is_wanted, is_wanted));
    to_do_.erase(&node);
    suspects_.erase(&node);
    if (channel.on_server == OnServer::absent && !is_wanted) {
        channels_.erase(channels_.find(node.first));
        return;
    }
    const bool is_at_rest = channel.on_server == OnServer::absent || channel.on_server == OnServer::present;
    if (is_at_rest && is_wanted != (channel.on_server == OnServer::present)) (channel.is_suspect ? suspects_ : to_do_).insert(&node);
}

void ListenCore::review(const Nodes& nodes) {
    for (Node* node : nodes) review(*node);
}

ListenCore::Nodes ListenCore::all_nodes() {
    Nodes nodes;
    nodes.reserve(channels_.size());
    for (Node& node : channels_) nodes.push_back(&node);
    return nodes;
}

void ListenCore::answer(const ClientId& id, Client& client, ListenNews::Kind kind, std::vector<ListenNews>& news) {
    for (; client.due > 0; --client.due) news.push_back(ListenNews{kind, id});
}

// The server listens to everything the client wants.
void ListenCore::complete(Clients::iterator found, std::vector<ListenNews>& news) {
    const ClientId id = found->first;
    Client& client = found->second;
    for (Node* node : client.added) {
        node->second.waiting.erase(id);
        node->second.listeners.insert(id);
    }
    const auto middle = static_cast<std::ptrdiff_t>(client.listening.size());
    client.listening.insert(client.listening.end(), client.added.begin(), client.added.end());
    std::inplace_merge(client.listening.begin(), client.listening.begin() + middle, client.listening.end(), std::less<>{});
    client.added = {};
    answer(id, client, ListenNews::Kind::changed, news);
    if (client.listening.empty()) clients_.erase(found);
}

void ListenCore::fail(Clients::iterator found, std::vector<ListenNews>& news) {
    const ClientId id = found->first;
    Client& client = found->second;
    const Nodes added = std::exchange(client.added, {});
    client.missing = 0;
    for (Node* node : added) node->second.waiting.erase(id);
    answer(id, client, ListenNews::Kind::failed, news);
    if (client.listening.empty()) clients_.erase(found);
    review(added);
}

std::string ListenCore::unlisten_all() {
    in_flight_.assign(to_do_.begin(), to_do_.end());
    in_flight_.insert(in_flight_.end(), suspects_.begin(), suspects_.end());
    for (Node* node : in_flight_) node->second.on_server = OnServer::leaving;
    to_do_.clear();
    suspects_.clear();
    return in_flight_.empty() ? std::string() : "UNLISTEN *";
}

std::string ListenCore::next_query() {
    // With nothing wanted every channel there is, is one to leave.
    if (wanted_ == 0) return unlisten_all();
    // Suspects first: each is settled by one query, so they cannot keep the others waiting for long.
    ToDo& source = suspects_.empty() ? to_do_ : suspects_;
    const std::size_t limit = suspects_.empty() ? max_listens_per_query : 1;
    std::string sql;
    while (!source.empty() && in_flight_.size() < limit) {
        Node* node = *source.begin();
        source.erase(source.begin());
        Channel& channel = node->second;
        channel.on_server = channel.is_wanted ? OnServer::asked : OnServer::leaving;
        if (!sql.empty()) sql += "; ";
        sql += channel.is_wanted ? "LISTEN " : "UNLISTEN ";
        sql += quote_name(node->first);
        in_flight_.push_back(node);
    }
    return sql;
}

void ListenCore::succeeded(std::vector<ListenNews>& news) {
    const Nodes done = std::exchange(in_flight_, {});
    for (Node* node : done) {
        Channel& channel = node->second;
        const bool is_present = channel.on_server == OnServer::asked;
        channel.on_server = is_present ? OnServer::present : OnServer::absent;
        channel.is_suspect = false;
        if (is_present) confirm(channel, news);
    }
    review(done);
}

// The server listens to a channel again, or at last.
void ListenCore::confirm(Channel& channel, std::vector<ListenNews>& news) {
    const std::vector<ClientId> waiting(channel.waiting.begin(), channel.waiting.end());
    for (const ClientId& id : waiting) {
        const auto client = clients_.find(id);
        if (--client->second.missing == 0) complete(client, news);
    }
}

bool ListenCore::failed(std::vector<ListenNews>& news) {
    const Nodes done = std::exchange(in_flight_, {});
    if (done.size() == 1) return failed_alone(*done.front(), news);
    // One of many was wrong and undid them all; which one, they are asked for one by one to tell.
    const bool only_left = std::all_of(done.begin(), done.end(), [](const Node* node) { return node->second.on_server == OnServer::leaving; });
    for (Node* node : done) {
        Channel& channel = node->second;
        channel.is_suspect = true;
        const bool was_asked = channel.on_server == OnServer::asked;
        channel.on_server = was_asked ? OnServer::absent : OnServer::present;
        if (!was_asked) confirm(channel, news);
    }
    review(done);
    return !only_left || is_wanted();
}

bool ListenCore::failed_alone(Node& node, std::vector<ListenNews>& news) {
    Channel& channel = node.second;
    if (channel.on_server == OnServer::leaving) {
        channel.on_server = OnServer::present;
        confirm(channel, news);
        review(node);
        return false;
    }
    channel.on_server = OnServer::absent;
    const std::vector<ClientId> waiting(channel.waiting.begin(), channel.waiting.end());
    // Its last client takes the channel with it.
    for (const ClientId& id : waiting) fail(clients_.find(id), news);
    if (waiting.empty()) review(node);
    return true;
}

void ListenCore::server_lost(std::vector<ListenNews>& news) {
    in_flight_.clear();
    for (Node& node : channels_) node.second.on_server = OnServer::absent;
    std::vector<ClientId> lost;
    for (auto& [id, client] : clients_) {
        client.missing = client.added.size();
        if (!client.listening.empty()) lost.push_back(id);
    }
    for (const ClientId& id : lost) {
        forget(id);
        news.push_back(ListenNews{ListenNews::Kind::lost, id});
    }
    review(all_nodes());
}

void ListenCore::refuse(std::vector<ListenNews>& news) {
    std::vector<ClientId> waiting;
    for (const auto& [id, client] : clients_)
        if (!client.added.empty()) waiting.push_back(id);
    for (const ClientId& id : waiting) fail(clients_.find(id), news);
}

const Listeners* ListenCore::listeners(std::string_view channel) const {
    const auto found = channels_.find(channel);
    return found == channels_.end() || found->second.listeners.empty() ? nullptr : &found->second.listeners;
}

}  // namespace pgweir::proxy
