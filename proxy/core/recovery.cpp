#include "proxy/core/recovery.hpp"

#include "protocol/frontend.hpp"
#include "protocol/sqlstate.hpp"

#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::Exchange;
using protocol::FrontendType;
using protocol::Origin;
using protocol::TransactionStatus;

// How often a statement of ours may be hit by a late cancel before we give up. Chosen.
constexpr int max_tries = 5;

}  // namespace

bool Recovery::wants_cancel(const Exchange& exchange) {
    return !exchange.is_complete() && !exchange.wants_copy_data();
}

void Recovery::query(Exchange& exchange, std::string_view sql, std::vector<std::byte>& out) {
    exchange.sent(FrontendType::query, Origin::proxy);
    protocol::write_query(out, sql);
}

RecoveryVerdict Recovery::advance(Exchange& exchange, bool is_quarantined, std::vector<std::byte>& out) {
    if (was_refused_ || tries_ > max_tries) return RecoveryVerdict::hopeless;
    if (exchange.wants_copy_data()) {
        exchange.sent(FrontendType::copy_fail, Origin::proxy);
        protocol::write_copy_fail(out, "client has left");
    }
    if (exchange.wants_sync() && exchange.outstanding() > 0 && !std::exchange(flush_sent_, true)) {
        exchange.sent(FrontendType::flush, Origin::proxy);
        protocol::write_flush(out);
    }
    if (exchange.wants_sync() && exchange.outstanding() == 0) {
        // Outside of a block a Sync would commit what its client has not. Behind an error nothing else is listened to.
        if (exchange.is_skipping()) {
            exchange.sent(FrontendType::sync, Origin::proxy);
            protocol::write_sync(out);
        } else {
            query(exchange, "ROLLBACK", out);
        }
    }
    if (!exchange.is_complete() || is_quarantined) return RecoveryVerdict::wait;

    if (statement_failed_) {
        ++tries_;
        reset_sent_ = false;
        proof_sent_ = false;
        statement_failed_ = false;
    } else if (proof_sent_) {
        needs_proof_ = false;
    }
    if (exchange.status() != TransactionStatus::idle) {
        if (tries_++ > max_tries) return RecoveryVerdict::hopeless;
        query(exchange, "ROLLBACK", out);
    } else if (!reset_sent_ && !reset_.empty()) {
        reset_sent_ = true;
        for (const std::string& statement : reset_) query(exchange, statement, out);
    } else if (needs_proof_ || !exchange.is_idle()) {
        query(exchange, "SELECT 1", out);
    } else {
        return RecoveryVerdict::clean;
    }
    proof_sent_ = true;
    return RecoveryVerdict::wait;
}

void Recovery::failed(std::string_view sqlstate) {
    // An error at the end of the client's own exchange, at our Sync, is none of ours.
    if (!proof_sent_) return;
    statement_failed_ = true;
    if (sqlstate != protocol::sqlstate::query_canceled) was_refused_ = true;
}

}  // namespace pgweir::proxy
