#include "proxy/client/cancel_key.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <span>
#include <stdexcept>

namespace pgweir::proxy {

namespace {

// The first minor version whose clients understand secrets of other lengths than four.
constexpr std::int32_t long_secret_minor_version = 2;
constexpr std::uint8_t short_secret_size = 4;

void fill_random(std::span<std::byte> out) {
    const auto raw = static_cast<unsigned char*>(static_cast<void*>(out.data()));
    if (RAND_bytes(raw, static_cast<int>(out.size())) != 1) {
        throw std::runtime_error("OpenSSL has no random bytes to give");
    }
}

// Positive, as a process id is, but no process has one so large (Linux: PID_MAX_LIMIT is
// 2^22): a client that hands it to pg_cancel_backend hits nobody.
std::int32_t random_pid() {
    std::array<std::byte, 4> raw{};
    fill_random(raw);
    raw[0] = (raw[0] & std::byte{0x3f}) | std::byte{0x40};
    return protocol::load_i32(raw);
}

// In a time that does not depend on where the two differ.
bool same_secret(protocol::Bytes left, protocol::Bytes right) {
    return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

CancelKey CancelKeys::make(std::int32_t minor_version) {
    CancelKey key;
    key.secret_size = minor_version >= long_secret_minor_version ? std::uint8_t{key.secret.size()} : short_secret_size;
    fill_random(std::span(key.secret).first(key.secret_size));
    const std::lock_guard lock(mutex_);
    // The entry keeps the pid from being given to a second client before this one is bound.
    do {
        key.pid = random_pid();
    } while (!entries_.try_emplace(key.pid, Entry{key, std::nullopt}).second);
    return key;
}

void CancelKeys::bind(const CancelKey& key, ClientId client) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key.pid);
    assert(found != entries_.end() && same_secret(found->second.key.secret_bytes(), key.secret_bytes()));
    if (found != entries_.end()) {
        found->second.client = client;
    }
}

void CancelKeys::forget(const CancelKey& key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key.pid);
    // The pid may have gone to another client since this key was forgotten before.
    if (found != entries_.end() && same_secret(found->second.key.secret_bytes(), key.secret_bytes())) {
        entries_.erase(found);
    }
}

std::optional<ClientId> CancelKeys::find(std::int32_t pid, protocol::Bytes secret) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(pid);
    if (found == entries_.end() || !same_secret(found->second.key.secret_bytes(), secret)) {
        return std::nullopt;
    }
    return found->second.client;
}

}  // namespace pgweir::proxy
