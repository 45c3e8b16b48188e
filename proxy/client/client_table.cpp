#include "proxy/client/client_table.hpp"

#include <utility>

namespace pgweir::proxy {

Client& ClientTable::insert() {
    if (vacant_.empty()) {
        vacant_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t index = vacant_.back();
    vacant_.pop_back();
    Slot& slot = slots_[index];
    slot.client = std::make_unique<Client>();
    slot.client->id = ClientId{thread_, index, ++slot.round};
    ++size_;
    return *slot.client;
}

Client* ClientTable::find(const ClientId& id) {
    if (id.slot >= slots_.size()) return nullptr;
    const Slot& slot = slots_[id.slot];
    return slot.client && slot.round == id.round ? slot.client.get() : nullptr;
}

void ClientTable::erase(Client& client) {
    Slot& slot = slots_[client.id.slot];
    client.phase = ClientPhase::gone;
    vacant_.push_back(client.id.slot);
    erased_.push_back(std::move(slot.client));
    --size_;
}

void ClientTable::sweep() { erased_.clear(); }

}  // namespace pgweir::proxy
