#include "proxy/client/startup_exchange.hpp"

#include "protocol/errc.hpp"
#include "proxy/net/tls_context.hpp"

#include <array>
#include <optional>
#include <span>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
using protocol::errc;

namespace {

// The first byte of a TLS ClientHello. No startup packet begins with it: it would be 352 MB long.
constexpr std::byte tls_handshake_record{0x16};

constexpr std::size_t length_word_size = 4;
constexpr std::size_t min_startup_size = 8;

// Which preambles are still allowed.
struct Preambles {
    bool ssl = true;
    bool gssenc = true;
};

using MaybeEnd = std::optional<LoginEnd>;

LoginEnd undecodable(boost::system::error_code error, protocol::Bytes packet) {
    if (error == errc::unsupported_protocol_version)
        return login_end::unsupported_protocol(protocol::unsupported_version_of(packet));
    return login_end::malformed_startup();
}

asio::awaitable<LoginStep<std::vector<std::byte>>> read_packet(LoginChannel& channel) {
    std::vector<std::byte> packet(length_word_size);
    const ChannelStatus length_read = co_await channel.read(packet);
    if (length_read != ChannelStatus::ok) co_return login_end::channel(length_read);
    const std::int32_t length = protocol::load_i32(packet);
    if (length < static_cast<std::int32_t>(min_startup_size) ||
        length > static_cast<std::int32_t>(protocol::max_startup_size))
        co_return login_end::not_a_startup_packet();
    packet.resize(static_cast<std::size_t>(length));
    const std::span<std::byte> rest = std::span(packet).subspan(length_word_size);
    const ChannelStatus rest_read = co_await channel.read(rest);
    if (rest_read != ChannelStatus::ok) co_return login_end::channel(rest_read);
    co_return packet;
}

asio::awaitable<MaybeEnd> shake_hands(LoginChannel& channel, SSL_CTX& tls, metrics::LoginCells& cells) {
    const ChannelStatus shaken = co_await channel.handshake(tls);
    if (shaken != ChannelStatus::ok) co_return login_end::channel(shaken);
    cells.tls_handshakes.add();
    co_return std::nullopt;
}

// Answers SSLRequest or GSSENCRequest with one byte. What the client has sent behind its
// request, before our answer, it has sent in clear: an attacker could have put it there.
asio::awaitable<MaybeEnd> answer(LoginChannel& channel, const char* request, char letter) {
    if (channel.has_unread()) co_return login_end::data_before_encryption(request);
    const std::array<std::byte, 1> reply{static_cast<std::byte>(letter)};
    const ChannelStatus written = co_await channel.write(reply);
    if (written != ChannelStatus::ok) co_return login_end::channel(written);
    co_return std::nullopt;
}

asio::awaitable<MaybeEnd> answer_ssl(LoginChannel& channel, SSL_CTX* tls, metrics::LoginCells& cells) {
    MaybeEnd end = co_await answer(channel, "SSL", tls != nullptr ? 'S' : 'N');
    if (!end && tls != nullptr) end = co_await shake_hands(channel, *tls, cells);
    co_return end;
}

// TLS from the first byte. Nothing has told the client that PostgreSQL's protocol is
// spoken here, so that it must say so itself: without ALPN another protocol's client could be led here.
asio::awaitable<MaybeEnd> start_direct_tls(LoginChannel& channel, SSL_CTX& tls, metrics::LoginCells& cells) {
    MaybeEnd end = co_await shake_hands(channel, tls, cells);
    if (!end && !net::has_negotiated_alpn(channel.stream())) end = login_end::direct_tls_without_alpn();
    co_return end;
}

}  // namespace

asio::awaitable<LoginStep<Opening>> read_opening(LoginChannel& channel, std::shared_ptr<SSL_CTX> tls,
                                                 metrics::LoginCells& cells) {
    std::byte first{};
    const ChannelStatus peeked = co_await channel.peek(first);
    if (peeked != ChannelStatus::ok) co_return login_end::channel(peeked);

    Preambles allowed;
    MaybeEnd end;
    if (tls && first == tls_handshake_record) {
        end = co_await start_direct_tls(channel, *tls, cells);
        allowed = {false, false};
    }
    while (!end) {
        LoginStep<std::vector<std::byte>> packet = co_await read_packet(channel);
        if (!packet) co_return packet.error();
        boost::system::result<protocol::StartupPacket> decoded = protocol::decode_startup(*packet);
        if (!decoded) co_return undecodable(decoded.error(), *packet);

        if (auto* startup = std::get_if<protocol::StartupMessage>(&*decoded)) {
            Opening opening{*std::move(packet), std::move(*startup)};
            co_return opening;
        }
        if (auto* cancel = std::get_if<protocol::CancelRequest>(&*decoded)) {
            Opening opening{*std::move(packet), *cancel};
            co_return opening;
        }
        const bool is_ssl = std::holds_alternative<protocol::SSLRequest>(*decoded);
        bool& may = is_ssl ? allowed.ssl : allowed.gssenc;
        // PostgreSQL then takes the request's code for a version number as well.
        if (!may) co_return login_end::unsupported_protocol(protocol::unsupported_version_of(*packet));
        may = false;
        if (is_ssl && tls) allowed.gssenc = false;
        if (is_ssl)
            end = co_await answer_ssl(channel, tls.get(), cells);
        else
            end = co_await answer(channel, "GSSAPI encryption", 'N');
    }
    co_return *std::move(end);
}

}  // namespace pgweir::proxy
