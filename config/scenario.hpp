// What `pgweir simulate` is to play: flows of lambdas, what the upstream grants when, and
// the limits to be tried. Plain values with their defaults; ranges and the sentence for each
// key stand in scenario_schema.cpp.
#pragma once

#include "config/load.hpp"
#include "config/options.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

// How a time of a flow is spread around its mean.
enum class Distribution { constant, exponential };

enum class Backoff { none, constant, exponential };

// How long a lambda stays connected.
enum class ConnectionUse {
    kept,             // for its life: a pool or a global of the process
    per_invocation,   // NullPool, a connection in each handler
};


struct RetryOptions {
    int attempts = 5;   // of one transaction, in all
    Backoff backoff = Backoff::exponential;
    std::chrono::milliseconds base{100};
    bool honours_hint = true;   // waits at least for the refusal's retry_after
};

struct FreezeOptions {
    double share = 0;   // of the transactions
    std::chrono::milliseconds duration = std::chrono::seconds(30);   // `for` in the file
    bool in_transaction = true;   // else behind it, without a server
};

struct FlowOptions {
    std::string name;
    std::string user = "lambda";
    std::string application_name;
    Priority priority = Priority::normal;
    int weight = 1;
    int lambdas = 100;             // most at once
    int arrivals_per_second = 0;   // 0: each lambda begins again when it has thought
    std::chrono::milliseconds from{0};
    std::chrono::milliseconds until{0};   // 0: the end
    Distribution distribution = Distribution::exponential;   // of all times below
    std::chrono::milliseconds cold_start{300};
    int transactions = 1;   // of one invocation
    std::chrono::milliseconds transaction_time{5};
    std::chrono::milliseconds think_time{20};
    ConnectionUse connection = ConnectionUse::kept;
    std::chrono::milliseconds timeout{0};   // of one invocation; 0: none
    FreezeOptions freeze;
    RetryOptions retry;
};

struct CeilingChange {
    std::chrono::milliseconds at{0};
    int to = 1;
};

struct Outage {
    std::chrono::milliseconds from{0};
    std::chrono::milliseconds duration{0};   // `for` in the file
};

struct UpstreamOptions {
    std::chrono::milliseconds login_time{50};
    int ceiling = 0;              // most connections that it grants; 0: as many as are asked for
    bool tells_ceiling = false;   // a refusal for lack of capacity names the ceiling
    std::vector<CeilingChange> ceiling_changes;   // in the order of time
    std::vector<Outage> outages;                  // in the order of time, apart from each other
};

struct Scenario {
    int seed = 1;
    std::chrono::milliseconds duration = std::chrono::seconds(60);
    std::chrono::milliseconds interval = std::chrono::seconds(1);   // between two rows of the CSV
    ClientLimits limits;
    DatabaseOptions pool;   // limits, timeouts and breaker, as every database would inherit them
    UpstreamOptions upstream;
    std::vector<FlowOptions> flows;   // in the order of the file
};

struct ScenarioResult {
    std::shared_ptr<const Scenario> scenario;   // null when there are problems
    std::vector<Diagnostic> problems;           // in the order of the file
};

ScenarioResult load_scenario_text(std::string_view text, const std::string& file_name, const Surroundings& surroundings);
ScenarioResult load_scenario(const std::string& path, const Surroundings& surroundings);

}  // namespace pgweir::config
