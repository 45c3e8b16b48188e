// The decisions of a pool's listening server against a scripted one, and against a model
// in random order.
#include "proxy/core/listen_core.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace pgweir::proxy {

static std::ostream& operator<<(std::ostream& out, const ListenNews& news) {
    constexpr std::array names = {"changed ", "failed ", "lost "};
    return out << names[static_cast<std::size_t>(news.kind)] << news.client.slot;
}

}  // namespace pgweir::proxy

namespace pgweir::test {

using proxy::ClientId;
using proxy::ListenCore;
using proxy::ListenNews;
using Names = std::vector<std::string>;
using News = std::vector<ListenNews>;
using Slots = std::set<std::uint32_t>;

namespace {

ClientId client(std::uint32_t slot) { return ClientId{.slot = slot, .round = 1}; }
ListenNews changed(std::uint32_t slot) { return {ListenNews::Kind::changed, client(slot)}; }
ListenNews failed(std::uint32_t slot) { return {ListenNews::Kind::failed, client(slot)}; }
ListenNews lost(std::uint32_t slot) { return {ListenNews::Kind::lost, client(slot)}; }

News sorted(News news) {
    std::sort(news.begin(), news.end(), [](const auto& a, const auto& b) { return a.client.slot < b.client.slot; });
    return news;
}

struct Hub {
    ListenCore core{};

