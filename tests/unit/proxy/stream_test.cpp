#include "proxy/net/stream.hpp"

#include "proxy/net/tls_context.hpp"
#include "tests/unit/proxy/tls_pair.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <string>

namespace protocol = pgweir::protocol;
namespace proxy = pgweir::proxy;
namespace test = pgweir::test;
using proxy::net::IoResult;
using proxy::net::IoStatus;
using proxy::net::Stream;
using test::SocketPair;

namespace {

struct Read {
    IoStatus status;
    std::string text;
};

Read read(Stream& stream, std::size_t room) {
    std::vector<std::byte> buffer(room);
    const IoResult got = stream.read(buffer);
    return {got.status, std::string(protocol::as_text(protocol::Bytes(buffer).first(got.size)))};
}

std::string pattern(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
}

// A pair whose TLS handshake is done.
struct TlsPair {
    TlsPair() : context(std::get<proxy::net::ServerTls>(proxy::net::make_server_tls(files.options())).context) {
        std::signal(SIGPIPE, SIG_IGN);   // as the daemon does
        REQUIRE(sockets.ours.start_tls(*context) == IoStatus::ok);
        REQUIRE(test::shake_hands(sockets.ours, client) == IoStatus::ok);
    }

    test::CertificateFiles files;
    std::shared_ptr<SSL_CTX> context;
    SocketPair sockets;
    test::TlsClient client{sockets.peer};
};

// Writes all of `text`, letting the client read whenever the kernel takes no more.
std::string pump(Stream& stream, test::TlsClient& client, const std::string& text) {
    protocol::Bytes rest = protocol::as_bytes(text);
    std::string received;
    while (!rest.empty()) {
        const IoResult put = stream.write(rest);
        REQUIRE((put.status == IoStatus::ok || put.status == IoStatus::drained));
        rest = rest.subspan(put.size);
        for (std::string part = client.read(); !part.empty(); part = client.read()) received += part;
    }
    return received;
}

}  // namespace

TEST_CASE("stream: a short read says that the kernel is drained", "[net]") {
    SocketPair pair;
    pair.send("hello");
    const Read got = read(pair.ours, 100);
    CHECK(got.status == IoStatus::drained);
    CHECK(got.text == "hello");
}

TEST_CASE("stream: a read that fills the buffer says that more may follow", "[net]") {
    SocketPair pair;
    pair.send("hello");
    const Read first = read(pair.ours, 3);
    CHECK(first.status == IoStatus::ok);
    CHECK(first.text == "hel");
    const Read second = read(pair.ours, 3);
    CHECK(second.status == IoStatus::drained);
    CHECK(second.text == "lo");
}

TEST_CASE("stream: a read of nothing is drained with no bytes", "[net]") {
    SocketPair pair;
    const Read got = read(pair.ours, 10);
    CHECK(got.status == IoStatus::drained);
    CHECK(got.text.empty());
}

TEST_CASE("stream: data before the end is told first, then the end", "[net]") {
    SocketPair pair;
    pair.send("last words");
    pair.close_peer();
    CHECK(read(pair.ours, 100).text == "last words");
    CHECK(read(pair.ours, 100).status == IoStatus::closed);
}

TEST_CASE("stream: a write takes the prefix that the kernel takes", "[net]") {
    SocketPair pair;
    const std::string text = pattern(4 * 1024 * 1024);
    const IoResult put = pair.ours.write(protocol::as_bytes(text));
    CHECK(put.status == IoStatus::drained);
    CHECK(put.size > 0);
    CHECK(put.size < text.size());
    const IoResult again = pair.ours.write(protocol::as_bytes(text).subspan(put.size));
    CHECK(again.status == IoStatus::drained);
    CHECK(again.size == 0);
}

TEST_CASE("stream: writing to a peer that has gone fails and raises no signal", "[net]") {
    SocketPair pair;
    std::signal(SIGPIPE, SIG_DFL);   // a raised signal would end the test run
    pair.close_peer();
    CHECK(pair.ours.write(protocol::as_bytes("x")).status == IoStatus::failed);
}

TEST_CASE("stream: after shut_down the peer sees the end and can still be read", "[net]") {
    SocketPair pair;
    pair.ours.shut_down();
    std::array<char, 4> buffer{};
    CHECK(::recv(pair.peer, buffer.data(), buffer.size(), 0) == 0);
    pair.send("bye");
    CHECK(read(pair.ours, 10).text == "bye");
}

