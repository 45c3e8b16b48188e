// Clients that send extended-query messages and no Sync: their servers keep the answers back, and look busy.
#include "proxy/client/relay.hpp"

#include "protocol/frontend.hpp"

namespace pgweir::proxy {
namespace {

// A client that has sent extended-query messages and goes on neither with more of them nor with a Sync may wait for
// nothing, while the server keeps the answers. Then it is asked for them, and what follows is idleness. Chosen: a
// driver sends its Sync at once.
constexpr Duration longest_unsynced = std::chrono::seconds(1);

}  // namespace

void Relay::ask_for_unsynced(ServerConnection& server, const Client& client, TimePoint now) {
    const protocol::Exchange& exchange = server.exchange;
    const bool may_wait = exchange.wants_sync() && exchange.outstanding() > 0 && !exchange.wants_copy_data();
    const bool is_cut = server.to_server.body_left > 0 || !client.held.empty();
    if (!may_wait || is_cut || server.flushed_at >= client.last_active || now - client.last_active < longest_unsynced) return;
    server.flushed_at = now;
    scratch_.clear();
    protocol::write_flush(scratch_);
    server.exchange.sent(protocol::FrontendType::flush, protocol::Origin::proxy);
    server.send(scratch_);   // when that fails, so does what is sent next
}

}  // namespace pgweir::proxy