    News set(std::uint32_t slot, const Names& names, bool wants_answer = true) {
        News news;
        core.set_channels(client(slot), names, wants_answer, news);
        return news;
    }
    News succeed() { return told([this](News& news) { core.succeeded(news); }); }
    News fail(bool may_go_on = true) {
        return told([&](News& news) { CHECK(core.failed(news) == may_go_on); });
    }
    News lose() { return told([this](News& news) { core.server_lost(news); }); }
    News refuse() { return told([this](News& news) { core.refuse(news); }); }
    template <class Event>
    News told(Event&& event) {
        News news;
        event(news);
        return sorted(news);
    }
    // Listens to these, and the server has confirmed it.
    void settle(std::uint32_t slot, const Names& names) {
        set(slot, names);
        while (!core.next_query().empty()) succeed();
    }
    Slots hear(const std::string& channel) const {
        Slots slots;
        if (const proxy::Listeners* listeners = core.listeners(channel))
            for (const ClientId& id : *listeners) slots.insert(id.slot);
        return slots;
    }
};

}  // namespace

TEST_CASE("listen core: a client is told when the server has confirmed its channels", "[proxy]") {
    Hub hub;
    CHECK(hub.core.is_empty());
    CHECK(hub.set(1, {"b", "a"}).empty());
    CHECK(hub.core.is_wanted());
    CHECK(hub.hear("a") == Slots{});
    CHECK(hub.core.next_query() == R"(LISTEN "a"; LISTEN "b")");
    CHECK(hub.succeed() == News{changed(1)});
    CHECK(hub.hear("a") == Slots{1});
    CHECK(hub.core.next_query().empty());
}

TEST_CASE("listen core: a channel the server listens to already is had at once", "[proxy]") {
    Hub hub;
    hub.settle(1, {"a"});
    CHECK(hub.set(2, {"a"}) == News{changed(2)});
    CHECK(hub.core.next_query().empty());
    CHECK(hub.hear("a") == Slots{1, 2});
}

TEST_CASE("listen core: a name may be any text, and is one channel however often it is given", "[proxy]") {
    Hub hub;
    hub.set(1, {"a", R"(My "own"; UNLISTEN *)", "a"});
    CHECK(hub.core.next_query() == R"(LISTEN "My ""own""; UNLISTEN *"; LISTEN "a")");
    CHECK(hub.succeed() == News{changed(1)});
}

TEST_CASE("listen core: what nobody wants any more is given up, and with the last channel all", "[proxy]") {
    Hub hub;
    hub.settle(1, {"a", "b"});
    hub.settle(2, {"b"});
    CHECK(hub.set(1, {"b"}) == News{changed(1)});
    CHECK(hub.hear("a") == Slots{});
    CHECK(hub.core.next_query() == R"(UNLISTEN "a")");
    CHECK(hub.succeed().empty());
    SECTION("by unsubscribing") {
        CHECK(hub.set(1, {}) == News{changed(1)});
        CHECK(hub.core.next_query().empty());
        CHECK(hub.set(2, {}) == News{changed(2)});
    }
    SECTION("by leaving") {
        hub.core.forget(client(1));
        hub.core.forget(client(2));
        hub.core.forget(client(2));
    }
    CHECK_FALSE(hub.core.is_wanted());
    CHECK_FALSE(hub.core.is_empty());
    CHECK(hub.core.next_query() == "UNLISTEN *");
    CHECK(hub.succeed().empty());
    CHECK(hub.core.is_empty());
    CHECK(hub.core.next_query().empty());
}

TEST_CASE("listen core: a client that never listened may unsubscribe and leave", "[proxy]") {
    Hub hub;
    CHECK(hub.set(1, {}) == News{changed(1)});
    hub.core.forget(client(1));
    CHECK(hub.core.is_empty());
}

TEST_CASE("listen core: what is wanted is in force as a whole or not at all", "[proxy]") {
    Hub hub;
    hub.settle(1, {"a"});
    hub.settle(2, {"b"});
    CHECK(hub.set(1, {"a", "b", "c"}).empty());
    CHECK(hub.hear("a") == Slots{1});
    CHECK(hub.hear("b") == Slots{2});
    CHECK(hub.core.next_query() == R"(LISTEN "c")");
    SECTION("as a whole") {
        CHECK(hub.succeed() == News{changed(1)});
        CHECK(hub.hear("b") == Slots{1, 2});
    }
    SECTION("not at all") {
        CHECK(hub.fail() == News{failed(1)});
        CHECK(hub.hear("a") == Slots{1});
        CHECK(hub.hear("b") == Slots{2});
        CHECK(hub.hear("c") == Slots{});
        CHECK(hub.core.next_query().empty());
    }
}

TEST_CASE("listen core: one bad name fails its own client only", "[proxy]") {
    Hub hub;
    hub.set(1, {"bad"});
    hub.set(2, {"good"});
    CHECK(hub.core.next_query() == R"(LISTEN "bad"; LISTEN "good")");
    CHECK(hub.fail().empty());
    CHECK(hub.core.next_query() == R"(LISTEN "bad")");
    CHECK(hub.fail() == News{failed(1)});
    CHECK(hub.core.next_query() == R"(LISTEN "good")");
    CHECK(hub.succeed() == News{changed(2)});
    CHECK(hub.core.next_query().empty());
}

TEST_CASE("listen core: a server that will not stop listening is of no use", "[proxy]") {
    Hub hub;
    SECTION("to one channel") {
        hub.settle(1, {"a", "b"});
        hub.set(1, {"a"});
        CHECK(hub.core.next_query() == R"(UNLISTEN "b")");
        CHECK(hub.fail(false).empty());
        CHECK(hub.lose() == News{lost(1)});
    }
    SECTION("at all") {
        hub.settle(1, {"a", "b"});
        hub.set(1, {});
        CHECK(hub.core.next_query() == "UNLISTEN *");
        CHECK(hub.fail(false).empty());
        CHECK(hub.lose().empty());
    }
    CHECK(hub.core.is_empty());
}

TEST_CASE("listen core: minds may change while the server is asked", "[proxy]") {
    Hub hub;
    SECTION("given up before it was confirmed") {
        hub.set(1, {"a"});
        CHECK(hub.core.next_query() == R"(LISTEN "a")");
        CHECK(hub.set(1, {}) == News{changed(1), changed(1)});
        CHECK(hub.succeed().empty());
        CHECK(hub.core.next_query() == "UNLISTEN *");
    }
    SECTION("wanted again while it is given up") {
        hub.settle(1, {"a"});
        hub.set(1, {});
        CHECK(hub.core.next_query() == "UNLISTEN *");
        CHECK(hub.set(2, {"a"}).empty());
        CHECK(hub.succeed().empty());
        CHECK(hub.hear("a") == Slots{});
        CHECK(hub.core.next_query() == R"(LISTEN "a")");
        CHECK(hub.succeed() == News{changed(2)});
    }
    SECTION("wanted again while giving it up fails beside another") {
        hub.settle(1, {"a", "b", "z"});
        hub.set(1, {"z"});
        CHECK(hub.core.next_query() == R"(UNLISTEN "a"; UNLISTEN "b")");
        CHECK(hub.set(2, {"a"}).empty());
        CHECK(hub.fail() == News{changed(2)});
        CHECK(hub.core.next_query() == R"(UNLISTEN "b")");
        CHECK(hub.succeed().empty());
        CHECK(hub.hear("a") == Slots{2});
    }
    SECTION("gone before it was confirmed") {
        hub.set(1, {"a"});
        CHECK(hub.core.next_query() == R"(LISTEN "a")");
        hub.core.forget(client(1));
        CHECK(hub.fail().empty());
        CHECK(hub.core.is_empty());
    }
}

TEST_CASE("listen core: every call is answered, also one that another overtakes", "[proxy]") {
    Hub hub;
    hub.set(1, {"a"});
    hub.set(1, {"b"});
    CHECK(hub.core.next_query() == R"(LISTEN "b")");
    CHECK(hub.set(1, {"b", "c"}).empty());
    CHECK(hub.succeed().empty());
    CHECK(hub.core.next_query() == R"(LISTEN "c")");
    CHECK(hub.succeed() == News{changed(1), changed(1), changed(1)});
    CHECK(hub.hear("b") == Slots{1});
}

TEST_CASE("listen core: a call that wants no answer gets none, and leaves that of another alone", "[proxy]") {
    Hub hub;
    hub.settle(1, {"a", "b"});
    CHECK(hub.set(1, {"a"}, false).empty());
    CHECK(hub.hear("b") == Slots{});
    CHECK(hub.set(1, {"a", "c"}).empty());
    CHECK(hub.core.next_query() == R"(UNLISTEN "b"; LISTEN "c")");
    CHECK(hub.succeed() == News{changed(1)});
}

TEST_CASE("listen core: with the server all is lost but what was only being asked for", "[proxy]") {
    Hub hub;
    hub.settle(1, {"a"});
    hub.settle(2, {"a", "b"});
    hub.set(3, {"b", "c"});
    hub.set(1, {"a", "d"});
    hub.core.next_query();
    CHECK(hub.lose() == News{lost(1), lost(2)});
    CHECK(hub.hear("a") == Slots{});
    CHECK(hub.core.is_wanted());
    CHECK(hub.core.next_query() == R"(LISTEN "b"; LISTEN "c")");
    CHECK(hub.succeed() == News{changed(3)});
    CHECK(hub.set(1, {"b"}) == News{changed(1)});
}

TEST_CASE("listen core: those who wait are told that no server can be had", "[proxy]") {
    Hub hub;
    hub.set(1, {"a"});
    hub.set(2, {"a", "b"});
    CHECK(hub.refuse() == News{failed(1), failed(2)});
    CHECK(hub.core.is_empty());
    CHECK(hub.refuse().empty());
}

TEST_CASE("listen core: a query asks for a limited number of channels", "[proxy]") {
    Hub hub;
    Names names;
    for (std::size_t i = 0; i < proxy::max_listens_per_query + 1; ++i) names.push_back("c" + std::to_string(10000 + i));
    hub.set(1, names);
    const std::string first = hub.core.next_query();
    CHECK(static_cast<std::size_t>(std::count(first.begin(), first.end(), ';')) == proxy::max_listens_per_query - 1);
    CHECK(hub.succeed().empty());
    CHECK(hub.core.next_query() == "LISTEN \"" + names.back() + "\"");
    CHECK(hub.succeed() == News{changed(1)});
}

namespace {

// What clients and a server that does as it is told must come to. Names with an x are refused.
struct Model {
    static constexpr std::uint32_t clients = 6;
    Hub hub{};
    std::mt19937 random{20240607};
    std::set<std::string> upstream{};
    std::map<std::uint32_t, int> due{};
    std::map<std::uint32_t, std::set<std::string>> wanted{};   // of the last call
    std::string query{};