TEST_CASE("stream: the owner closes, and a moved-from stream owns nothing", "[net]") {
    SocketPair pair;
    {
        Stream taken = std::move(pair.ours);
        CHECK(taken.is_open());
        CHECK_FALSE(pair.ours.is_open());
        pair.ours = std::move(taken);
        CHECK_FALSE(taken.is_open());
    }
    std::array<char, 4> buffer{};
    CHECK(::recv(pair.peer, buffer.data(), buffer.size(), 0) == -1);
    SocketPair other;
    pair.ours = std::move(other.ours);
    CHECK(::recv(pair.peer, buffer.data(), buffer.size(), 0) == 0);
}

TEST_CASE("stream: a released descriptor stays open", "[net]") {
    SocketPair pair;
    const int descriptor = pair.ours.release_descriptor();
    pair.ours.close();
    CHECK(::send(descriptor, "x", 1, MSG_NOSIGNAL) == 1);
    ::close(descriptor);
}

TEST_CASE("stream: TLS reads across records and is drained only when OpenSSL is", "[net]") {
    TlsPair pair;
    const std::string text = pattern(40'000);   // three records
    REQUIRE(pair.client.write(text));
    const Read got = read(pair.sockets.ours, 64 * 1024);
    CHECK(got.status == IoStatus::drained);
    CHECK(got.text == text);
}

TEST_CASE("stream: TLS tells of bytes that wait in OpenSSL", "[net]") {
    TlsPair pair;
    REQUIRE(pair.client.write("hello"));
    CHECK(read(pair.sockets.ours, 2).text == "he");
    CHECK(pair.sockets.ours.has_pending());
    CHECK(read(pair.sockets.ours, 10).text == "llo");
    CHECK_FALSE(pair.sockets.ours.has_pending());
}

TEST_CASE("stream: TLS carries on where a full socket stopped it", "[net]") {
    TlsPair pair;
    const std::string text = pattern(2 * 1024 * 1024);
    CHECK(pump(pair.sockets.ours, pair.client, text) == text);
}

TEST_CASE("stream: TLS tells data first and then the end", "[net]") {
    TlsPair pair;
    REQUIRE(pair.client.write("last words"));
    SECTION("after a close_notify") { pair.client.say_goodbye(); }
    SECTION("after a bare close") { pair.sockets.close_peer(); }
    CHECK(read(pair.sockets.ours, 100).text == "last words");
    CHECK(read(pair.sockets.ours, 100).status == IoStatus::closed);
}

TEST_CASE("stream: TLS shut_down is a close_notify for the peer", "[net]") {
    TlsPair pair;
    pair.sockets.ours.shut_down();
    std::array<char, 4> buffer{};
    const int got = SSL_read(pair.client.ssl(), buffer.data(), static_cast<int>(buffer.size()));
    CHECK(SSL_get_error(pair.client.ssl(), got) == SSL_ERROR_ZERO_RETURN);
}

TEST_CASE("stream: what is not TLS fails the handshake with a reason", "[net]") {
    test::CertificateFiles files;
    const auto context = std::get<proxy::net::ServerTls>(proxy::net::make_server_tls(files.options())).context;
    SocketPair pair;
    REQUIRE(pair.ours.start_tls(*context) == IoStatus::ok);
    CHECK(pair.ours.handshake() == IoStatus::want_read);
    CHECK_FALSE(pair.ours.is_ready());
    pair.send("GET / HTTP/1.1\r\n\r\n");
    CHECK(pair.ours.handshake() == IoStatus::failed);
    CHECK_FALSE(proxy::net::take_tls_error().empty());
}

TEST_CASE("stream: an adopted TLS session goes on over the new owner's socket", "[net]") {
    TlsPair pair;
    Stream taken(pair.sockets.ours.release_descriptor());
    taken.adopt_tls(pair.sockets.ours.release_ssl());
    REQUIRE(taken.is_tls());
    REQUIRE(pair.client.write("hello"));
    CHECK(read(taken, 10).text == "hello");
    CHECK(taken.write(protocol::as_bytes("world")).status == IoStatus::ok);
    CHECK(pair.client.read() == "world");
}
