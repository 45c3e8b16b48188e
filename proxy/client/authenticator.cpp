#include "proxy/client/authenticator.hpp"

#include "protocol/backend.hpp"
#include "protocol/frame.hpp"
#include "protocol/frontend.hpp"

#include <array>
#include <span>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;

namespace {

asio::awaitable<LoginStep<std::vector<std::byte>>> read_sasl_message(LoginChannel& channel) {
    std::array<std::byte, protocol::frame_header_size> head{};
    const ChannelStatus head_read = co_await channel.read(head);
    if (head_read != ChannelStatus::ok) co_return login_end::channel(head_read);
    const protocol::HeaderResult header = protocol::read_header(head);
    if (header.status != protocol::HeaderStatus::complete || header.header.body_size > max_sasl_message)
        co_return login_end::message_too_long();
    if (header.header.type != static_cast<char>(protocol::FrontendType::password))
        co_return login_end::unexpected_message(header.header.type);
    std::vector<std::byte> body(header.header.body_size);
    const ChannelStatus body_read = co_await channel.read(body);
    if (body_read != ChannelStatus::ok) co_return login_end::channel(body_read);
    co_return body;
}

asio::awaitable<ChannelStatus> flush(LoginChannel& channel, std::vector<std::byte>& out) {
    const ChannelStatus written = co_await channel.write(out);
    out.clear();
    co_return written;
}

void write_mechanisms(std::vector<std::byte>& out, const protocol::ScramBinding& binding) {
    constexpr std::array<std::string_view, 2> mechanisms = {protocol::scram_sha_256_plus, protocol::scram_sha_256};
    const std::span<const std::string_view> all(mechanisms);
    protocol::write_authentication_sasl(out, binding.endpoint.empty() ? all.last(1) : all);
}

// What the client's first message is answered with.
LoginStep<std::string> challenge(protocol::ScramServer& scram, protocol::Bytes body) {
    const auto initial = protocol::decode_sasl_initial_response(body);
    if (!initial) return login_end::scram(initial.error());
    auto answer = scram.first(initial->mechanism, initial->data);
    if (!answer) return login_end::scram(answer.error());
    return *std::move(answer);
}

}  // namespace

asio::awaitable<LoginStep<void>> authenticate(LoginChannel& channel, std::vector<std::byte>& out,
                                              Credentials credentials) {
    write_mechanisms(out, credentials.binding);
    protocol::ScramServer scram(std::move(credentials.verifier), std::move(credentials.binding),
                                protocol::make_scram_nonce());
    const ChannelStatus asked = co_await flush(channel, out);
    if (asked != ChannelStatus::ok) co_return login_end::channel(asked);

    LoginStep<std::vector<std::byte>> first = co_await read_sasl_message(channel);
    if (!first) co_return first.error();
    LoginStep<std::string> answer = challenge(scram, *first);
    if (!answer) co_return answer.error();
    protocol::write_authentication_sasl_continue(out, *answer);
    const ChannelStatus challenged = co_await flush(channel, out);
    if (challenged != ChannelStatus::ok) co_return login_end::channel(challenged);

    LoginStep<std::vector<std::byte>> last = co_await read_sasl_message(channel);
    if (!last) co_return last.error();
    const auto outcome = scram.last(protocol::as_text(*last));
    if (!outcome) co_return login_end::scram(outcome.error());
    if (!outcome->authenticated || !credentials.is_known) co_return login_end::wrong_password(credentials.user);
    protocol::write_authentication_sasl_final(out, outcome->server_final);
    co_return LoginStep<void>();
}

}  // namespace pgweir::proxy
