#include "config/scenario_schema.hpp"

#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

namespace pgweir::config {

namespace {

// Units of durations, in milliseconds.
constexpr std::int64_t second = 1000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

template <class T>
struct Row {
    Facts facts;
    Slot (*slot)(T& object);
};

// A key with its range and sentence.
constexpr Facts number(std::string_view key, std::int64_t min, std::int64_t max, std::string_view meaning,
                       std::string_view word = {}) {
    return Facts{.key = key, .min = min, .max = max, .meaning = meaning, .word = word};
}

constexpr Facts word(std::string_view key, std::string_view meaning) {
    return Facts{.key = key, .meaning = meaning};
}

constexpr auto scenario_rows = std::to_array<Row<Scenario>>({
    {number("seed", 0, std::numeric_limits<int>::max(), "Whence all chance comes: the same seed gives the same output."),
     [](Scenario& it) -> Slot { return &it.seed; }},
    {number("duration", second, day, "How much time is played."), [](Scenario& it) -> Slot { return &it.duration; }},
    {number("interval", 100, hour, "Time between two rows of the CSV."),
     [](Scenario& it) -> Slot { return &it.interval; }},
});

constexpr auto upstream_rows = std::to_array<Row<UpstreamOptions>>({
    {number("login_time", 1, 10 * minute, "How long a server's login takes."),
     [](UpstreamOptions& it) -> Slot { return &it.login_time; }},
    {number("ceiling", 1, 10'000, "Most connections that the upstream grants; further logins are refused for lack of capacity.",
            "none"),
     [](UpstreamOptions& it) -> Slot { return &it.ceiling; }},
    {word("tells_ceiling", "Whether such a refusal names the ceiling, as newer Supavisors do."),
     [](UpstreamOptions& it) -> Slot { return &it.tells_ceiling; }},
});

constexpr auto change_rows = std::to_array<Row<CeilingChange>>({
    {number("at", 0, day, "When the ceiling moves."), [](CeilingChange& it) -> Slot { return &it.at; }},
    {number("to", 1, 10'000, "The ceiling from then on; connections that exist stay."),
     [](CeilingChange& it) -> Slot { return &it.to; }},
});

constexpr auto outage_rows = std::to_array<Row<Outage>>({
    {number("from", 0, day, "When every connection dies and logins begin to fail."),
     [](Outage& it) -> Slot { return &it.from; }},
    {number("for", 1, day, "How long logins fail."), [](Outage& it) -> Slot { return &it.duration; }},
});

constexpr auto flow_rows = std::to_array<Row<FlowOptions>>({
    {word("user", "Whom the lambdas log in as; counts against max_user_client_connections."),
     [](FlowOptions& it) -> Slot { return &it.user; }},
    {word("application_name", "What they say they are; the flow's name when left out."),
     [](FlowOptions& it) -> Slot { return &it.application_name; }},
    {word("priority", "The user's priority in the queue."), [](FlowOptions& it) -> Slot { return &it.priority; }},
    {number("weight", 1, 1000, "The flow's share in the queue, beside the others' weights."),
     [](FlowOptions& it) -> Slot { return &it.weight; }},
    {number("lambdas", 1, 100'000, "Most lambdas at once."), [](FlowOptions& it) -> Slot { return &it.lambdas; }},
    {number("arrivals_per_second", 0, 1'000'000,
            "Invocations that arrive, whether or not the last are done; 0: each lambda begins again after think_time."),
     [](FlowOptions& it) -> Slot { return &it.arrivals_per_second; }},
    {number("from", 0, day, "When the flow begins."), [](FlowOptions& it) -> Slot { return &it.from; }},
    {number("until", 0, day, "When nothing new begins any more; 0s for the end."),
     [](FlowOptions& it) -> Slot { return &it.until; }},
    {word("distribution", "How arrivals and the times below are spread around their mean."),
     [](FlowOptions& it) -> Slot { return &it.distribution; }},
    {number("cold_start", 0, hour, "What a new lambda needs before it connects."),
     [](FlowOptions& it) -> Slot { return &it.cold_start; }},
    {number("transactions", 1, 10'000, "Transactions of one invocation."),
     [](FlowOptions& it) -> Slot { return &it.transactions; }},
    {number("transaction_time", 1, hour, "How long a transaction holds its server."),
     [](FlowOptions& it) -> Slot { return &it.transaction_time; }},
    {number("think_time", 0, hour, "What lies between two transactions of a lambda."),
     [](FlowOptions& it) -> Slot { return &it.think_time; }},
    {word("connection", "Whether a lambda keeps its connection, or makes one for each invocation."),
     [](FlowOptions& it) -> Slot { return &it.connection; }},
    {number("timeout", 0, day, "After this time the platform ends an invocation and its lambda; 0s for never."),
     [](FlowOptions& it) -> Slot { return &it.timeout; }},
});

constexpr auto freeze_rows = std::to_array<Row<FreezeOptions>>({
    {number("share", 0, 100, "Share of the transactions in which the platform freezes the lambda."),
     [](FreezeOptions& it) -> Slot { return &it.share; }},
    {number("for", 1, day, "How long it stays frozen."), [](FreezeOptions& it) -> Slot { return &it.duration; }},
    {word("in_transaction", "Frozen in the middle of the transaction, holding its server; false: just behind it."),
     [](FreezeOptions& it) -> Slot { return &it.in_transaction; }},
});

constexpr auto retry_rows = std::to_array<Row<RetryOptions>>({
    {number("attempts", 1, 1000, "Attempts at one transaction in all, its login included; then the invocation is given up."),
     [](RetryOptions& it) -> Slot { return &it.attempts; }},
    {word("backoff", "How the pause grows: none, always base, or base doubled each time up to 20s, half to one and a half of it."),
     [](RetryOptions& it) -> Slot { return &it.backoff; }},
    {number("base", 1, hour, "The first pause."), [](RetryOptions& it) -> Slot { return &it.base; }},
    {word("honours_hint", "Waits at least retry_after of the refusal, and a random part of the same length."),
     [](RetryOptions& it) -> Slot { return &it.honours_hint; }},
});

template <class T, std::size_t Size>
Section section_of(std::string_view key, const std::array<Row<T>, Size>& rows, T& object) {
    Section section;
    section.key = key;
    for (const Row<T>& row : rows) {
        section.options.push_back(Option{&row.facts, row.slot(object)});
    }
    return section;
}

// What pgweir.yaml says about a listener, HTTP or the log has no meaning here.
bool concerns_a_pool(const Section& section) {
    constexpr std::array<std::string_view, 4> keys = {"limits", "timeouts", "breaker", "queue"};
    return std::find(keys.begin(), keys.end(), section.key) != keys.end();
}

void add_table(std::string& out, std::string_view title, const Section& section, std::string_view path) {
    fmt::format_to(std::back_inserter(out), "\n### {}\n\n| key | default | allowed | meaning |\n|---|---|---|---|\n", title);
    for (const NamedOption& named : flatten(section, path)) {
        const std::string value = print(named.option);
        fmt::format_to(std::back_inserter(out), "| `{}` | `{}` | {} | {} |\n", named.path, value.empty() ? "\"\"" : value,
                       allowed_text(named.option), named.option.facts->meaning);
    }
}

}  // namespace

Section scenario_section(Scenario& scenario, Config& daemon) {
    Section section = section_of("", scenario_rows, scenario);
    for (Section& inner : file_section(daemon, scenario.pool).sections) {
        if (concerns_a_pool(inner)) {
            section.sections.push_back(std::move(inner));
        }
    }
    return section;
}

Section upstream_section(UpstreamOptions& upstream) {
    return section_of("", upstream_rows, upstream);
}

Section flow_section(FlowOptions& flow) {
    Section section = section_of("", flow_rows, flow);
    section.sections.push_back(section_of("freeze", freeze_rows, flow.freeze));
    section.sections.push_back(section_of("retry", retry_rows, flow.retry));
    return section;
}

Section ceiling_change_section(CeilingChange& change) {
    return section_of("", change_rows, change);
}

Section outage_section(Outage& outage) {
    return section_of("", outage_rows, outage);
}

std::string scenario_reference() {
    Scenario scenario;
    FlowOptions flow;
    CeilingChange change;
    Outage outage;
    std::string out = "`limits`, `timeouts` and `breaker` are those of pgweir.yaml.\n";
    add_table(out, "The scenario", section_of("", scenario_rows, scenario), "");
    add_table(out, "`upstream`", upstream_section(scenario.upstream), "");
    add_table(out, "`upstream.ceiling_changes`, a list", ceiling_change_section(change), "");
    add_table(out, "`upstream.outages`, a list", outage_section(outage), "");
    add_table(out, "`flows.<name>`", flow_section(flow), "");
    return out;
}

}  // namespace pgweir::config
