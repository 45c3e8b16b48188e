// The users of a pool who have asked for currval or lastval: what advances a sequence in
// their sessions keeps the server, so that the answer is to be had. At most as many as are
// configured. Any thread may use it.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace pgweir::proxy {

class SequenceUsers {
public:
    bool holds(const std::string& user) const {
        const std::lock_guard lock(mutex_);
        return users_.contains(user);
    }
    void add(const std::string& user) {
        const std::lock_guard lock(mutex_);
        users_.insert(user);
    }

private:
    mutable std::mutex mutex_;
    std::set<std::string> users_;
};

}  // namespace pgweir::proxy
