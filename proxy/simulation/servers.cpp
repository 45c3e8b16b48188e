#include "proxy/simulation/servers.hpp"

#include <cassert>

namespace pgweir::proxy {
namespace {

// From Terminate to the EOF. Chosen: a round trip within one region.
constexpr Duration closing_time = std::chrono::milliseconds(1);

// Cancel, what is still on its way, ROLLBACK. Chosen: a few such round trips.
constexpr Duration recovery_time = std::chrono::milliseconds(5);

}  // namespace

Servers::Servers(const config::UpstreamOptions& options, PoolPort& pool, EventQueue& events, TimePoint start)
    : upstream_(options), pool_(pool), events_(events), start_(start), open_(start), in_use_(start) {}

Servers::Place& Servers::place_of(ServerId server) {
    if (index_of(server) >= places_.size()) places_.resize(index_of(server) + 1);
    return places_[index_of(server)];
}

void Servers::dial(ServerId server, TimePoint now) {
    Place& place = place_of(server);
    assert(place.state == State::vacant);
    place.state = State::connecting;
    place.dialled_at = now;
    ++place.round;
    open_.add(1, now);
    events_.push(now + upstream_.login_time(), EventKind::login_ends, static_cast<std::uint32_t>(server), place.round);
}

void Servers::login_ends(const Event& event) {
    const ServerId server{event.subject};
    Place& place = place_of(server);
    assert(place.state == State::connecting && place.round == event.round);
    const UpstreamAnswer answer = upstream_.finish_login(place.dialled_at - start_, event.at - start_);
    switch (answer.outcome) {
    case UpstreamOutcome::ok: ++logins_.ok; break;
    case UpstreamOutcome::no_capacity: ++logins_.refused; break;
    case UpstreamOutcome::unreachable: ++logins_.failed; break;
    }
    place.state = answer.outcome == UpstreamOutcome::ok ? State::open : State::vacant;
    if (place.state == State::vacant) open_.add(-1, event.at);
    pool_.login_ended(server, answer, event.at);
}

void Servers::granted(ServerId server, LambdaIndex lambda, TimePoint now) {
    Place& place = place_of(server);
    assert(place.state == State::open && !place.holder);
    place.holder = lambda;
    in_use_.add(1, now);
}

void Servers::let_go(Place& place, TimePoint now) {
    if (!place.holder && place.state != State::recovering) return;
    place.holder.reset();
    in_use_.add(-1, now);
}

void Servers::release(ServerId server, TimePoint now) {
    let_go(place_of(server), now);
    pool_.release(server, now);
}

void Servers::abandon(ServerId server, TimePoint now) {
    Place& place = place_of(server);
    place.holder.reset();
    place.state = State::recovering;
    pool_.abandon(server, now);
    events_.push(now + recovery_time, EventKind::server_recovered, static_cast<std::uint32_t>(server), place.round);
}

void Servers::recovered(const Event& event) {
    Place& place = place_of(ServerId{event.subject});
    if (place.round != event.round || place.state != State::recovering) return;
    let_go(place, event.at);
    place.state = State::open;
    pool_.recovered(ServerId{event.subject}, event.at);
}

void Servers::begin_to_close(ServerId server, TimePoint now) {
    Place& place = place_of(server);
    let_go(place, now);
    place.state = State::closing;
    events_.push(now + closing_time, EventKind::server_closed, static_cast<std::uint32_t>(server), place.round);
}

void Servers::close(ServerId server, TimePoint now) {
    assert(place_of(server).state == State::open);
    begin_to_close(server, now);
}

void Servers::closed(const Event& event) {
    Place& place = place_of(ServerId{event.subject});
    assert(place.state == State::closing && place.round == event.round);
    place.state = State::vacant;
    upstream_.disconnect();
    open_.add(-1, event.at);
    pool_.closed(ServerId{event.subject}, event.at);
}

std::vector<LambdaIndex> Servers::die(TimePoint now) {
    std::vector<LambdaIndex> holders;
    for (std::uint32_t index = 0; index < places_.size(); ++index) {
        Place& place = places_[index];
        if (place.state != State::open && place.state != State::recovering) continue;
        if (place.holder) holders.push_back(*place.holder);
        ++lost_;
        begin_to_close(ServerId{index}, now);
        pool_.lost(ServerId{index}, now);
    }
    return holders;
}

}  // namespace pgweir::proxy
