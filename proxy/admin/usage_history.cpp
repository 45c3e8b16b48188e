#include "proxy/admin/usage_history.hpp"

namespace pgweir::proxy {

void UsageHistory::sample(const Sample& usage, std::chrono::steady_clock::time_point now) {
    sampled_at_ = now;
    std::erase_if(shares_, [&usage](const auto& known) { return !usage.contains(known.first); });
    for (const auto& [database, share] : usage) {
        Shares& shares = shares_[database];
        shares.push_back(static_cast<float>(share));
        if (shares.size() > length) shares.pop_front();
    }
}

const UsageHistory::Shares& UsageHistory::of(const std::string& database) const {
    static const Shares none;
    const auto found = shares_.find(database);
    return found == shares_.end() ? none : found->second;
}

}  // namespace pgweir::proxy
