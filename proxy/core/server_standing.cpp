#include "proxy/core/server_standing.hpp"

#include "proxy/core/survey.hpp"

#include <algorithm>
#include <atomic>

namespace pgweir::proxy {

StandingPtr make_standing(SessionSettings settings) {
    auto standing = std::make_shared<Standing>();
    standing->environment = environment_of(settings);
    standing->settings = std::move(settings);
    return standing;
}

bool is_same(const StandingPtr& left, const StandingPtr& right) {
    return left == right || left->settings == right->settings;
}

ParseNumber next_parse_number() {
    static std::atomic<ParseNumber> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string name_of(std::uint32_t name) { return std::string(our_statement_prefix) + std::to_string(name); }

ServerStatement* ServerStatements::find(const PreparedText& text, std::uint64_t environment) {
    const auto found = places_.find(Key{&text, environment});
    if (found == places_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return &*found->second;
}

ServerStatement& ServerStatements::add(PreparedTextPtr text, std::uint64_t environment, ParseNumber number) {
    const Key key{text.get(), environment};
    by_use_.push_front(ServerStatement{std::move(text), environment, fresh_name(), number});
    places_.emplace(key, by_use_.begin());
    return by_use_.front();
}

void ServerStatements::erase(Place place, bool must_close) {
    if (must_close) stale_.push_back(place->name);
    places_.erase(Key{place->text.get(), place->environment});
    by_use_.erase(place);
}

void ServerStatements::erase(const PreparedText& text, std::uint64_t environment, bool must_close) {
    const auto found = places_.find(Key{&text, environment});
    if (found != places_.end()) erase(found->second, must_close);
}

void ServerStatements::erase_name(std::uint32_t name, bool must_close) {
    if (const ServerStatement* statement = find_name(name)) erase(*statement->text, statement->environment, must_close);
}

ServerStatement* ServerStatements::find_name(std::uint32_t name) {
    const auto found = std::find_if(by_use_.begin(), by_use_.end(), [&](const ServerStatement& one) { return one.name == name; });
    return found == by_use_.end() ? nullptr : &*found;
}

bool ServerStatements::shrink(std::size_t most) {
    if (by_use_.size() <= most) return false;
    erase(std::prev(by_use_.end()), true);
    return true;
}

void ServerStatements::clear() {
    by_use_.clear();
    places_.clear();
    stale_.clear();
}

void ServerStanding::reset() {
    static const StandingPtr nothing = make_standing({});
    settings = nothing;
    prepared.clear();
    statements.clear();
    unnamed = 0;
}

}  // namespace pgweir::proxy
