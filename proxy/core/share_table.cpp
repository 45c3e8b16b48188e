#include "proxy/core/share_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgweir::proxy {

ShareTable::ShareTable() : entries_(1) {}

ShareId ShareTable::join(std::string_view name) {
    std::string key(name);
    if (const auto known = by_name_.find(key); known != by_name_.end()) {
        ++entries_[index_of(known->second)].members;
        return known->second;
    }
    ShareId id{};
    if (vacant_.empty()) {
        id = ShareId{static_cast<std::uint32_t>(entries_.size())};
        entries_.emplace_back();
    } else {
        id = vacant_.back();
        vacant_.pop_back();
    }
    entries_[index_of(id)] = Entry{.name = key, .members = 1, .servers = 0, .weight = weight_of(name)};
    by_name_.emplace(std::move(key), id);
    return id;
}

void ShareTable::leave(ShareId id) {
    if (id == nobody) return;
    assert(entries_[index_of(id)].members > 0);
    --entries_[index_of(id)].members;
    recycle(id);
}

void ShareTable::take_server(ShareId id) { ++entries_[index_of(id)].servers; }

void ShareTable::return_server(ShareId id) {
    assert(entries_[index_of(id)].servers > 0);
    --entries_[index_of(id)].servers;
    recycle(id);
}

void ShareTable::recycle(ShareId id) {
    const Entry& entry = entries_[index_of(id)];
    if (id == nobody || entry.members > 0 || entry.servers > 0) return;
    by_name_.erase(entry.name);
    vacant_.push_back(id);
}

int ShareTable::weight_of(std::string_view name) const {
    if (const auto whole = weights_.find(name); whole != weights_.end()) return whole->second;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        if (const auto part = weights_.find(name.substr(begin, end - begin)); part != weights_.end()) return part->second;
        begin = end + 1;
    }
    return 1;
}

void ShareTable::set_weights(const Weights& weights) {
    if (weights == weights_) return;
    weights_ = weights;
    for (const auto& [name, id] : by_name_) entries_[index_of(id)].weight = weight_of(name);
}

}  // namespace pgweir::proxy
