#include "proxy/client/login_report.hpp"

#include <spdlog/spdlog.h>

#include <string>

namespace pgweir::proxy {
namespace {

using metrics::LoginOutcome;

// Names come from strangers, hence `{:?}`: no control character reaches the log as such.
void log(const LoginEnd& end, const LoginFacts& facts) {
    if (end.text.empty()) return;
    const char* event = end.outcome == LoginOutcome::refused ? "login_refused" : "login_failed";
    const std::string reason = end.refusal ? std::string(" reason=") + token(*end.refusal) : std::string();
    spdlog::warn("event={}{} id={} client={} user={:?} database={:?} tls={} text={:?}", event, reason, end.event_id,
                 facts.address, facts.user, facts.database, facts.is_tls, end.text);
}

}  // namespace

void report(metrics::LoginCells& cells, const LoginFacts& facts, const LoginStep<void>& result) {
    const LoginOutcome outcome = result ? LoginOutcome::accepted : result.error().outcome;
    cells.logins.at(static_cast<std::size_t>(outcome)).add();
    if (result) {
        const auto took = std::chrono::steady_clock::now() - facts.accepted_at;
        cells.login_time.observe(std::chrono::duration<double>(took).count());
        spdlog::debug("event=login client={} user={:?} database={:?} tls={}", facts.address, facts.user, facts.database, facts.is_tls);
        return;
    }
    if (const std::optional<RefusalReason> refusal = result.error().refusal)
        cells.refusals.at(static_cast<std::size_t>(*refusal)).add();
    log(result.error(), facts);
}

}  // namespace pgweir::proxy