    unsigned below(unsigned limit) { return static_cast<unsigned>(random() % limit); }

    void take(const News& news) {
        for (const ListenNews& one : news) {
            const std::uint32_t slot = one.client.slot;
            if (one.kind == ListenNews::Kind::lost) {
                leave(slot);
                continue;
            }
            REQUIRE(due[slot] > 0);
            if (--due[slot] > 0) continue;
            const std::set<std::string> has = channels_of(slot);
            if (one.kind == ListenNews::Kind::changed) CHECK(has == wanted[slot]);
            wanted[slot] = has;
        }
    }

    std::set<std::string> channels_of(std::uint32_t slot) const {
        std::set<std::string> has;
        for (const std::string name : {"a", "b", "c", "x", "y"})
            if (hub.hear(name).count(slot) > 0) has.insert(name);
        return has;
    }

    void subscribe() {
        const std::uint32_t slot = below(clients);
        const Names all = {"a", "b", "c", "x", "y"};
        Names names;
        for (const std::string& name : all)
            if (below(3) == 0) names.push_back(name);
        wanted[slot] = {names.begin(), names.end()};
        ++due[slot];
        take(hub.set(slot, names));
    }

    void leave(std::uint32_t slot) {
        hub.core.forget(client(slot));
        due.erase(slot);
        wanted.erase(slot);
    }

