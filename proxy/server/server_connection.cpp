#include "proxy/server/server_connection.hpp"

namespace pgweir::proxy {

void ServerConnection::open(LoggedInServer login, std::shared_ptr<const BaselineSettings> its_baseline) {
    handle = std::move(login.handle);
    stream = std::move(login.stream);
    peer = std::move(login.peer);
    baseline = std::move(its_baseline);
    set = nullptr;
    out.clear();
    tail.clear();
    from_server = {};
    to_server = {};
    exchange = {};
    may_read = false;
    duty = ServerDuty::none;
    lessee = nullptr;
    cancels_in_flight = 0;
    was_cancelled = is_pinned = needs_reset = false;
    last_words.clear();
    applied.clear();
}

void ServerConnection::move_to(net::Readiness& other) {
    if (set == &other) return;
    leave_set();
    other.add(stream.descriptor(), *this);
    set = &other;
}

void ServerConnection::leave_set() {
    if (set != nullptr) set->remove(stream.descriptor());
    set = nullptr;
}

bool ServerConnection::is_quiet() const {
    return exchange.is_idle() && tail.empty() && out.empty() && to_server.body_left == 0 && from_server.body_left == 0 &&
           !stream.has_pending();
}

}  // namespace pgweir::proxy
