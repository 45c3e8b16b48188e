#include "proxy/server/server_connection.hpp"

#include <algorithm>

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
    may_read = has_hung_up = false;
    duty = ServerDuty::none;
    lessee = nullptr;
    cancels_in_flight = 0;
    quarantine = {};
    has_own_backend = login.has_own_backend;
    was_cancelled = needs_reset = must_close = is_detached = false;
    strike.reset();
    pinned.reset();
    last_words.clear();
    standing = ServerStanding();
    standing.reset();
    standing.reported = std::make_shared<const Welcome>(std::move(login.welcome));
    work = LeaseWork();
    ahead.clear();
    question = Question::none;
    survey.reset();
    survey_error.clear();
    survey_tries = 0;
    preparation = {};
}

void ServerConnection::note_parameter(std::string_view name, std::string_view value) {
    auto changed = std::make_shared<Welcome>(*standing.reported);
    const auto found = std::find_if(changed->parameters.begin(), changed->parameters.end(),
                                    [&](const auto& parameter) { return parameter.first == name; });
    if (found == changed->parameters.end()) changed->parameters.emplace_back(name, value);
    else found->second = value;
    standing.reported = std::move(changed);
}

void ServerConnection::cancel_ended() {
    --cancels_in_flight;
    quarantine.ended(Clock::now(), has_own_backend ? Duration::zero() : cancel_settle);
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

net::IoResult ServerConnection::read(std::span<std::byte> buffer, std::size_t& kept) {
    kept = tail.size();
    std::copy(tail.begin(), tail.end(), buffer.begin());
    tail.clear();
    const net::IoResult got = stream.read(buffer.subspan(kept));
    may_read = got.status == net::IoStatus::ok || (has_hung_up && got.size > 0);
    return got;
}

void ServerConnection::note(net::Edges edges) {
    if (edges.readable) may_read = true;
    if (edges.hung_up) has_hung_up = true;
}

bool ServerConnection::is_quiet() const {
    return exchange.is_idle() && !has_hung_up && tail.empty() && out.empty() && to_server.body_left == 0 && from_server.body_left == 0 &&
           !stream.has_pending();
}

}  // namespace pgweir::proxy