    void ask() {
        if (query.empty()) query = hub.core.next_query();
    }

    void answer() {
        if (query.empty()) return;
        const std::string sql = std::exchange(query, {});
        const bool is_refused = sql.find("LISTEN \"x\"") != std::string::npos && sql.find("UNLISTEN \"x\"") == std::string::npos;
        if (is_refused) return take(hub.fail());
        if (sql == "UNLISTEN *") upstream.clear();
        for (std::size_t at = 0; (at = sql.find('"', at)) != std::string::npos; at += 3) {
            const std::string name = sql.substr(at + 1, 1);
            if (at >= 9 && sql.compare(at - 9, 9, "UNLISTEN ") == 0) upstream.erase(name);
            else upstream.insert(name);
        }
        take(hub.succeed());
    }

    void lose() {
        query.clear();
        upstream.clear();
        take(hub.lose());
    }

    void check() const {
        for (std::uint32_t slot = 0; slot < clients; ++slot)
            for (const std::string& name : channels_of(slot)) CHECK(upstream.count(name) == 1);
    }
};

}  // namespace

TEST_CASE("listen core: in whatever order things happen, all come to what they want", "[proxy]") {
    Model model;
    for (int round = 0; round < 300; ++round) {
        for (int step = 0; step < 40; ++step) {
            const unsigned chance = model.below(100);
            if (chance < 40) model.subscribe();
            else if (chance < 48) model.leave(model.below(Model::clients));
            else if (chance < 72) model.ask();
            else if (chance < 96) model.answer();
            else model.lose();
            model.check();
        }
        for (model.answer(), model.ask(); !model.query.empty(); model.answer(), model.ask()) {}
        std::set<std::string> all;
        for (std::uint32_t slot = 0; slot < Model::clients; ++slot) {
            CHECK(model.due[slot] == 0);
            CHECK(model.channels_of(slot) == model.wanted[slot]);
            all.insert(model.wanted[slot].begin(), model.wanted[slot].end());
        }
        CHECK(model.upstream == all);
        CHECK(model.hub.core.is_wanted() == !all.empty());
        CHECK(model.hub.core.is_empty() == all.empty());
    }
}

}  // namespace pgweir::test
