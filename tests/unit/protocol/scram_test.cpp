#include "protocol/scram.hpp"

#include "protocol/errc.hpp"
#include "tests/support/scram_client.hpp"
#include "tests/support/wire.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace pgweir::test {

using protocol::errc;
using protocol::make_scram_nonce;
using protocol::make_verifier;
using protocol::mock_verifier;
using protocol::parse_verifier;
using protocol::ScramServer;
using protocol::ScramVerifier;
using protocol::Sha256;

namespace {

const std::string plain = "SCRAM-SHA-256";
const std::string plus = "SCRAM-SHA-256-PLUS";
const std::string channel = "the hash\0of a certificate"_w;
const std::string bind_header = "p=tls-server-end-point,,";

// RFC 7677, section 3: user "user", password "pencil".
const std::string rfc_verifier =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
const std::string rfc_server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string rfc_nonce = "rOprNGfwEbeRWgbNEkqO" + rfc_server_nonce;
const std::string rfc_proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

// A server for RFC 7677's user; `endpoint` is empty on a plain connection.
ScramServer server_with(const std::string& endpoint = "") {
    return {parse_verifier(rfc_verifier).value(), {endpoint}, rfc_server_nonce};
}

// How the server takes this client-first-message; success is a zero code.
boost::system::error_code first_error(const std::string& mechanism, const std::string& message,
                                      const std::string& endpoint = "") {
    const auto result = server_with(endpoint).first(mechanism, message);
    return result ? boost::system::error_code() : result.error();
}

// How a server that got an honest first message takes this client-final-message.
boost::system::error_code last_error(const std::string& message) {
    ScramServer server = server_with();
    server.first(plain, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO").value();
    const auto result = server.last(message);
    return result ? boost::system::error_code() : result.error();
}

}  // namespace

TEST_CASE("scram: the example of RFC 7677 comes out to the letter", "[protocol]") {
    ScramServer server = server_with();
    CHECK(server.first(plain, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO").value() ==
          "r=" + rfc_nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const ScramServer::Outcome outcome = server.last("c=biws,r=" + rfc_nonce + ",p=" + rfc_proof).value();
    CHECK(outcome.authenticated);
    CHECK(outcome.server_final == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("scram: a verifier made from a password lets that password in and no other", "[protocol]") {
    const std::string password = GENERATE("pencil", "", "p\xc3\xa4ssword", "a b,c=d");
    const ScramVerifier verifier = make_verifier(password);
    CHECK(verifier.iterations == 4096);
    CHECK(verifier.salt.size() == 16);
    const bool knows = GENERATE(true, false);
    ScramClient client{.password = knows ? password : password + "x"};
    ScramServer server(verifier, {}, make_scram_nonce());
    const ScramServer::Outcome outcome = server.last(client.last(server.first(plain, client.first()).value())).value();
    CHECK(outcome.authenticated == knows);
    CHECK(outcome.server_final == (knows ? "v=" + client.server_signature : ""));
}

TEST_CASE("scram: two verifiers of one password differ", "[protocol]") {
    CHECK(format_verifier(make_verifier("pencil")) != format_verifier(make_verifier("pencil")));
}

TEST_CASE("scram: with channel binding the right channel is accepted", "[protocol]") {
    ScramClient client{.password = "pencil", .gs2_header = bind_header, .binding_data = channel};
    ScramServer server = server_with(channel);
    CHECK(server.last(client.last(server.first(plus, client.first()).value())).value().authenticated);
}

TEST_CASE("scram: binding to another channel is a man in the middle", "[protocol]") {
    ScramClient client{.password = "pencil", .gs2_header = bind_header, .binding_data = "another certificate"};
    ScramServer server = server_with(channel);
    CHECK(server.last(client.last(server.first(plus, client.first()).value())).error() == errc::scram_binding_mismatch);
}

TEST_CASE("scram: a client that cannot bind is welcome on any connection", "[protocol]") {
    const std::string endpoint = GENERATE(as<std::string>(), "", channel);
    ScramClient client{.password = "pencil"};
    ScramServer server = server_with(endpoint);
    CHECK(server.last(client.last(server.first(plain, client.first()).value())).value().authenticated);
}

TEST_CASE("scram: a client that was not offered binding may say so on a plain connection", "[protocol]") {
    ScramClient client{.password = "pencil", .gs2_header = "y,,"};
    ScramServer server = server_with();
    CHECK(server.last(client.last(server.first(plain, client.first()).value())).value().authenticated);
}

TEST_CASE("scram: a client that was offered binding and did not see it is refused", "[protocol]") {
    CHECK(first_error(plain, "y,,n=,r=abc", channel) == errc::scram_binding_mismatch);
}

TEST_CASE("scram: the binding flag must go with the mechanism", "[protocol]") {
    CHECK(first_error(plus, "n,,n=,r=abc", channel) == errc::scram_malformed);
    CHECK(first_error(plus, "y,,n=,r=abc", channel) == errc::scram_malformed);
    CHECK(first_error(plain, "p=tls-server-end-point,,n=,r=abc", channel) == errc::scram_malformed);
    CHECK(first_error(plain, "p=tls-server-end-point,,n=,r=abc") == errc::scram_malformed);
}

TEST_CASE("scram: what we do not offer is unsupported", "[protocol]") {
    CHECK(first_error("SCRAM-SHA-1", "n,,n=,r=abc") == errc::scram_unsupported);
    CHECK(first_error("", "n,,n=,r=abc") == errc::scram_unsupported);
    CHECK(first_error(plus, "p=tls-server-end-point,,n=,r=abc") == errc::scram_unsupported);
    CHECK(first_error(plus, "p=tls-unique,,n=,r=abc", channel) == errc::scram_unsupported);
    CHECK(first_error(plus, "p=tls-server-end-points,,n=,r=abc", channel) == errc::scram_unsupported);
    CHECK(first_error(plus, "p=,,n=,r=abc", channel) == errc::scram_unsupported);
    CHECK(first_error(plain, "n,a=other,n=,r=abc") == errc::scram_unsupported);
    CHECK(first_error(plain, "n,,m=must,n=,r=abc") == errc::scram_unsupported);
}

TEST_CASE("scram: a first message that breaks the grammar is refused", "[protocol]") {
    const std::string message =
        GENERATE(""_w, "n"_w, "n,"_w, "n,,"_w, "x,,n=,r=abc"_w, "nn,,n=,r=abc"_w, ",,n=,r=abc"_w, "n,x,n=,r=abc"_w,
                 "n,,r=abc"_w, "n,,n=user"_w, "n,,n=user,"_w, "n,,n=user,r"_w, "n,,n=user,r="_w, "n,,n=user,r=,x=y"_w,
                 "n,,n=user,r=a b"_w, "n,,n=user,r=a\x7f"_w, "n,,n=user,r=\xc3\xa4"_w, "n,,n=user,r=abc,1=x"_w,
                 "n,,n=user,r=abc,x"_w, "n,,n=user,r=abc,,"_w, "n,,user,r=abc"_w, "n,,n=us\0r,r=abc"_w,
                 "n,,n=user,r=abc\0"_w, "n=user,r=abc"_w, "p,,n=,r=abc"_w);
    CHECK(first_error(plain, message) == errc::scram_malformed);
}

TEST_CASE("scram: the name in a first message is ignored and optional extensions pass", "[protocol]") {
    const std::string message =
        GENERATE("n,,n=,r=abc", "n,,n=somebody=2Celse,r=abc", "n,,n=u,r=abc,x=y,Z=", "n,,n=u,r=!~");
    CHECK_FALSE(first_error(plain, message));
}

TEST_CASE("scram: a final message that breaks the grammar is refused", "[protocol]") {
    const std::string message = GENERATE_COPY(
        as<std::string>(), "", "c=biws", "c=biws,r=" + rfc_nonce, "c=biws,r=" + rfc_nonce + ",x=y",
        "r=" + rfc_nonce + ",c=biws,p=" + rfc_proof,                         // the wrong order
        "c=biws,r=" + rfc_nonce + ",p=" + rfc_proof + ",x=y",                // something behind the proof
        "c=biws,r=" + rfc_nonce + ",p=",                                     // an empty proof
        "c=biws,r=" + rfc_nonce + ",p=" + rfc_proof.substr(0, 40),           // a short one
        "c=biws,r=" + rfc_nonce + ",p=" + rfc_proof + "AAAA",                // a long one
        "c=biws,r=" + rfc_nonce + ",p= " + rfc_proof.substr(1),              // not base64
        "c=eSws,r=" + rfc_nonce + ",p=" + rfc_proof,                         // another flag than at first
        "c=,r=" + rfc_nonce + ",p=" + rfc_proof,
        "c=biws,r=" + rfc_nonce + ",p=" + rfc_proof + "\0"_w);
    CHECK(last_error(message) == errc::scram_malformed);
}

TEST_CASE("scram: a nonce other than the whole one sent is refused", "[protocol]") {
    const std::string nonce = GENERATE_COPY(as<std::string>(), "", "rOprNGfwEbeRWgbNEkqO", rfc_server_nonce,
                                            rfc_nonce + "x", rfc_nonce.substr(0, rfc_nonce.size() - 1));
    CHECK(last_error("c=biws,r=" + nonce + ",p=" + rfc_proof) == errc::scram_nonce_mismatch);
}

TEST_CASE("scram: the proof covers extensions of the final message", "[protocol]") {
    ScramClient client{.password = "pencil", .extensions = ",x=y,z="};
    ScramServer server = server_with();
    const std::string honest = client.last(server.first(plain, client.first()).value());
    ScramServer other = server;
    CHECK(server.last(honest).value().authenticated);
    std::string changed = honest;
    changed.replace(changed.find("x=y"), 3, "x=z");
    CHECK_FALSE(other.last(changed).value().authenticated);
}

TEST_CASE("scram: no bit of the proof may be wrong", "[protocol]") {
    ScramServer server = server_with();
    server.first(plain, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO").value();
    const std::string proof = unbase64(rfc_proof);
    for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
        std::string wrong = proof;
        wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(server.last("c=biws,r=" + rfc_nonce + ",p=" + base64(wrong)).value().authenticated);
    }
}

TEST_CASE("scram: messages out of turn are refused", "[protocol]") {
    ScramServer server = server_with();
    CHECK(server.last("c=biws,r=" + rfc_server_nonce + ",p=" + rfc_proof).error() == errc::scram_malformed);
    REQUIRE(server.first(plain, "n,,n=,r=abc").has_value());
    CHECK(server.first(plain, "n,,n=,r=abc").error() == errc::scram_malformed);
}

TEST_CASE("scram verifier: PostgreSQL's form is read and written unchanged", "[protocol]") {
    const ScramVerifier verifier = parse_verifier(rfc_verifier).value();
    CHECK(verifier.iterations == 4096);
    CHECK(verifier.salt.size() == 16);
    CHECK(format_verifier(verifier) == rfc_verifier);
    const std::string made = format_verifier(make_verifier("pencil"));
    CHECK(format_verifier(parse_verifier(made).value()) == made);
}

TEST_CASE("scram verifier: anything else is refused", "[protocol]") {
    const std::string salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const std::string key = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=";
    const std::string keys = key + ":" + key;
    const std::string text = GENERATE_COPY(
        as<std::string>(), "", "pencil", "md5d41d8cd98f00b204e9800998ecf8427e", "SCRAM-SHA-256", "SCRAM-SHA-256$",
        "SCRAM-SHA-256$4096:" + salt, "SCRAM-SHA-256$4096:" + salt + "$" + key, "SCRAM-SHA-256$4096$" + keys,
        "SCRAM-SHA-1$4096:" + salt + "$" + keys, "scram-sha-256$4096:" + salt + "$" + keys,
        "SCRAM-SHA-256$:" + salt + "$" + keys, "SCRAM-SHA-256$0:" + salt + "$" + keys,
        "SCRAM-SHA-256$-1:" + salt + "$" + keys, "SCRAM-SHA-256$ 1:" + salt + "$" + keys,
        "SCRAM-SHA-256$4096x:" + salt + "$" + keys, "SCRAM-SHA-256$10000001:" + salt + "$" + keys,
        "SCRAM-SHA-256$99999999999:" + salt + "$" + keys, "SCRAM-SHA-256$4096:$" + keys,
        "SCRAM-SHA-256$4096:" + std::string(1368, 'A') + "$" + keys,   // a salt of 1026 bytes
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=$" + keys,          // padding missing
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gR==$" + keys,         // bits that do not count
        "SCRAM-SHA-256$4096:W2=ZaJ0SNY7soEsUEjb6gQ==$" + keys,         // padding inside
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7s_EsUEjb6gQ==$" + keys,         // another alphabet
        "SCRAM-SHA-256$4096: W22ZaJ0SNY7soEsUEjb6gQ=$" + keys, "SCRAM-SHA-256$4096:" + salt + "$" + keys + "\n",
        "SCRAM-SHA-256$4096:" + salt + "$" + keys + ":", "SCRAM-SHA-256$4096:" + salt + "$" + salt + ":" + key,
        "SCRAM-SHA-256$4096:" + salt + "$" + key + ":" + salt, "SCRAM-SHA-256$4096:" + salt + "$" + keys + "$");
    CAPTURE(text);
    CHECK(parse_verifier(text).error() == errc::verifier_malformed);
}

TEST_CASE("scram verifier: iterations and salt may be as large as the bounds", "[protocol]") {
    const std::string keys = rfc_verifier.substr(rfc_verifier.rfind('$'));
    CHECK(parse_verifier("SCRAM-SHA-256$10000000:" + base64(std::string(1024, 's')) + keys).has_value());
    CHECK(parse_verifier("SCRAM-SHA-256$1:" + base64("s") + keys).has_value());
}

TEST_CASE("scram mock verifier: it is the same for one user, unlike for two, and depends on the secret", "[protocol]") {
    const Sha256 secret{1, 2, 3};
    const Sha256 other{1, 2, 4};
    const ScramVerifier one = mock_verifier("nobody", secret);
    CHECK(format_verifier(one) == format_verifier(mock_verifier("nobody", secret)));
    CHECK(one.salt != mock_verifier("somebody", secret).salt);
    CHECK(one.salt != mock_verifier("nobody", other).salt);
    CHECK(one.stored_key != one.server_key);
}

TEST_CASE("scram mock verifier: it looks like a real one and lets nobody in", "[protocol]") {
    const ScramVerifier mock = mock_verifier("nobody", Sha256{7});
    const ScramVerifier real = make_verifier("pencil");
    CHECK(mock.iterations == real.iterations);
    CHECK(mock.salt.size() == real.salt.size());
    const std::string password = GENERATE("", "nobody", "pencil");
    ScramClient client{.password = password};
    ScramServer server(mock, {}, make_scram_nonce());
    CHECK_FALSE(server.last(client.last(server.first(plain, client.first()).value())).value().authenticated);
}

TEST_CASE("scram nonce: it is 24 printable characters, new each time", "[protocol]") {
    const std::string nonce = make_scram_nonce();
    CHECK(nonce.size() == 24);
    CHECK(std::ranges::all_of(nonce, [](char c) { return c > ' ' && c <= '~' && c != ','; }));
    CHECK(nonce != make_scram_nonce());
}

}  // namespace pgweir::test
