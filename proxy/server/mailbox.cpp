#include "proxy/server/mailbox.hpp"

#include <iterator>
#include <utility>

namespace pgweir::proxy {
namespace {

thread_local const Mailbox* own_mailbox = nullptr;

}  // namespace

void Mailbox::adopt_thread() { own_mailbox = this; }

void Mailbox::post(Letter letter) {
    if (own_mailbox == this) {
        own_letters_.push_back(std::move(letter));
        return;
    }
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        was_empty = letters_.empty();
        letters_.push_back(std::move(letter));
        has_letters_.store(true, std::memory_order_relaxed);
    }
    if (was_empty) wake_();
}

void Mailbox::take(std::vector<Letter>& into) {
    into.clear();
    into.swap(own_letters_);
    // A letter that is missed here has sent a wake-up of its own.
    if (!has_letters_.load(std::memory_order_relaxed)) return;
    const std::lock_guard lock(mutex_);
    into.insert(into.end(), std::make_move_iterator(letters_.begin()), std::make_move_iterator(letters_.end()));
    letters_.clear();
    has_letters_.store(false, std::memory_order_relaxed);
}

}  // namespace pgweir::proxy
