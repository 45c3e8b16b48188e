#include "proxy/net/tls_context.hpp"

#include "tests/unit/proxy/tls_pair.hpp"

#include <catch2/catch.hpp>

#include <ctime>
#include <memory>

namespace config = pgweir::config;
namespace proxy = pgweir::proxy;
namespace test = pgweir::test;
using Catch::Matchers::Contains;
using proxy::net::IoStatus;
using proxy::net::make_server_tls;
using proxy::net::ServerTls;
using proxy::net::TlsError;

namespace {

config::HttpTlsOptions http_options(const test::CertificateFiles& files) {
    const config::TlsOptions options = files.options();
    return {.certificate = options.certificate, .private_key = options.private_key};
}

IoStatus handshake_with(const std::string& alpn, bool& has_alpn, bool is_http = false) {
    const test::CertificateFiles files;
    const auto made = is_http ? proxy::net::make_http_tls(http_options(files)) : make_server_tls(files.options());
    const auto context = std::get<ServerTls>(made).context;
    test::SocketPair pair;
    test::TlsClient client(pair.peer, alpn);
    pair.ours.start_tls(*context);
    const IoStatus status = test::shake_hands(pair.ours, client);
    has_alpn = proxy::net::has_negotiated_alpn(pair.ours);
    return status;
}

std::string error_of(const config::TlsOptions& options) {
    const auto made = make_server_tls(options);
    REQUIRE(std::holds_alternative<TlsError>(made));
    return std::get<TlsError>(made).text;
}

}  // namespace

TEST_CASE("tls context: the endpoint binding is the SHA-256 of the certificate", "[net]") {
    const test::CertificateFiles files;
    const ServerTls made = std::get<ServerTls>(make_server_tls(files.options()));
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    REQUIRE(X509_digest(SSL_CTX_get0_certificate(made.context.get()), EVP_sha256(), digest.data(), &size) == 1);
    CHECK(made.endpoint_binding == std::string(digest.begin(), digest.end()));
}

TEST_CASE("tls context: it says when its certificate ends", "[net]") {
    const test::CertificateFiles files;
    const ServerTls made = std::get<ServerTls>(make_server_tls(files.options()));
    const X509* certificate = SSL_CTX_get0_certificate(made.context.get());
    // A second before it is still valid, a second after it is not.
    std::time_t before = static_cast<std::time_t>(made.expires_at) - 1;
    std::time_t after = static_cast<std::time_t>(made.expires_at) + 1;
    CHECK(X509_cmp_time(X509_get0_notAfter(certificate), &before) > 0);
    CHECK(X509_cmp_time(X509_get0_notAfter(certificate), &after) < 0);
}

TEST_CASE("tls context: ALPN is taken when it is ours, and may be left out", "[net]") {
    bool has_alpn = false;
    SECTION("ours among others") {
        CHECK(handshake_with("\x02h2\x0apostgresql", has_alpn) == IoStatus::ok);
        CHECK(has_alpn);
    }
    SECTION("none offered") {
        CHECK(handshake_with("", has_alpn) == IoStatus::ok);
        CHECK_FALSE(has_alpn);
    }
    SECTION("only others") {
        CHECK(handshake_with("\x02h2\x08http/1.1", has_alpn) == IoStatus::failed);
        CHECK_FALSE(has_alpn);
    }
    SECTION("a name that only begins like ours") {
        CHECK(handshake_with("\x0bpostgresql2", has_alpn) == IoStatus::failed);
    }
}

TEST_CASE("tls context: HTTP takes its own ALPN, and whoever offers another", "[net]") {
    bool has_alpn = false;
    CHECK(handshake_with("\x02h2\x08http/1.1", has_alpn, true) == IoStatus::ok);
    CHECK(has_alpn);
    CHECK(handshake_with("\x0apostgresql", has_alpn, true) == IoStatus::ok);
    CHECK_FALSE(has_alpn);
    CHECK(handshake_with("", has_alpn, true) == IoStatus::ok);
    CHECK_FALSE(has_alpn);
}

TEST_CASE("tls context: errors of HTTP's pair name its options", "[net]") {
    const test::CertificateFiles files;
    const test::CertificateFiles others;
    config::HttpTlsOptions options = http_options(files);
    options.private_key = others.options().private_key;
    CHECK_THAT(std::get<TlsError>(proxy::net::make_http_tls(options)).text, Contains("http.tls.private_key: " + options.private_key + ": is not the key"));
    options.certificate += ".missing";
    CHECK_THAT(std::get<TlsError>(proxy::net::make_http_tls(options)).text, Contains("http.tls.certificate: " + options.certificate + ": "));
}

TEST_CASE("tls context: errors name the option and the file", "[net]") {
    const test::CertificateFiles files;
    const test::CertificateFiles others;
    config::TlsOptions options = files.options();
    SECTION("a certificate that is not there") {
        options.certificate += ".missing";
        CHECK_THAT(error_of(options), Contains("tls.certificate: " + options.certificate + ": "));
    }
    SECTION("a key that is not there") {
        options.private_key += ".missing";
        CHECK_THAT(error_of(options), Contains("tls.private_key: " + options.private_key + ": "));
    }
    SECTION("the key of another certificate") {
        options.private_key = others.options().private_key;
        CHECK_THAT(error_of(options), Contains("is not the key of the certificate"));
    }
    SECTION("a client CA that is no certificate") {
        options.client_ca = options.private_key;
        CHECK_THAT(error_of(options), Contains("tls.client_ca: " + options.client_ca + ": "));
    }
}

TEST_CASE("tls context: with a client CA a client without a certificate is not let in", "[net]") {
    const test::CertificateFiles files;
    config::TlsOptions options = files.options();
    options.client_ca = options.certificate;
    const auto context = std::get<ServerTls>(make_server_tls(options)).context;
    test::SocketPair pair;
    test::TlsClient client(pair.peer);
    pair.ours.start_tls(*context);
    CHECK(test::shake_hands(pair.ours, client) == IoStatus::failed);
}

TEST_CASE("tls context: the certificate's last second is told", "[net]") {
    const test::CertificateFiles files;
    const ServerTls made = std::get<ServerTls>(make_server_tls(files.options()));
    int days = 0;
    int seconds = 0;
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> told(
        ASN1_TIME_set(nullptr, static_cast<std::time_t>(made.expires_at)), ASN1_TIME_free);
    REQUIRE(ASN1_TIME_diff(&days, &seconds, told.get(), X509_get0_notAfter(SSL_CTX_get0_certificate(made.context.get()))) == 1);
    CHECK(days == 0);
    CHECK(seconds == 0);
}
