#include "proxy/admin/health.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace pgweir::proxy {
namespace {

using metrics::BreakerState;
using metrics::PoolState;
namespace json = boost::json;

// A pool without any place counts as full.
double usage(const PoolState& state) {
    if (state.effective_size == 0) {
        return 1.0;
    }
    return static_cast<double>(state.in_use) / static_cast<double>(state.effective_size);
}

// Half open too: a login is under way then, and nobody is served before it has succeeded.
bool is_cut_off(const PoolState& state) {
    return state.upstream_breaker != BreakerState::closed;
}

json::value warning(const DatabaseHealth& health) {
    const PoolState& state = health.state;
    std::string text;
    if (usage(state) > health.warn_above) {
        text = fmt::format("pool \"{}\" is at {} of {} connections ({:.1f}%), above {:.0f}%", health.database,
                           state.in_use, state.effective_size, usage(state) * 100, health.warn_above * 100);
    }
    if (state.breaker == BreakerState::open) {
        text += fmt::format("{}new logins are refused", text.empty() ? "" : "; ");
    }
    if (is_cut_off(state)) {
        text += fmt::format("{}the database cannot be reached", text.empty() ? "" : "; ");
    }
    if (text.empty()) {
        return nullptr;
    }
    return json::string(text);
}

// Those reasons that there are pins for.
json::object pins(const PoolState& state) {
    json::object object;
    for (std::size_t i = 0; i < state.pins.size(); ++i) {
        if (state.pins[i] > 0) {
            object[metrics::pin_reason_words[i]] = state.pins[i];
        }
    }
    return object;
}

// The first six keys and their order are a promise to existing readers; new keys go behind them.
json::object describe(const DatabaseHealth& health) {
    const PoolState& state = health.state;
    json::object object;
    object["pool_size"] = state.pool_size;
    object["checked_out"] = state.in_use;
    object["connection_usage"] = fmt::format("{}/{}", state.in_use, state.effective_size);
    object["usage_percentage"] = fmt::format("{:.1f}%", usage(state) * 100);
    object["pool_full"] = state.in_use >= state.effective_size;
    object["warning"] = warning(health);
    object["breaker"] = metrics::word(metrics::breaker_state_words, state.breaker);
    object["effective_pool_size"] = state.effective_size;
    object["usage_window_percentage"] = fmt::format("{:.1f}%", state.usage_window * 100);
    object["waiting"] = state.waiting;
    object["pinned"] = state.pinned;
    object["database"] = health.database;
    object["pins"] = pins(state);
    object["upstream_breaker"] = metrics::word(metrics::breaker_state_words, state.upstream_breaker);
    return object;
}

// While it is not to be used: how long to stay away.
std::optional<std::chrono::milliseconds> retry_after(const DatabaseHealth& health) {
    std::optional<std::chrono::milliseconds> wait;
    if (health.state.breaker == BreakerState::open) {
        wait = health.retry_after;
    }
    if (is_cut_off(health.state)) {
        wait = std::max(wait.value_or(health.upstream_retry_after), health.upstream_retry_after);
    }
    return wait;
}

// 503 while one of these breakers is open; then waits for the slowest of them.
HealthAnswer make_answer(std::span<const DatabaseHealth> databases, const json::object& body) {
    HealthAnswer answer;
    answer.body = json::serialize(body);
    for (const DatabaseHealth& health : databases) {
        if (const auto exact = retry_after(health)) {
            const auto wait = std::max(std::chrono::ceil<std::chrono::seconds>(*exact), std::chrono::seconds(1));
            answer.status = 503;
            answer.retry_after = std::max(answer.retry_after.value_or(wait), wait);
        }
    }
    return answer;
}

}   // namespace

HealthAnswer describe_health(const std::vector<DatabaseHealth>& databases) {
    json::object body;
    const auto fullest = std::max_element(
        databases.begin(), databases.end(),
        [](const DatabaseHealth& a, const DatabaseHealth& b) { return usage(a.state) < usage(b.state); });
    if (fullest == databases.end()) {
        body["postgres"] = nullptr;
    } else {
        body["postgres"] = describe(*fullest);
    }
    if (databases.size() > 1) {
        json::object& pools = body["pools"].emplace_object();
        for (const DatabaseHealth& health : databases) {
            pools[health.database] = describe(health);
        }
    }
    return make_answer(databases, body);
}

std::optional<HealthAnswer> describe_health_of(const std::vector<DatabaseHealth>& databases, std::string_view name) {
    const auto found = std::find_if(databases.begin(), databases.end(),
                                    [name](const DatabaseHealth& health) { return health.database == name; });
    if (found == databases.end()) {
        return std::nullopt;
    }
    json::object body;
    body["postgres"] = describe(*found);
    return make_answer(std::span(&*found, 1), body);
}

}   // namespace pgweir::proxy
