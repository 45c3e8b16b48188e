#include "proxy/core/refusal.hpp"

namespace pgweir::proxy {

const char* token(RefusalReason reason) {
    switch (reason) {
    case RefusalReason::max_client_conn: return "max_client_conn";
    case RefusalReason::max_user_client_connections: return "max_user_client_connections";
    case RefusalReason::breaker_open: return "breaker_open";
    case RefusalReason::queue_full: return "queue_full";
    case RefusalReason::queue_timeout: return "queue_timeout";
    case RefusalReason::pin_limit: return "pin_limit";
    case RefusalReason::upstream_unavailable: return "upstream_unavailable";
    case RefusalReason::draining: return "draining";
    }
    return "unknown";
}

}  // namespace pgweir::proxy
