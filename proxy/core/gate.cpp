#include "proxy/core/gate.hpp"

#include <cassert>
#include <utility>

namespace pgweir::proxy {

namespace {

// One more in `count`, unless that makes more than `limit`. Counts guard no other
// memory, so relaxed order is enough.
bool take_place(std::atomic<int>& count, int limit) {
    int seen = count.load(std::memory_order_relaxed);
    while (seen < limit) {
        if (count.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void give_place_back(std::atomic<int>& count) {
    [[maybe_unused]] const int before = count.fetch_sub(1, std::memory_order_relaxed);
    assert(before > 0);
}

}  // namespace

Ticket::Ticket(Ticket&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      is_reserved_(other.is_reserved_),
      user_count_(std::exchange(other.user_count_, nullptr)) {}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
    // The place held so far goes back when `old` ends.
    Ticket old(std::move(other));
    std::swap(gate_, old.gate_);
    std::swap(is_reserved_, old.is_reserved_);
    std::swap(user_count_, old.user_count_);
    return *this;
}

Ticket::~Ticket() {
    if (user_count_ != nullptr) {
        give_place_back(*user_count_);
    }
    if (gate_ != nullptr) {
        give_place_back(is_reserved_ ? gate_->reserved_inside_ : gate_->inside_);
    }
}

bool Ticket::charge(const std::string& user, int limit) {
    assert(gate_ != nullptr && user_count_ == nullptr);
    std::atomic<int>& count = gate_->count_of(user);
    if (limit == 0) {
        // Counted all the same: a limit may come with the next reload.
        count.fetch_add(1, std::memory_order_relaxed);
    } else if (!take_place(count, limit)) {
        return false;
    }
    user_count_ = &count;
    return true;
}

std::optional<Ticket> Gate::enter() {
    if (!take_place(inside_, limit())) {
        return std::nullopt;
    }
    return Ticket(*this, false);
}

std::optional<Ticket> Gate::enter_reserved(int reserved) {
    if (!take_place(reserved_inside_, reserved)) {
        return enter();
    }
    return Ticket(*this, true);
}

std::atomic<int>& Gate::count_of(const std::string& user) {
    const std::lock_guard lock(mutex_);
    return users_[user];
}

}  // namespace pgweir::proxy
