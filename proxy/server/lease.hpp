// The right of one client to one server until it is given back. Its end gives the
// server back dirty; giving it back clean is an explicit act. Move-only.
#pragma once

#include "proxy/server/server_keeper.hpp"

#include <utility>

namespace pgweir::proxy {

class [[nodiscard]] Lease {
public:
    Lease() = default;
    Lease(ServerConnection& server, ServerKeeper& keeper) : server_(&server), keeper_(&keeper) {}
    Lease(Lease&& other) noexcept : server_(std::exchange(other.server_, nullptr)), keeper_(other.keeper_) {}
    Lease& operator=(Lease&& other) noexcept {
        if (this != &other) {
            give_back_dirty();
            server_ = std::exchange(other.server_, nullptr);
            keeper_ = other.keeper_;
        }
        return *this;
    }
    ~Lease() { give_back_dirty(); }

    explicit operator bool() const { return server_ != nullptr; }
    ServerConnection& operator*() const { return *server_; }
    ServerConnection* operator->() const { return server_; }

    // Requires: nothing is outstanding and no session state was left behind.
    void give_back_clean() {
        if (ServerConnection* server = std::exchange(server_, nullptr)) keeper_->take_back_clean(*server);
    }

    // The server cannot be used any more.
    void give_up(std::string_view why) {
        if (ServerConnection* server = std::exchange(server_, nullptr)) keeper_->close(*server, why);
    }

    void give_back_dirty() {
        if (ServerConnection* server = std::exchange(server_, nullptr)) keeper_->take_back_dirty(*server);
    }

private:
    ServerConnection* server_ = nullptr;
    ServerKeeper* keeper_ = nullptr;
};

}  // namespace pgweir::proxy
