#include "proxy/admin/status.hpp"

#include "proxy/admin/shows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace pgweir::proxy {
namespace {

namespace json = boost::json;

std::int64_t milliseconds_of(Duration duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(); }

json::object describe_briefly(const PoolShot& pool) {
    const PoolFacts& facts = pool.facts;
    return json::object{{"name", pool.database},
                        {"in_use", facts.in_use},
                        {"pool_size", facts.pool_size},
                        {"effective_size", facts.effective_size},
                        {"usage", facts.usage},
                        {"warn_above", facts.warning_share},
                        {"waiting", facts.waiting},
                        {"breaker", token(facts.breaker)},
                        {"upstream_breaker", metrics::breaker_state_words[static_cast<std::size_t>(facts.upstream)]},
                        {"paused", facts.is_paused},
                        {"disabled", pool.is_disabled}};
}

// Every server that there may be, by what it does just now.
json::object squares(const PoolShot& pool) {
    const auto count = [&pool](ServerState state) { return pool.facts.servers.at(static_cast<std::size_t>(state)); };
    const int leased = count(ServerState::leased);
    const int pinned = std::min(pool.facts.pinned, leased);
    const int idle = count(ServerState::idle);
    const int tidying = count(ServerState::connecting) + count(ServerState::recovering) + count(ServerState::inspecting) +
                        count(ServerState::closing);
    const int absent = std::max(pool.facts.effective_size - leased - idle - tidying, 0);
    return json::object{{"active", leased - pinned}, {"pinned", pinned}, {"tidying", tidying}, {"idle", idle}, {"absent", absent}};
}

json::value value_of(const Cell& cell) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return *number;
    if (const auto* text = std::get_if<std::string>(&cell)) return json::string(*text);
    return nullptr;
}

// A SHOW's rows as objects with the names of its columns.
json::array rows_of(std::string_view word, const ConsoleSnapshot& snapshot) {
    const ShowRow& show = *find_show(word);
    json::array rows;
    for (const Row& row : show.rows(snapshot)) {
        json::object object;
        for (std::size_t i = 0; i < row.size(); ++i) object[show.columns[i].name] = value_of(row[i]);
        rows.push_back(std::move(object));
    }
    return rows;
}

json::object refusals(const PoolFacts& facts) {
    json::object object;
    for (std::size_t reason = 0; reason < facts.refusals.size(); ++reason)
        object[token(static_cast<RefusalReason>(reason))] = facts.refusals[reason];
    return object;
}

json::object describe_whole(const PoolShot& pool, const ConsoleSnapshot& snapshot, const UsageHistory& history) {
    ConsoleSnapshot alone;
    alone.config = snapshot.config;
    alone.pools = {pool};
    for (const ClientView& client : snapshot.clients)
        if (client.database == pool.database) alone.clients.push_back(client);

    json::object object = describe_briefly(pool);
    object["words"] = explain(pool);
    object["breaker_enabled"] = pool.options && pool.options->breaker.open_above.has_value();
    object["clients"] = pool.clients.all();
    object["longest_wait_ms"] = milliseconds_of(pool.facts.longest_wait);
    object["pinned"] = pool.facts.pinned;
    object["max_pinned"] = pool.facts.max_pinned;
    object["squares"] = squares(pool);
    object["refusals"] = refusals(pool.facts);
    object["holders"] = rows_of("HOLDERS", alone);
    object["flows"] = rows_of("FLOWS", alone);
    const UsageHistory::Shares& shares = history.of(pool.database);
    object["history"] = json::array(shares.begin(), shares.end());
    object["history_length"] = UsageHistory::length;
    object["history_step_ms"] = UsageHistory::step.count();
    return object;
}

// The newest first.
json::array events(const ConsoleSnapshot& snapshot) {
    constexpr std::size_t most = 50;
    json::array array;
    for (auto line = snapshot.events.rbegin(); line != snapshot.events.rend() && array.size() < most; ++line)
        array.push_back(json::object{
            {"at_ms", std::chrono::duration_cast<std::chrono::milliseconds>(line->at.time_since_epoch()).count()},
            {"level", line->level},
            {"event", line->event},
            {"text", line->text},
            {"count", line->count}});
    return array;
}

const PoolShot* choose(const std::vector<PoolShot>& pools, std::string_view chosen) {
    const auto found = std::find_if(pools.begin(), pools.end(), [chosen](const PoolShot& pool) { return pool.database == chosen; });
    if (found != pools.end()) return &*found;
    const auto fullest = std::max_element(pools.begin(), pools.end(),
                                          [](const PoolShot& a, const PoolShot& b) { return a.facts.usage < b.facts.usage; });
    return fullest == pools.end() ? nullptr : &*fullest;
}

}  // namespace

std::string describe_status(const StatusFacts& facts, const UsageHistory& history, std::string_view chosen) {
    const ConsoleSnapshot& snapshot = facts.snapshot;
    json::object status{{"version", snapshot.version},
                        {"uptime_ms", facts.uptime.count()},
                        {"config_generation", facts.config_generation},
                        {"draining", snapshot.is_draining},
                        {"clients", snapshot.clients_inside},
                        {"max_client_conn", snapshot.config->limits.max_client_conn}};
    json::array& pools = status["pools"].emplace_array();
    for (const PoolShot& pool : snapshot.pools) pools.push_back(describe_briefly(pool));
    const PoolShot* const whole = choose(snapshot.pools, chosen);
    status["pool"] = whole == nullptr ? json::value() : describe_whole(*whole, snapshot, history);
    status["events"] = events(snapshot);
    return json::serialize(status);
}

}  // namespace pgweir::proxy
