// Which users of a pool ask for currval or lastval: what advances a sequence in their sessions
// keeps the server, so that the answer is to be had. Of a user nothing is known at first, so that
// is done for everybody a few times. At most as many users as are configured. Any thread may use it.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace pgweir::proxy {

enum class SequenceUse : std::uint8_t {
    unsure,   // has not asked yet
    never,    // has advanced sequences often without asking
    asks,
};

// How often the users of one name may advance a sequence without asking for its value before we
// believe that they never will. Each time a server is kept for a moment. Chosen.
constexpr int max_idle_advances = 20;

class SequenceUsers {
public:
    SequenceUse of(const std::string& user) const {
        const std::lock_guard lock(mutex_);
        const auto found = users_.find(user);
        return found == users_.end() ? SequenceUse::unsure : found->second.use;
    }
    void asks(const std::string& user) {
        const std::lock_guard lock(mutex_);
        users_[user].use = SequenceUse::asks;
    }
    // One of them has advanced a sequence. Returns what is believed from now on.
    SequenceUse advances(const std::string& user) {
        const std::lock_guard lock(mutex_);
        User& known = users_[user];
        if (known.use == SequenceUse::unsure && ++known.idle_advances > max_idle_advances) known.use = SequenceUse::never;
        return known.use;
    }

private:
    struct User {
        SequenceUse use = SequenceUse::unsure;
        int idle_advances = 0;
    };

    mutable std::mutex mutex_;
    std::map<std::string, User> users_;
};

}  // namespace pgweir::proxy
