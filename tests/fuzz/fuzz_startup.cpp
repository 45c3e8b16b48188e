// Whatever a client sends first: decoding stays inside the packet and is never ambiguous.
#include "protocol/errc.hpp"
#include "protocol/startup.hpp"
#include "tests/fuzz/require.hpp"

#include <string>
#include <variant>

using pgweir::test::require;

namespace protocol = pgweir::protocol;

namespace {

// The size a packet must have for what was read from it, so that no byte went unread.
std::size_t size_of(const protocol::StartupPacket& packet) {
    if (const auto* cancel = std::get_if<protocol::CancelRequest>(&packet)) {
        require(!cancel->secret.empty() && cancel->secret.size() <= protocol::max_cancel_secret_size);
        return 12 + cancel->secret.size();
    }
    const auto* message = std::get_if<protocol::StartupMessage>(&packet);
    if (message == nullptr) {
        return 8;
    }
    std::size_t size = 9;
    for (const auto& [name, value] : message->parameters) {
        require(!name.empty() && !name.starts_with("_pq_."));
        size += name.size() + value.size() + 2;
    }
    // The values of protocol options are not kept.
    return message->protocol_options.empty() ? size : 0;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const protocol::Bytes packet = pgweir::test::fuzz_bytes(data, size);
    const auto decoded = protocol::decode_startup(packet);
    const std::string version = protocol::unsupported_version_of(packet);
    if (!decoded) {
        require(decoded.error() != protocol::errc::unsupported_protocol_version || !version.starts_with("3."));
        return 0;
    }
    const std::size_t expected = size_of(*decoded);
    require(expected == 0 || expected == size);
    return 0;
}
