#include "metrics/exporter.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace pgweir::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

template <class T>
double number(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
        return static_cast<double>(value);
    } else {
        return static_cast<double>(value.value());
    }
}

// What a scope's member shows: a number for each word of its row, or a single one.
template <class T>
std::vector<double> numbers(const T& value) {
    return {number(value)};
}

template <class T, std::size_t N>
std::vector<double> numbers(const std::array<T, N>& values) {
    std::vector<double> result;
    for (const T& value : values) {
        result.push_back(number(value));
    }
    return result;
}

std::vector<double> numbers(BreakerState state) {
    std::vector<double> result(breaker_state_words.size(), 0.0);
    result[static_cast<std::size_t>(state)] = 1.0;
    return result;
}

ClientMetric make_metric(MetricType type, double value, const Labels& labels) {
    ClientMetric metric;
    metric.label = labels;
    (type == MetricType::counter ? metric.counter.value : metric.gauge.value) = value;
    return metric;
}

// Adds what the scopes show together, in one series or in one for each word.
template <class Scope, class RowType, class Value>
void add_series(MetricFamily& family, const RowType& row, Value Scope::*member, const std::vector<const Scope*>& scopes,
                const Labels& labels) {
    std::vector<double> sums(row.words.empty() ? 1 : row.words.size(), 0.0);
    for (const Scope* scope : scopes) {
        const std::vector<double> values = numbers(scope->*member);
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] += values[i];
        }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        Labels all = labels;
        if (!row.words.empty()) {
            all.push_back({row.label, row.words[i]});
        }
        family.metric.push_back(make_metric(row.type, sums[i], all));
    }
}

template <class Scope, class RowType>
void add_series(MetricFamily& family, const RowType&, Histogram<16> Scope::*member,
                const std::vector<const Scope*>& scopes, const Labels& labels) {
    ClientMetric metric;
    metric.label = labels;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < Histogram<16>::bucket_count; ++i) {
        for (const Scope* scope : scopes) {
            count += (scope->*member).bucket(i);
        }
        if (i < time_bounds.size()) {
            metric.histogram.bucket.push_back({count, time_bounds[i]});
        }
    }
    for (const Scope* scope : scopes) {
        metric.histogram.sample_sum += (scope->*member).sum();
    }
    metric.histogram.sample_count = count;
    family.metric.push_back(std::move(metric));
}

MetricFamily& find_or_add(Families& families, MetricFamily family) {
    for (MetricFamily& existing : families) {
        if (existing.name == family.name) {
            return existing;
        }
    }
    return families.emplace_back(std::move(family));
}

template <class RowType>
MetricFamily make_family(const RowType& row, const std::string& prefix) {
    MetricFamily family;
    family.name = prefix + row.name;
    family.help = row.help;
    switch (row.type) {
        case MetricType::counter:
            family.name += "_total";
            family.type = prometheus::MetricType::Counter;
            break;
        case MetricType::gauge:
            family.type = prometheus::MetricType::Gauge;
            break;
        case MetricType::histogram:
            family.type = prometheus::MetricType::Histogram;
            break;
    }
    return family;
}

// The scopes of one set of labels; they are shown as their sum.
template <class Scope>
struct Group {
    Labels labels;
    std::vector<const Scope*> scopes;
};

template <class Rows, class Scope>
void add_families(Families& families, const Rows& rows, const std::string& prefix,
                  const std::vector<Group<Scope>>& groups) {
    for (const auto& row : rows) {
        MetricFamily& family = find_or_add(families, make_family(row, prefix));
        for (const Group<Scope>& group : groups) {
            std::visit([&](auto member) { add_series(family, row, member, group.scopes, group.labels); }, row.member);
        }
    }
}

template <class Subject>
using Subjects = std::vector<std::pair<Labels, const Subject*>>;

template <class Rows, class Subject>
void add_pgbouncer_families(Families& families, const Rows& rows, const std::string& prefix,
                            const Subjects<Subject>& subjects) {
    for (const auto& row : rows) {
        MetricFamily& family = families.emplace_back(make_family(row, prefix));
        for (const auto& [labels, subject] : subjects) {
            family.metric.push_back(make_metric(row.type, row.value(*subject), labels));
        }
    }
}

