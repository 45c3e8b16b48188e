// What the kernel does not take is kept, in no more memory than it needs.
#include "proxy/net/out_buffer.hpp"

#include "tests/unit/proxy/tls_pair.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

#include <sys/socket.h>

namespace protocol = pgweir::protocol;
namespace test = pgweir::test;
using pgweir::proxy::net::OutBuffer;

namespace {

// Reads everything that `out` still has.
std::size_t take_all(OutBuffer& out, test::SocketPair& sockets) {
    std::array<char, 65536> buffer{};
    std::size_t taken = 0;
    while (true) {
        const ssize_t got = ::recv(sockets.peer, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got <= 0 && out.empty()) return taken;
        if (got > 0) taken += static_cast<std::size_t>(got);
        REQUIRE(out.flush(sockets.ours));
    }
}

}  // namespace

TEST_CASE("out buffer: it takes no memory while the kernel takes everything", "[proxy]") {
    test::SocketPair sockets;
    OutBuffer out;
    CHECK(out.write(sockets.ours, protocol::as_bytes("hello")));
    CHECK(out.empty());
    CHECK(out.memory() == 0);
}

TEST_CASE("out buffer: a backlog takes about what is in it, and nothing when it is gone", "[proxy]") {
    test::SocketPair sockets;
    OutBuffer out;
    const std::string block(100'000, 'x');
    std::size_t written = 0;
    while (out.size() < 400'000) {
        REQUIRE(out.write(sockets.ours, protocol::as_bytes(block)));
        written += block.size();
    }
    CHECK(out.memory() >= out.size());
    CHECK(out.memory() <= out.size() + 2 * block.size());
    CHECK(take_all(out, sockets) == written);
    CHECK(out.memory() == 0);
}
