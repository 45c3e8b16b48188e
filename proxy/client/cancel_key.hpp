// The keys by which clients ask for a cancel, and whom each belongs to. Shared by all
// threads.
#pragma once

#include "protocol/bytes.hpp"
#include "proxy/core/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace pgweir::proxy {

// BackendKeyData of one client. `pid` is made up; it is unique among live clients and never 0.
struct CancelKey {
    std::int32_t pid = 0;
    std::array<std::byte, 32> secret{};
    std::uint8_t secret_size = 0;   // 4 up to protocol 3.1, 32 from 3.2 on

    protocol::Bytes secret_bytes() const { return protocol::Bytes(secret).first(secret_size); }
};

// Never logs or prints a key.
class CancelKeys {
public:
    // Makes a fresh random key for a client that speaks protocol 3.<minor_version>.
    CancelKey make(std::int32_t minor_version);

    // From now on a cancel with this key means that client.
    void bind(const CancelKey& key, ClientId client);

    // Forgets the key. Does nothing when it was never bound.
    void forget(const CancelKey& key);

    // Whom a CancelRequest means; nullopt when the key fits nobody. Compares in constant time.
    std::optional<ClientId> find(std::int32_t pid, protocol::Bytes secret) const;

private:
    struct Entry {
        CancelKey key;
        std::optional<ClientId> client;   // none between make and bind
    };

    mutable std::mutex mutex_;
    std::unordered_map<std::int32_t, Entry> entries_;
};

}  // namespace pgweir::proxy
