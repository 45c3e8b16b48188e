#include "proxy/core/description_hash.hpp"

namespace pgweir::proxy {
namespace {

// FNV-1a, 64 bits.
constexpr std::uint64_t offset_basis = 0xcbf29ce484222325;
constexpr std::uint64_t prime = 0x100000001b3;

std::uint64_t add(std::uint64_t hash, protocol::Bytes bytes) {
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * prime;
    return hash;
}

std::uint64_t add_columns(std::uint64_t hash, protocol::Bytes body) {
    constexpr std::size_t origin_size = 6;   // table and number of the column
    constexpr std::size_t type_size = 10;    // type, its size, its modifier
    constexpr std::size_t format_size = 2;
    protocol::Reader reader(body);
    for (int columns = reader.i16(); columns > 0 && reader.ok(); --columns) {
        hash = add(hash, protocol::as_bytes(reader.cstring()));
        reader.bytes(origin_size);
        hash = add(hash, reader.bytes(type_size));
        reader.bytes(format_size);
    }
    return hash;
}

}  // namespace

std::uint64_t add_description(std::uint64_t before, protocol::BackendType type, protocol::Bytes body) {
    if (type == protocol::BackendType::parameter_description) return add(offset_basis, body) | 1U;
    const std::uint64_t hash = add(before, protocol::as_bytes(type == protocol::BackendType::no_data ? "n" : "T"));
    return add_columns(hash, body) | 1U;
}

}  // namespace pgweir::proxy