DaemonCounts count(const Snapshot& snapshot) {
    DaemonCounts counts{.users = snapshot.users,
                        .pools = snapshot.pools.size(),
                        .max_client_conn = snapshot.daemon.max_client_conn};
    for (const PoolSnapshot& pool : snapshot.pools) {
        counts.databases += pool.is_configured ? 1U : 0U;
        const std::uint64_t servers = pool_servers(pool);
        counts.servers += servers;
        counts.free_servers += pool.state.pool_size - std::min(servers, pool.state.pool_size);
    }
    std::int64_t logging_in = 0;
    for (const LoginCells* cells : snapshot.logins) {
        logging_in += cells->logging_in.value();
    }
    // Read one after another, so that neither difference may be taken for granted.
    const std::uint64_t inside = snapshot.daemon.clients_inside;
    counts.logging_in = std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(logging_in, 0)), inside);
    counts.logged_in = inside - counts.logging_in;
    counts.free_clients = counts.max_client_conn - std::min(inside, counts.max_client_conn);
    return counts;
}

void add_pgbouncer_set(Families& families, const Snapshot& snapshot) {
    Subjects<PoolSnapshot> pools;
    Subjects<PoolSnapshot> stats;
    Subjects<PoolSnapshot> databases;
    for (const PoolSnapshot& pool : snapshot.pools) {
        pools.push_back({{{"database", pool.database}, {"user", pool.upstream.user}}, &pool});
        stats.push_back({{{"database", pool.database}}, &pool});
        databases.push_back({{{"name", pool.database},
                              {"host", pool.upstream.host},
                              {"port", pool.upstream.port},
                              {"database", pool.upstream.database},
                              {"force_user", pool.upstream.user},
                              {"pool_mode", pool.pool_mode}},
                             &pool});
    }
    const DaemonCounts counts = count(snapshot);
    add_pgbouncer_families(families, pgbouncer_daemon_rows, "pgbouncer_", Subjects<DaemonCounts>{{{}, &counts}});
    add_pgbouncer_families(families, pgbouncer_pool_rows, "pgbouncer_pools_", pools);
    add_pgbouncer_families(families, pgbouncer_stats_rows, "pgbouncer_stats_", stats);
    add_pgbouncer_families(families, pgbouncer_database_rows, "pgbouncer_databases_", databases);
}

MetricFamily info(const std::string& name, const std::string& version) {
    MetricFamily family;
    family.name = name;
    family.help = version_help;
    family.type = prometheus::MetricType::Gauge;
    family.metric.push_back(make_metric(MetricType::gauge, 1, {{"version", version}}));
    return family;
}

}   // namespace

std::string expose(const Snapshot& snapshot) {
    const std::string prefix = "pgweir_";
    std::vector<Group<PoolState>> pools;
    std::vector<Group<RelayCells>> relays;
    for (const PoolSnapshot& pool : snapshot.pools) {
        pools.push_back({{{"database", pool.database}}, {&pool.state}});
        relays.push_back({{{"database", pool.database}}, pool.relays});
    }

    Families families;
    families.push_back(info("pgweir_build_info", snapshot.version));
    add_families(families, daemon_rows, prefix, std::vector<Group<DaemonState>>{{{}, {&snapshot.daemon}}});
    add_families(families, login_rows, prefix, std::vector<Group<LoginCells>>{{{}, snapshot.logins}});
    add_families(families, pool_rows, prefix, pools);
    add_families(families, relay_rows, prefix, relays);
    add_families(families, process_rows, "process_", std::vector<Group<ProcessState>>{{{}, {&snapshot.process}}});
    families.push_back(info("pgbouncer_version_info", "pgweir " + snapshot.version));
    add_pgbouncer_set(families, snapshot);
    return prometheus::TextSerializer().Serialize(families);
}

}   // namespace pgweir::metrics
