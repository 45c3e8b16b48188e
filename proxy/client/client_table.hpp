// The clients of one relay thread, by slot. A client that has gone keeps its memory
// until the batch of events it went in has ended, because an event in that batch may
// still point to it.
#pragma once

#include "proxy/client/client.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pgweir::proxy {

class ClientTable {
public:
    explicit ClientTable(ThreadIndex thread) : thread_(thread) {}

    Client& insert();
    // Null when that client has gone.
    Client* find(const ClientId& id);
    // Its memory stays until `sweep`.
    void erase(Client& client);
    // Frees what was erased. Call between batches.
    void sweep();

    std::size_t size() const { return size_; }

    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::size_t i = 0; i < slots_.size(); ++i)
            if (slots_[i].client && slots_[i].client->phase != ClientPhase::gone) visit(*slots_[i].client);
    }

private:
    struct Slot {
        std::unique_ptr<Client> client;
        std::uint32_t round = 0;
    };

    const ThreadIndex thread_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> vacant_;
    std::vector<std::unique_ptr<Client>> erased_;
    std::size_t size_ = 0;
};

}  // namespace pgweir::proxy
