// How many servers each of a pool's users, or flows, holds. Entries are found by name, counted by
// those who belong to them and by the servers they hold, and recycled when both are none, so that
// the table is no larger than the number of clients. Every operation is O(1), but for set_weights.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pgweir::proxy {

// One entry of a ShareTable. Valid while somebody belongs to it or it holds a server.
enum class ShareId : std::uint32_t {};

constexpr std::size_t index_of(ShareId id) { return static_cast<std::size_t>(id); }

// By name; a name that is not there has the weight 1.
using Weights = std::map<std::string, int, std::less<>>;

class ShareTable {
public:
    // The entry of nobody in particular; always there.
    static constexpr ShareId nobody{0};

    ShareTable();

    ShareId join(std::string_view name);
    void leave(ShareId id);

    void take_server(ShareId id);
    void return_server(ShareId id);

    int servers(ShareId id) const { return entries_[index_of(id)].servers; }
    int weight(ShareId id) const { return entries_[index_of(id)].weight; }
    std::uint32_t members(ShareId id) const { return entries_[index_of(id)].members; }
    // Lifetime: until the next change.
    const std::string& name(ShareId id) const { return entries_[index_of(id)].name; }
    // Entries with a member or a server, apart from nobody's.
    std::size_t size() const { return by_name_.size(); }
    // Ids are below it.
    std::size_t places() const { return entries_.size(); }

    // A name's own weight, or else that of the first of its parts (between slashes) that has one.
    void set_weights(const Weights& weights);

private:
    struct Entry {
        std::string name;
        std::uint32_t members = 0;
        int servers = 0;
        int weight = 1;
    };

    int weight_of(std::string_view name) const;
    void recycle(ShareId id);

    std::vector<Entry> entries_;
    std::unordered_map<std::string, ShareId> by_name_;
    std::vector<ShareId> vacant_;
    Weights weights_;
};

}  // namespace pgweir::proxy
