#include "proxy/client/client_errors.hpp"

#include "protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <random>

namespace pgweir::proxy {

namespace {

namespace sqlstate = protocol::sqlstate;

// In messages stand {pool}, {in_use}, {size}, {percent}, {pinned}, {max_pinned}, {waited}
// and {upstream}, which is empty or a colon and the database's words.
struct Row {
    RefusalReason reason;
    std::string_view sqlstate;
    std::string_view message;
    std::string_view hint;
};

constexpr std::array rows{
    Row{RefusalReason::max_client_conn, sqlstate::too_many_connections,
        "too many clients are connected to pgweir",
        "Close connections that are not needed, or raise limits.max_client_conn."},
    Row{RefusalReason::max_user_client_connections, sqlstate::too_many_connections,
        "too many clients are connected to pgweir as this user",
        "Close connections that are not needed, or raise limits.max_user_client_connections."},
    Row{RefusalReason::breaker_open, sqlstate::too_many_connections,
        "pool \"{pool}\" is at {in_use} of {size} connections ({percent:.0f}%), refusing new logins",
        "Retry after the time given in DETAIL; clients that are connected already go on."},
    Row{RefusalReason::queue_full, sqlstate::too_many_connections,
        "pool \"{pool}\" is at {in_use} of {size} connections ({percent:.0f}%) and its queue is full",
        "Retry after the time given in DETAIL, with fewer statements at once or with shorter transactions."},
    Row{RefusalReason::queue_timeout, sqlstate::too_many_connections,
        "pool \"{pool}\": waited {waited} ms for a server connection",
        "Retry after the time given in DETAIL, with fewer statements at once or with shorter transactions."},
    Row{RefusalReason::pin_limit, sqlstate::too_many_connections,
        "pool \"{pool}\" has {pinned} of {max_pinned} pinned connections; waited {waited} ms to pin one",
        "End sessions that hold locks, temporary objects or the like, or raise limits.max_pinned."},
    Row{RefusalReason::upstream_unavailable, sqlstate::cannot_connect_now,
        "pool \"{pool}\" cannot reach its database{upstream}",
        "Retry after the time given in DETAIL; pgweir keeps trying to reach the database."},
    Row{RefusalReason::draining, sqlstate::admin_shutdown,
        "terminating connection due to administrator command",
        "pgweir is shutting down; connect again after the time given in DETAIL."},
};

// Rows stand in the enum's order, so that a reason is its row's index.
constexpr bool is_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].reason != static_cast<RefusalReason>(i)) {
            return false;
        }
    }
    return rows.back().reason == RefusalReason::draining;
}
static_assert(is_in_order());

const Row& row_of(RefusalReason reason) { return rows.at(static_cast<std::size_t>(reason)); }

double percent_in_use(const Refusal& refusal) { return refusal.size > 0 ? 100.0 * refusal.in_use / refusal.size : 0.0; }

// libpq's texts end in a newline.
std::string upstream_part(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string() : fmt::format(": {}", text.substr(0, last + 1));
}

std::string message_of(const Row& row, const Refusal& refusal) {
    return fmt::format(fmt::runtime(row.message), fmt::arg("pool", refusal.pool), fmt::arg("in_use", refusal.in_use),
                       fmt::arg("size", refusal.size), fmt::arg("percent", percent_in_use(refusal)),
                       fmt::arg("pinned", refusal.pinned), fmt::arg("max_pinned", refusal.max_pinned),
                       fmt::arg("waited", refusal.waited.count()),
                       fmt::arg("upstream", upstream_part(refusal.upstream_text)));
}

// `pool` and `usage` are left out when no pool is meant.
std::string detail_of(const Refusal& refusal, std::string_view event_id) {
    std::string detail =
        fmt::format("reason={} retry_after_ms={}", token(refusal.reason), refusal.retry_after.count());
    if (!refusal.pool.empty()) {
        detail += fmt::format(" pool={} usage={:.1f}%", refusal.pool, percent_in_use(refusal));
    }
    return detail + fmt::format(" id={}", event_id);
}

}  // namespace

void write_refusal(std::vector<std::byte>& out, Severity severity, const Refusal& refusal, std::string_view event_id) {
    const Row& row = row_of(refusal.reason);
    const std::string message = message_of(row, refusal);
    const std::string detail = detail_of(refusal, event_id);
    protocol::write_error_response(out, {
        .severity = severity == Severity::fatal ? "FATAL" : "ERROR",
        .sqlstate = row.sqlstate,
        .message = message,
        .detail = detail,
        .hint = row.hint,
    });
}

std::string make_event_id() {
    // Counting up from a random start: no two alike in one log, and ids sort by time.
    static std::atomic<std::uint32_t> next{std::random_device()()};
    return fmt::format("{:08x}", next.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace pgweir::proxy
