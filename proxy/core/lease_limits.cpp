#include "proxy/core/lease_limits.hpp"

#include <algorithm>

namespace pgweir::proxy {
namespace {

using Kind = LeaseVerdict::Kind;

bool has_struck(Duration limit, Duration lasted) { return limit > Duration::zero() && lasted >= limit; }

LeaseVerdict judge_idle(const LeaseView& view, const LeaseClock& clock, const LeaseLimits& limits, TimePoint now) {
    const Duration idle = now - std::max(clock.quiet_since(), view.last_active);
    if (has_struck(limits.idle_transaction_timeout, idle)) return {view.is_bound ? Kind::end_idle : Kind::detach, idle};
    if (!view.is_bound && has_struck(limits.idle_transaction_soft_timeout, idle)) return {Kind::soft_detach, idle};
    return {};
}

LeaseVerdict judge_running(const LeaseView& view, const LeaseClock& clock, const ReaderWatch& reader, const LeaseLimits& limits,
                           TimePoint now) {
    // A statement of which the server has not got everything does not run yet, except that COPY wants more and more.
    const bool runs = !view.is_sending || view.is_copying;
    const Duration running = now - clock.statement_since();
    if (runs && has_struck(limits.query_timeout, running)) return {Kind::cancel_statement, running};
    const Duration behind = now - reader.since();
    if (view.is_unread && reader.is_behind() && has_struck(limits.slow_reader_timeout, behind)) return {Kind::cancel_slow_reader, behind};
    return {};
}

}  // namespace

void LeaseClock::begun(TimePoint now, bool begins_transaction) {
    statement_since_ = working_since_ = now;
    is_working_ = true;
    if (!begins_transaction) return;
    transaction_since_ = now;
    is_struck_ = false;
}

std::optional<Duration> LeaseClock::answered(TimePoint now) {
    quiet_since_ = now;
    if (!is_working_) return std::nullopt;
    is_working_ = false;
    return now - working_since_;
}

void ReaderWatch::paused(std::int64_t taken, std::size_t backlog, TimePoint now) {
    if (is_behind_ && taken - taken_ < static_cast<std::int64_t>(backlog)) return;
    is_behind_ = true;
    since_ = now;
    taken_ = taken;
}

LeaseVerdict judge(const LeaseView& view, const LeaseClock& clock, const ReaderWatch& reader, const LeaseLimits& limits, TimePoint now) {
    const bool is_kept_only = !view.in_transaction && !view.is_running;
    if (is_kept_only) return {};
    const Duration age = now - clock.transaction_since();
    if (!clock.is_struck() && has_struck(limits.transaction_timeout, age)) {
        if (view.is_sending && view.is_running) return {Kind::end_old, age};
        if (view.is_running) return {Kind::cancel_old, age};
        return {view.is_bound ? Kind::end_old : Kind::detach_old, age};
    }
    return view.is_running ? judge_running(view, clock, reader, limits, now) : judge_idle(view, clock, limits, now);
}

}  // namespace pgweir::proxy
